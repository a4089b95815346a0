//! Our own small schemas of what is used of the vendor's answers.

use super::{faults, fits, workspace};
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// The schemas by name, and which of them each operation answers with.
#[derive(Debug)]
pub(crate) struct Ours {
    schemas: Map<String, Value>,
    operations: Map<String, Value>,
}

fn folder() -> PathBuf {
    workspace().join("fixtures/schemas")
}

impl Ours {
    pub(crate) fn load() -> Self {
        let read = |file: PathBuf| -> Value {
            serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
        };
        let files = std::fs::read_dir(folder().join("hetzner")).unwrap();
        let schemas = files.map(|file| {
            let file = file.unwrap().path();
            (
                file.file_stem().unwrap().to_str().unwrap().to_owned(),
                read(file),
            )
        });
        let operations = read(folder().join("hetzner.json"));
        Self {
            schemas: schemas.collect(),
            operations: operations.as_object().unwrap().clone(),
        }
    }

    /// Every operation with its status, and the name of its answer's schema if it has a body.
    pub(crate) fn operations(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.operations
            .iter()
            .map(|(operation, name)| (operation.as_str(), name.as_str()))
    }

    /// The names of all schemas.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.schemas.keys().map(String::as_str)
    }

    /// How the operation is called here; errors are `problem`, whatever was asked.
    pub(crate) fn operation(&self, method: &str, path: &str, status: u16) -> Option<String> {
        if status >= 400 {
            return Some("problem".to_owned());
        }
        let known = self.operations.keys().filter_map(|operation| {
            let mut parts = operation.split(' ');
            let same = parts.next()? == method;
            let literal = fits(parts.next()?, path)?;
            let same = same && parts.next()? == status.to_string();
            same.then_some((literal, operation))
        });
        known.max().map(|(_, operation)| operation.clone())
    }

    /// The schema of that name, able to refer to the others.
    pub(crate) fn schema(&self, name: &str) -> Value {
        let mut schema = self
            .schemas
            .get(name)
            .unwrap_or_else(|| panic!("no schema {name}"))
            .clone();
        schema["$defs"] = json!(self.schemas);
        schema
    }

    /// The schema with every reference replaced by what it refers to.
    pub(crate) fn resolved(&self, name: &str) -> Value {
        let mut schema = self.schemas[name].clone();
        self.resolve(&mut schema);
        schema
    }

    fn resolve(&self, schema: &mut Value) {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            *schema = self.resolved(reference.trim_start_matches("#/$defs/"));
        }
        match schema {
            Value::Object(fields) => fields.values_mut().for_each(|value| self.resolve(value)),
            Value::Array(items) => items.iter_mut().for_each(|value| self.resolve(value)),
            _ => {}
        }
    }

    /// What is wrong with an answer to that operation.
    pub(crate) fn faults(&self, operation: &str, response: Option<&Value>) -> Vec<String> {
        let name = match self.operations.get(operation) {
            None => Some(operation),
            Some(name) => name.as_str(),
        };
        match (name, response) {
            (Some(name), Some(response)) => {
                let ours = faults(&self.schema(name), response).into_iter();
                ours.map(|fault| format!("by our schema {name}: {fault}"))
                    .collect()
            }
            (None, None) => Vec::new(),
            (Some(name), None) => vec![format!("no body where our schema has {name}")],
            (None, Some(_)) => vec!["a body where our schemas have none".to_owned()],
        }
    }
}
