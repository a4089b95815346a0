//! Checks HTTP exchanges against an `OpenAPI` document: the vendor's own, or a small one of ours.
//!
//! Stricter than the schema in one way: a field or a query parameter that the document does not
//! name is a finding, since the sandbox may not invent and a client may not guess.

use jsonschema::{Draft, Validator};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

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
    /// The document of a file.
    pub(crate) fn read(path: &Path) -> Self {
        let text =
            std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let document: Value =
            serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        Self::new(&document, Reading::Whole)
    }

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

    fn find(&self, exchange: &Exchange) -> Option<&Operation> {
        // what stands before the version is where it is served
        let path = exchange
            .path
            .split_once("/v1/")
            .map_or(exchange.path.as_str(), |(_, rest)| rest);
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        self.operations.iter().find(|operation| {
            operation.method.eq_ignore_ascii_case(&exchange.method) && operation.fits(&parts)
        })
    }
}

impl Operation {
    fn new(method: &str, path: &str, operation: &Value, reading: Reading) -> Self {
        let validator = |schema| validator(schema, reading);
        let responses = object(&operation["responses"])
            .map(|(status, response)| (status.to_lowercase(), body(response).map(validator)))
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
            request: body(&operation["requestBody"]).map(validator),
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

fn validator(schema: &Value, reading: Reading) -> Validator {
    let mut schema = schema.clone();
    if reading == Reading::Whole {
        close(&mut schema);
    }
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .should_validate_formats(true)
        .build(&schema)
        .unwrap_or_else(|e| panic!("a schema that is none: {e}"))
}

fn violations(what: &str, schema: &Validator, body: &Value) -> Vec<String> {
    schema
        .iter_errors(body)
        .map(|error| format!("{what}{}: {error}", error.instance_path()))
        .collect()
}

/// Objects that name their fields have no others. Parts of a combination are left as they are:
/// each of them sees the fields of all.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            let names_fields = map.get("properties").is_some_and(Value::is_object);
            let combined = ["allOf", "anyOf", "oneOf"]
                .iter()
                .any(|key| map.contains_key(*key));
            if names_fields && !combined && !map.contains_key("additionalProperties") {
                map.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
            for (key, inner) in map.iter_mut() {
                match key.as_str() {
                    "properties" => inner
                        .as_object_mut()
                        .into_iter()
                        .flat_map(|fields| fields.values_mut())
                        .for_each(close),
                    "items" | "additionalProperties" => close(inner),
                    _ => {}
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// The vendor's document beside the work tree, or a word on stderr that it is not there.
pub(crate) fn vendor() -> Option<Document> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/specs/hetzner-cloud.openapi.json");
    if path.exists() {
        return Some(Document::read(&path));
    }
    super::say(&format!("skipped: {} is not there", path.display()));
    None
}

/// Whether the finding is that keys are named by their ids, which the description of the vendor's
/// schema allows and its type does not. All clients do it.
pub(crate) fn keys_by_id(finding: &str) -> bool {
    finding.starts_with("POST /hetzner/v1/servers -> 201: request/ssh_keys/")
        && finding.ends_with(" is not of type \"string\"")
}
