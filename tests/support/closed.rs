//! Schemas that allow nothing that they do not name.

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value};

/// Whose body it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// What is asked; the fields that are there to be read only are not among it.
    Request,
    /// What is answered.
    Answer,
}

/// A validator of what the schema names, and of nothing else.
pub(super) fn validator(schema: &Value, side: Side) -> Validator {
    let mut schema = schema.clone();
    close(&mut schema, side);
    open(&schema)
}

/// A validator of the schema as it is.
pub(super) fn open(schema: &Value) -> Validator {
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .should_validate_formats(true)
        .build(schema)
        .unwrap_or_else(|e| panic!("a schema that is none: {e}"))
}

/// Objects that name their fields have no others. Parts of a combination are left as they are:
/// each of them sees the fields of all.
fn close(schema: &mut Value, side: Side) {
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
                    "properties" => close_fields(inner, side),
                    "items" | "additionalProperties" => close(inner, side),
                    _ => {}
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| close(item, side)),
        _ => {}
    }
}

fn close_fields(fields: &mut Value, side: Side) {
    let Some(fields) = fields.as_object_mut() else {
        return;
    };
    if side == Side::Request {
        drop_read_only(fields);
    }
    fields.values_mut().for_each(|field| close(field, side));
}

fn drop_read_only(fields: &mut Map<String, Value>) {
    fields.retain(|_, field| field["readOnly"] != true);
}
