//! The vendor's own document, where it is at hand.

use crate::stub::*;
use serde_json::{Map, Value, json};

/// The vendor's `OpenAPI` document; none if it is not beside the workspace.
#[derive(Debug)]
pub(crate) struct Document(Value);

impl Document {
    pub(crate) fn load() -> Option<Self> {
        let file = fixtures().join("../../../shared/specs/ovh-public-cloud.openapi.json");
        let Ok(bytes) = std::fs::read(&file) else {
            println!(
                "skipped: the vendor's document is not at {}",
                file.display()
            );
            return None;
        };
        Some(Self(serde_json::from_slice(&bytes).unwrap()))
    }

    /// The operation that a call is, by its path's template.
    pub(crate) fn operation(&self, method: &str, path: &str) -> Option<(&str, &Value)> {
        let fits = |template: &str| {
            let (template, path) = (template.split('/'), path.split('/'));
            template.clone().count() == path.clone().count()
                && template
                    .zip(path)
                    .all(|(expected, found)| expected.starts_with('{') || expected == found)
        };
        let mut paths = self.0["paths"].as_object()?.iter();
        let (template, item) = paths
            .find(|(template, item)| fits(template) && item.get(method.to_lowercase()).is_some())?;
        Some((template, &item[method.to_lowercase()]))
    }

    /// A schema by itself, as JSON Schema has it.
    fn whole(&self, schema: &Value) -> Value {
        let mut schema = schema.clone();
        schema["components"] = self.0["components"].clone();
        without_nullable(&mut schema);
        schema
    }

    /// What is wrong with a value at that place of an operation.
    pub(crate) fn faults(&self, operation: &Value, place: &str, value: &Value) -> Vec<String> {
        let Some(schema) = operation.pointer(place) else {
            return if value.is_null() {
                Vec::new()
            } else {
                vec!["there is no body there".to_owned()]
            };
        };
        let validator = jsonschema::validator_for(&self.whole(schema)).unwrap();
        let faults = validator.iter_errors(value);
        faults
            .map(|fault| format!("{}: {fault}", fault.instance_path()))
            .collect()
    }

    /// What is wrong with a call that we made.
    pub(crate) fn sent(
        &self,
        method: &str,
        path: &str,
        query: &[(String, String)],
        body: &Value,
    ) -> Vec<String> {
        let Some((_, operation)) = self.operation(method, path) else {
            return vec!["the vendor has no such call".to_owned()];
        };
        let place = "/requestBody/content/application~1json/schema";
        let mut wrong = self.faults(operation, place, body);
        let schema = operation.pointer(place).map(|schema| self.resolved(schema));
        let no_fields = Map::new();
        for name in body.as_object().unwrap_or(&no_fields).keys() {
            let known = schema.is_some_and(|schema| schema["properties"].get(name).is_some());
            if !known {
                wrong.push(format!("the vendor does not know the field {name}"));
            }
        }
        let parameters = operation["parameters"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        for (name, _) in query {
            if !parameters
                .iter()
                .any(|one| one["name"] == **name && one["in"] == "query")
            {
                wrong.push(format!("the vendor does not know the parameter {name}"));
            }
        }
        wrong
    }

    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(reference) => {
                &self.0["components"]["schemas"][reference.rsplit('/').next().unwrap()]
            }
            None => schema,
        }
    }
}

/// `OpenAPI` 3.0 says `nullable: true` where JSON Schema says that it may be null.
fn without_nullable(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.values_mut().for_each(without_nullable);
            if fields.remove("nullable") == Some(json!(true)) {
                let whole = std::mem::take(fields);
                fields.insert("anyOf".to_owned(), json!([whole, { "type": "null" }]));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(without_nullable),
        _ => {}
    }
}
