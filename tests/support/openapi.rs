//! Checks HTTP exchanges against an `OpenAPI` document: the vendor's own, or a small one of ours.
//!
//! Stricter than the schema in two ways: a field or a query parameter that the document does not
//! name is a finding, since the sandbox may not invent and a client may not guess; and so is a
//! field in a request that is there to be read only.

use super::closed::{self, Side};
use jsonschema::Validator;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;

/// One request and its answer, as the sandbox records them.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Exchange {
    pub(crate) method: String,
    pub(crate) path: String,
    #[serde(default)]
    pub(crate) query: Option<String>,
    #[serde(default)]
    pub(crate) request_body: Option<Value>,
    pub(crate) status: u16,
    #[serde(default)]
    pub(crate) response_body: Option<Value>,
}

impl Exchange {
    /// The path as documents have it: what stands before the version is where it is served, and
    /// of a vendor with two versions the second is named in the document.
    pub(crate) fn route(&self) -> &str {
        let path = self.path.as_str();
        ["/ovh/1.0", "/ovh", "/hetzner/v1", "/v1"]
            .iter()
            .find_map(|place| {
                path.strip_prefix(place)
                    .filter(|rest| rest.starts_with('/'))
            })
            .unwrap_or(path)
    }
}

/// The exchanges of a record, one JSON document a line.
pub(crate) fn read_record(path: &Path) -> Vec<Exchange> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
        .collect()
}

/// A document, ready to check exchanges.
#[derive(Debug)]
pub(crate) struct Document {
    operations: Vec<Operation>,
    reading: Reading,
}

/// How a document is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// It says everything: what it does not name is not allowed.
    Whole,
    /// It says what is needed of the answers, and nothing of the requests.
    Answers,
}

#[derive(Debug)]
struct Operation {
    method: String,
    template: Vec<String>,
    query: Vec<String>,
    request: Option<Validator>,
    /// By status as the document writes it: `201`, `4xx`. `None`: it has no body.
    responses: BTreeMap<String, Option<Validator>>,
}

impl Document {
    /// A document that has been read. It may not contain references, except to what each schema
    /// brings along.
    pub(crate) fn new(document: &Value, reading: Reading) -> Self {
        let mut operations = Vec::new();
        for (path, methods) in object(&document["paths"]) {
            for (method, operation) in object(methods) {
                if method != "parameters" {
                    operations.push(Operation::new(method, path, operation, reading));
                }
            }
        }
        assert!(
            !operations.is_empty(),
            "a document without paths checks nothing"
        );
        // `/servers/actions` before `/servers/{id}`
        operations.sort_by_key(|operation| {
            operation
                .template
                .iter()
                .filter(|part| part.starts_with('{'))
                .count()
        });
        Self {
            operations,
            reading,
        }
    }

    /// What is wrong with an exchange; each finding names the exchange.
    pub(crate) fn check(&self, exchange: &Exchange) -> Vec<String> {
        let name = format!(
            "{} {} -> {}",
            exchange.method, exchange.path, exchange.status
        );
        let Some(operation) = self.find(exchange) else {
            return vec![format!("{name}: the document has no such operation")];
        };
        let mut findings = operation.check_response(exchange);
        if self.reading == Reading::Whole {
            findings.extend(operation.check_query(exchange));
            findings.extend(operation.check_request(exchange));
        }
        findings
            .into_iter()
            .map(|finding| format!("{name}: {finding}"))
            .collect()
    }

    /// Whether it has the operation at all.
    pub(crate) fn knows(&self, exchange: &Exchange) -> bool {
        self.find(exchange).is_some()
    }

    fn find(&self, exchange: &Exchange) -> Option<&Operation> {
        let parts: Vec<&str> = exchange.route().trim_matches('/').split('/').collect();
        self.operations.iter().find(|operation| {
            operation.method.eq_ignore_ascii_case(&exchange.method) && operation.fits(&parts)
        })
    }
}

impl Operation {
    fn new(method: &str, path: &str, operation: &Value, reading: Reading) -> Self {
        let validator = |schema, side| match reading {
            Reading::Whole => closed::validator(schema, side),
            Reading::Answers => closed::open(schema),
        };
        let responses = object(&operation["responses"])
            .map(|(status, response)| {
                let schema = body(response).map(|schema| validator(schema, Side::Answer));
                (status.to_lowercase(), schema)
            })
            .collect();
        let query = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] == "query")
            .filter_map(|parameter| parameter["name"].as_str().map(str::to_owned))
            .collect();
        Self {
            method: method.to_owned(),
            template: path
                .trim_matches('/')
                .split('/')
                .map(str::to_owned)
                .collect(),
            query,
            request: body(&operation["requestBody"]).map(|schema| validator(schema, Side::Request)),
            responses,
        }
    }

    fn fits(&self, parts: &[&str]) -> bool {
        self.template.len() == parts.len()
            && self
                .template
                .iter()
                .zip(parts)
                .all(|(template, part)| template.starts_with('{') || template == part)
    }

    fn check_query(&self, exchange: &Exchange) -> Vec<String> {
        exchange
            .query
            .iter()
            .flat_map(|query| query.split('&'))
            .map(|pair| pair.split_once('=').map_or(pair, |(name, _)| name))
            .filter(|name| !name.is_empty() && !self.query.iter().any(|known| known == name))
            .map(|name| format!("query: {name:?} is not a parameter"))
            .collect()
    }

    fn check_request(&self, exchange: &Exchange) -> Vec<String> {
        match (&self.request, &exchange.request_body) {
            // what the vendor refused may well have been wrong
            _ if exchange.status >= 400 => Vec::new(),
            (Some(schema), Some(body)) => violations("request", schema, body),
            // an operation whose fields are all optional is called without a body by some
            (Some(schema), None) => violations("request", schema, &Value::Object(Map::new())),
            (None, Some(body)) if !is_empty(body) => vec!["request: it takes no body".to_owned()],
            (None, _) => Vec::new(),
        }
    }

    fn check_response(&self, exchange: &Exchange) -> Vec<String> {
        let status = exchange.status.to_string();
        let class = format!("{}xx", exchange.status / 100);
        let Some(response) = self
            .responses
            .get(&status)
            .or_else(|| self.responses.get(&class))
        else {
            return vec![format!(
                "response: {status} is not an answer of this operation"
            )];
        };
        match (response, &exchange.response_body) {
            (Some(schema), Some(body)) => violations("response", schema, body),
            (Some(_), None) => vec!["response: the body is missing".to_owned()],
            (None, Some(body)) if !is_empty(body) => vec!["response: it has no body".to_owned()],
            (None, _) => Vec::new(),
        }
    }
}

fn is_empty(body: &Value) -> bool {
    body.is_null() || body.as_object().is_some_and(Map::is_empty)
}

/// The schema of a request's or a response's body.
fn body(part: &Value) -> Option<&Value> {
    part.pointer("/content/application~1json/schema")
}

fn violations(what: &str, schema: &Validator, body: &Value) -> Vec<String> {
    schema
        .iter_errors(body)
        .map(|error| format!("{what}{}: {error}", error.instance_path()))
        .collect()
}

pub(super) fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}
