//! The vendor's own document, where it is at hand.

use super::{faults, fits, workspace};
use provision_api::http::Exchange;
use serde_json::{Map, Value, json};

/// The vendor's `OpenAPI` document.
#[derive(Debug)]
pub(crate) struct Vendors(Value);

impl Vendors {
    /// Reads it from beside the workspace; says so if it is not there.
    pub(crate) fn load() -> Option<Self> {
        let file = workspace().join("../shared/specs/hetzner-cloud.openapi.json");
        let Ok(bytes) = std::fs::read(&file) else {
            println!("skipped: the vendor's schema is not at {}", file.display());
            return None;
        };
        Some(Self(serde_json::from_slice(&bytes).unwrap()))
    }

    /// The path template and the operation of a call.
    fn operation(&self, method: &str, path: &str) -> Option<(&str, &Value)> {
        let paths = self.0["paths"].as_object()?.iter();
        let (template, item) = paths
            .filter(|(_, item)| item.get(method.to_lowercase()).is_some())
            .filter_map(|(template, item)| Some((fits(template, path)?, template, item)))
            .max_by_key(|(literal, _, _)| *literal)
            .map(|(_, template, item)| (template, item))?;
        Some((template, &item[method.to_lowercase()]))
    }

    /// The schema of the answer with that status; `None` if it has no body. An error if the
    /// document does not have the call or the status.
    pub(crate) fn answer(
        &self,
        method: &str,
        path: &str,
        status: u16,
    ) -> Result<Option<Value>, String> {
        let (_, operation) = self
            .operation(method, path)
            .ok_or("the vendor has no such call")?;
        let responses = &operation["responses"];
        let class = format!("{}xx", status / 100);
        let response = [status.to_string(), class]
            .iter()
            .find_map(|status| responses.get(status))
            .ok_or("the vendor has no such status there")?;
        let schema = response.pointer("/content/application~1json/schema");
        Ok(schema.map(|schema| self.whole(schema)))
    }

    /// The schema of the request's body.
    pub(crate) fn request(&self, method: &str, path: &str) -> Option<Value> {
        let (template, operation) = self.operation(method, path)?;
        let mut schema = operation
            .pointer("/requestBody/content/application~1json/schema")?
            .clone();
        if (method, template) == ("POST", "/servers") {
            // the text says ids (`integer`) or names, the type says string; hcloud-go sends ids
            schema["properties"]["ssh_keys"]["items"]["type"] = json!(["integer", "string"]);
        }
        // a field that the vendor does not know is one that we misspelt
        schema["additionalProperties"] = json!(false);
        Some(self.whole(&schema))
    }

    /// A schema by itself, as JSON Schema has it.
    fn whole(&self, schema: &Value) -> Value {
        let mut schema = schema.clone();
        schema["components"] = self.0["components"].clone();
        without_nullable(&mut schema);
        schema
    }

    /// What is wrong with an exchange.
    pub(crate) fn faults(
        &self,
        exchange: &Exchange<'_>,
        request: Option<&Value>,
        response: Option<&Value>,
    ) -> Vec<String> {
        let Exchange {
            method,
            path,
            query,
            status,
            ..
        } = exchange;
        let schema = match self.answer(method, path, *status) {
            Ok(schema) => schema,
            Err(why) => return vec![why],
        };
        let mut wrong = match (schema, response) {
            (Some(schema), Some(response)) => faults(&schema, response),
            (Some(_), None) => vec!["the answer is empty".to_owned()],
            (None, Some(_)) => vec!["the answer is not empty".to_owned()],
            (None, None) => Vec::new(),
        };
        match (self.request(method, path), request) {
            (Some(schema), Some(request)) => {
                wrong.extend(
                    faults(&schema, request)
                        .into_iter()
                        .map(|fault| format!("sent {fault}")),
                );
            }
            (None, Some(_)) => wrong.push("sent a body where none is taken".to_owned()),
            _ => {}
        }
        let known = self.parameters(method, path);
        let unknown = query
            .iter()
            .filter(|(name, _)| !known.contains(&name.as_str()));
        wrong.extend(unknown.map(|(name, _)| format!("sent the unknown parameter {name}")));
        wrong
    }

    fn parameters(&self, method: &str, path: &str) -> Vec<&str> {
        let all = self
            .operation(method, path)
            .and_then(|(_, operation)| operation.get("parameters"));
        let all = all.and_then(Value::as_array).into_iter().flatten();
        all.filter(|parameter| parameter["in"] == "query")
            .filter_map(|parameter| parameter["name"].as_str())
            .collect()
    }
}

/// `OpenAPI` 3.0 says `nullable: true` where JSON Schema says `type: [T, "null"]`. Hetzner's
/// document is 3.1 and has none; others are not.
pub(crate) fn without_nullable(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.remove("nullable") == Some(Value::Bool(true)) {
                add_null(fields);
            }
            fields.values_mut().for_each(without_nullable);
        }
        Value::Array(items) => items.iter_mut().for_each(without_nullable),
        _ => {}
    }
}

fn add_null(fields: &mut Map<String, Value>) {
    if let Some(Value::String(kind)) = fields.get("type") {
        let kind = json!([kind, "null"]);
        fields.insert("type".to_owned(), kind);
    }
    if let Some(Value::Array(values)) = fields.get_mut("enum") {
        values.push(Value::Null);
    }
}
