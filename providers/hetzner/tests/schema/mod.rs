//! Holds exchanges against schemas: the vendor's where its document is at hand, ours always.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "these are tests"
)]

pub(crate) mod ours;
pub(crate) mod vendors;

use jsonschema::Validator;
use ours::Ours;
use provision_api::http::{Exchange, Witness};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Mutex;
use vendors::Vendors;

/// The root of the workspace.
pub(crate) fn workspace() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

pub(crate) fn compile(schema: &Value) -> Validator {
    jsonschema::options()
        .should_validate_formats(true)
        .build(schema)
        .unwrap_or_else(|error| panic!("a schema that is none: {error}"))
}

/// What is wrong with a value, each with its place.
pub(crate) fn faults(schema: &Value, value: &Value) -> Vec<String> {
    let validator = compile(schema);
    let errors = validator.iter_errors(value);
    errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

/// Sees every exchange of an adapter, and keeps what is wrong with it.
#[derive(Debug)]
pub(crate) struct Inspector {
    vendors: Option<Vendors>,
    ours: Ours,
    wrong: Mutex<Vec<String>>,
    seen: Mutex<BTreeSet<String>>,
}

impl Inspector {
    pub(crate) fn new() -> Self {
        Self {
            vendors: Vendors::load(),
            ours: Ours::load(),
            wrong: Mutex::default(),
            seen: Mutex::default(),
        }
    }

    /// What was wrong.
    pub(crate) fn wrong(&self) -> Vec<String> {
        self.wrong.lock().unwrap().clone()
    }

    /// The operations that were seen (`GET /servers/{id} 200`).
    pub(crate) fn seen(&self) -> BTreeSet<String> {
        self.seen.lock().unwrap().clone()
    }

    fn inspect(&self, exchange: &Exchange<'_>) -> Vec<String> {
        let Ok(response) = parse(exchange.response) else {
            return vec!["the answer is no JSON".to_owned()];
        };
        let mut wrong = Vec::new();
        let operation = self
            .ours
            .operation(exchange.method, exchange.path, exchange.status);
        match operation {
            Some(operation) => {
                wrong.extend(self.ours.faults(&operation, response.as_ref()));
                self.seen.lock().unwrap().insert(operation);
            }
            None => wrong.push("our schemas do not have it".to_owned()),
        }
        if let Some(vendors) = &self.vendors {
            let request = exchange
                .request
                .map(|body| serde_json::from_slice(body).unwrap());
            wrong.extend(vendors.faults(exchange, request.as_ref(), response.as_ref()));
        }
        wrong
    }
}

impl Witness for Inspector {
    fn saw(&self, exchange: &Exchange<'_>) {
        let Exchange {
            method,
            path,
            status,
            ..
        } = exchange;
        let found = self.inspect(exchange);
        let name = |fault| format!("{method} {path} {status}: {fault}");
        self.wrong
            .lock()
            .unwrap()
            .extend(found.into_iter().map(name));
    }
}

/// A body, if there is one.
fn parse(body: &[u8]) -> serde_json::Result<Option<Value>> {
    if body.is_empty() {
        return Ok(None);
    }
    serde_json::from_slice(body).map(Some)
}

/// Whether a path is one that the template describes; the more of it is literal, the better.
pub(crate) fn fits(template: &str, path: &str) -> Option<usize> {
    let (template, path): (Vec<_>, Vec<_>) =
        (template.split('/').collect(), path.split('/').collect());
    if template.len() != path.len() {
        return None;
    }
    template
        .iter()
        .zip(&path)
        .try_fold(0, |literal, (expected, found)| {
            if expected == found {
                Some(literal + 1)
            } else {
                (expected.starts_with('{') && !found.is_empty()).then_some(literal)
            }
        })
}
