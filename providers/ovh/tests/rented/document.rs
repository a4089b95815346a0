//! Holds what is sent against the vendor's document, where that is at hand.
#![allow(clippy::print_stdout, reason = "these are tests")]

use serde_json::{Map, Value, json};
use std::path::PathBuf;
use wiremock::Request;

/// The vendor's `OpenAPI` document of one product.
pub(crate) struct Document(Value);

impl Document {
    /// Reads it from beside the workspace; says so if it is not there.
    pub(crate) fn load(product: &str) -> Option<Self> {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
        let file = root.join(format!("../shared/specs/ovh-{product}.openapi.json"));
        let Ok(bytes) = std::fs::read(&file) else {
            println!(
                "skipped: the vendor's document is not at {}",
                file.display()
            );
            return None;
        };
        let mut document: Value = serde_json::from_slice(&bytes).unwrap();
        plain(&mut document["components"]);
        Some(Self(document))
    }

    /// What is wrong with a request.
    pub(crate) fn faults(&self, request: &Request) -> Vec<String> {
        let Some(path) = request.url.path().strip_prefix("/1.0") else {
            // the document has the first version of the routes only
            return Vec::new();
        };
        let verb = request.method.as_str();
        let call = format!("{verb} {path}");
        let Some(operation) = self.operation(verb, path) else {
            return vec![format!("{call}: the vendor has no such call")];
        };
        let mut wrong = self.wrong_query(operation, request);
        let schema = operation.pointer("/requestBody/content/application~1json/schema");
        match (schema, request.body.is_empty()) {
            (Some(schema), false) => {
                let body = serde_json::from_slice(&request.body).unwrap();
                wrong.extend(self.invalid(schema, &body));
            }
            (Some(_), true) => wrong.push("a body is wanted".to_owned()),
            (None, false) => wrong.push("sent a body where none is taken".to_owned()),
            (None, true) => {}
        }
        wrong
            .into_iter()
            .map(|why| format!("{call}: {why}"))
            .collect()
    }

    /// What is wrong with an answer.
    pub(crate) fn wrong_answer(&self, verb: &str, path: &str, answer: &Value) -> Vec<String> {
        let Some(operation) = self.operation(verb, path) else {
            return vec![format!("{verb} {path}: the vendor has no such call")];
        };
        match operation.pointer("/responses/200/content/application~1json/schema") {
            Some(schema) => self.invalid(schema, answer),
            None if answer.is_null() => Vec::new(),
            None => vec![format!("{verb} {path}: the vendor answers nothing there")],
        }
    }

    fn operation(&self, verb: &str, path: &str) -> Option<&Value> {
        let paths = self.0["paths"].as_object().unwrap().iter();
        let fitting = paths.filter(|(template, _)| fits(template, path));
        let mut operations = fitting.filter_map(|(template, item)| {
            let literal = template.split('/').filter(|part| !part.starts_with('{'));
            Some((literal.count(), item.get(verb.to_lowercase())?))
        });
        let first = operations.next()?;
        let best = operations.fold(first, |a, b| if b.0 > a.0 { b } else { a });
        Some(best.1)
    }

    fn wrong_query(&self, operation: &Value, request: &Request) -> Vec<String> {
        let known = operation["parameters"].as_array();
        let mut wrong = Vec::new();
        for (name, value) in request.url.query_pairs() {
            let parameter = known
                .into_iter()
                .flatten()
                .find(|known| known["in"] == "query" && known["name"] == name.as_ref());
            match parameter {
                Some(parameter) => {
                    wrong.extend(self.invalid(&parameter["schema"], &json!(value)));
                }
                None => wrong.push(format!("the parameter {name} is not known")),
            }
        }
        wrong
    }

    fn invalid(&self, schema: &Value, value: &Value) -> Vec<String> {
        let mut whole = json!({ "components": self.0["components"], "allOf": [schema] });
        plain(&mut whole["allOf"]);
        let validator = jsonschema::options().build(&whole).unwrap();
        let errors = validator.iter_errors(value);
        let mut wrong: Vec<_> = errors
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        wrong.extend(self.misspelt(schema, value));
        wrong
    }

    /// A field that the vendor does not know is one that is misspelt.
    fn misspelt(&self, schema: &Value, value: &Value) -> Vec<String> {
        let name = schema["$ref"].as_str().unwrap_or_default();
        let pointer = name.trim_start_matches('#');
        let schema = self.0.pointer(pointer).unwrap_or(schema);
        let (Some(known), Some(sent)) = (schema["properties"].as_object(), value.as_object())
        else {
            return Vec::new();
        };
        let unknown = sent.keys().filter(|name| !known.contains_key(*name));
        unknown.map(|name| format!("{name} is not known")).collect()
    }
}

fn fits(template: &str, path: &str) -> bool {
    let (wanted, there) = (template.split('/'), path.split('/'));
    let (count, same) = (wanted.clone().count(), there.clone().count());
    let fit = |(wanted, there): (&str, &str)| wanted == there || wanted.starts_with('{');
    count == same && wanted.zip(there).all(fit)
}

/// `OpenAPI` 3.0 says `nullable`, and this one's formats are not JSON Schema's.
fn plain(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.get("format").is_some_and(Value::is_string) {
                fields.remove("format");
            }
            fields.values_mut().for_each(plain);
            if fields.remove("nullable") == Some(Value::Bool(true)) {
                let strict = std::mem::take(fields);
                let either = json!([{ "type": "null" }, strict]);
                *fields = Map::from_iter([("anyOf".to_owned(), either)]);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(plain),
        _ => {}
    }
}
