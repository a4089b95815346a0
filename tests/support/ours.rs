//! The project's own small schemas of what it uses of the vendor's answers, as a document.

use super::openapi::{Document, Reading};
use serde_json::{Map, Value, json};
use std::path::Path;

/// What is used of Hetzner's answers.
pub(crate) fn hetzner() -> Document {
    Document::new(&written("hetzner"), Reading::Answers)
}

/// What is used of OVH's answers.
pub(crate) fn ovh() -> Document {
    Document::new(&written("ovh"), Reading::Answers)
}

/// `fixtures/schemas`: a schema a file, and which of them an operation answers with.
pub(crate) fn written(vendor: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/schemas");
    let mut schemas = Map::new();
    for file in std::fs::read_dir(folder.join(vendor)).unwrap() {
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
    for (operation, name) in read(&folder.join(format!("{vendor}.json")))
        .as_object()
        .unwrap()
    {
        let parts: Vec<&str> = operation.split(' ').collect();
        let [method, path, status] = parts[..] else {
            panic!("{operation:?} is not METHOD PATH STATUS")
        };
        let responses = &mut paths[path][method.to_lowercase()]["responses"];
        responses[status] = answer(name);
        for class in ["4xx", "5xx"] {
            if responses[class].is_null() {
                responses[class] = problem.clone();
            }
        }
    }
    json!({ "paths": paths })
}

fn read(path: &Path) -> Value {
    let text = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}
