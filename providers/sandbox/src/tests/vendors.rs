//! What the sandbox answered against the vendors' documents, which lie beside the repository and
//! not in it.

use super::Fixture;
use jsonschema::Validator;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The vendor's document of that name, if it is at hand.
pub(super) fn document(name: &str) -> Option<Value> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join(format!("../../../shared/specs/{name}.openapi.json"));
    Some(serde_json::from_slice(&std::fs::read(path).ok()?).unwrap())
}

/// The operations of the path: of several that fit, of the one with the fewest parameters.
pub(super) fn operations<'a>(document: &'a Value, path: &str) -> Option<&'a Value> {
    let wanted: Vec<&str> = path.split('/').collect();
    let fits = |pattern: &str| {
        let pattern: Vec<&str> = pattern.split('/').collect();
        pattern.len() == wanted.len()
            && pattern
                .iter()
                .zip(&wanted)
                .all(|(p, w)| p == w || p.starts_with('{'))
    };
    let paths = document["paths"].as_object()?;
    let fitting = paths.iter().filter(|(pattern, _)| fits(pattern));
    let closest = fitting.min_by_key(|(pattern, _)| pattern.matches('{').count());
    closest.map(|(_, operations)| operations)
}

/// A schema of the document with all that it refers to.
pub(super) fn whole(document: &Value, schema: &Value) -> Value {
    let mut whole = Map::new();
    whole.insert("components".to_owned(), document["components"].clone());
    whole.insert("allOf".to_owned(), json!([schema]));
    Value::Object(whole)
}

/// All that the world has answered so far.
pub(super) fn exchanges(world: &Fixture) -> Vec<Value> {
    let record = std::fs::read_to_string(world.home.path().join("record.jsonl")).unwrap();
    let lines = record.lines();
    lines.map(|l| serde_json::from_str(l).unwrap()).collect()
}

/// Every answer must be as the schema says that belongs to its method, path and status: none
/// where the vendor has no such answer, null where the answer has no body.
pub(super) fn all_fit(exchanges: &[Value], schema_of: impl Fn(&str, &str, u16) -> Option<Value>) {
    let mut validators: BTreeMap<String, Validator> = BTreeMap::new();
    let mut wrong = Vec::new();
    for exchange in exchanges {
        let method = exchange["method"].as_str().unwrap();
        let path = exchange["path"].as_str().unwrap();
        let status = u16::try_from(exchange["status"].as_u64().unwrap()).unwrap();
        let answer = &exchange["response_body"];
        let Some(schema) = schema_of(method, path, status) else {
            wrong.push(format!(
                "{method} {path}: {status} is no answer of the vendor's"
            ));
            continue;
        };
        if schema.is_null() {
            assert_eq!(*answer, Value::Null, "{method} {path}");
            continue;
        }
        let validator = validators
            .entry(schema["allOf"][0].to_string())
            .or_insert_with(|| jsonschema::draft202012::new(&schema).unwrap());
        for error in validator.iter_errors(answer) {
            let at = error.instance_path();
            wrong.push(format!("{method} {path} {status}: {error} at {at}"));
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
