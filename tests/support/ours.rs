//! The project's own small schemas of what it uses of the vendor's answers, as a document.

use super::openapi::{Document, Reading};
use serde_json::{Map, Value, json};
use std::path::Path;

/// `fixtures/schemas`: a schema a file, and which of them an operation answers with.
pub(crate) fn document() -> Document {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/schemas");
    let mut schemas = Map::new();
    for file in std::fs::read_dir(folder.join("hetzner")).unwrap() {
        let file = file.unwrap().path();
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        schemas.insert(name, read(&file));
    }
    let answer = |name: &Value| match name.as_str() {
        Some(name) => {
            let mut schema = schemas[name].clone();
            // they refer to each other
            schema["$defs"] = Value::Object(schemas.clone());
            json!({ "content": { "application/json": { "schema": schema } } })
        }
        None => json!({}),
    };
    let problem = answer(&json!("problem"));
    let mut paths = json!({});
    for (operation, name) in read(&folder.join("hetzner.json")).as_object().unwrap() {
        let parts: Vec<&str> = operation.split(' ').collect();
        let [method, path, status] = parts[..] else {
            panic!("{operation:?} is not METHOD PATH STATUS")
        };
        let responses = &mut paths[path][method.to_lowercase()]["responses"];
        responses[status] = answer(name);
        responses["4xx"] = problem.clone();
        responses["5xx"] = problem.clone();
    }
    Document::new(&json!({ "paths": paths }), Reading::Answers)
}

fn read(path: &Path) -> Value {
    let text = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}
