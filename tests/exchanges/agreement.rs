//! Our own schemas of OVH's answers ask for nothing that the vendor does not promise, and refuse
//! no kind of value that it allows.

use crate::support::{ours, vendors};
use serde_json::Value;
use std::collections::BTreeSet;

#[test]
fn ours_and_the_vendors_schemas_agree() {
    let Some(theirs) = vendors::ovh_as_one() else {
        return;
    };
    let ours = ours::written("ovh");
    let (mut compared, mut findings) = (0, Vec::new());
    for (path, methods) in object(&ours["paths"]) {
        if vendors::ovh_elsewhere(path) {
            continue;
        }
        for (method, operation) in object(methods) {
            let theirs = &theirs["paths"][path][method]["responses"]["200"];
            let name = format!("{method} {path}");
            assert!(theirs.is_object(), "the vendor has no {name}");
            let (own, theirs) = (body(&operation["responses"]["200"]), body(theirs));
            assert_eq!(own.is_some(), theirs.is_some(), "the body of {name}");
            if let (Some(own), Some(theirs)) = (own, theirs) {
                compared += 1;
                compare(own, theirs, &own["$defs"], &name, &mut findings);
            }
        }
    }
    assert!(compared > 30, "only {compared} were compared");
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

fn compare(own: &Value, theirs: &Value, names: &Value, at: &str, findings: &mut Vec<String>) {
    let (own, null) = meant(own, names);
    let mut kinds = kinds(own);
    if null {
        kinds.insert("null".to_owned());
    }
    if !kinds.is_empty() {
        let allowed =
            |kind: &String| kinds.contains(kind) || kind == "integer" && kinds.contains("number");
        let refused = self::kinds(theirs)
            .into_iter()
            .filter(|kind| !allowed(kind));
        findings.extend(refused.map(|kind| format!("{at}: ours refuses {kind}")));
    }
    for (field, schema) in object(&own["properties"]) {
        let at = format!("{at}.{field}");
        match &theirs["properties"][field] {
            Value::Null => findings.push(format!("{at}: the vendor does not have it")),
            theirs => compare(schema, theirs, names, &at, findings),
        }
    }
    for field in array(&own["required"]).filter_map(Value::as_str) {
        if !promised(theirs, field) {
            findings.push(format!("{at}.{field}: the vendor does not promise it"));
        }
    }
    if own["items"].is_object() {
        compare(
            &own["items"],
            &theirs["items"],
            names,
            &format!("{at}[]"),
            findings,
        );
    }
}

/// Some of the vendor's documents require nothing anywhere; there, what cannot be null is what
/// is always answered.
fn promised(theirs: &Value, field: &str) -> bool {
    if theirs["required"].is_array() {
        return array(&theirs["required"]).any(|required| required == field);
    }
    !kinds(&theirs["properties"][field]).contains("null")
}

/// The schema that a reference means, and whether null is allowed beside it.
fn meant<'a>(own: &'a Value, names: &'a Value) -> (&'a Value, bool) {
    if let [null, named] = own["anyOf"].as_array().map_or(&[][..], Vec::as_slice) {
        return (meant(named, names).0, null["type"] == "null");
    }
    match own["$ref"]
        .as_str()
        .and_then(|name| name.strip_prefix("#/$defs/"))
    {
        Some(name) => (&names[name], false),
        None => (own, false),
    }
}

fn kinds(schema: &Value) -> BTreeSet<String> {
    let kind = &schema["type"];
    let kinds = array(kind).chain(kind.is_string().then_some(kind));
    kinds.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn body(response: &Value) -> Option<&Value> {
    response.pointer("/content/application~1json/schema")
}

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
