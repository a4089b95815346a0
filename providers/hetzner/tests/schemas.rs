//! Our schemas agree with the vendor's, and the fixtures with both.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod common;
mod schema;

use common::json;
use schema::faults;
use schema::ours::Ours;
use schema::vendors::{Vendors, without_nullable};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// `POST /servers 201`, with an id for each part of the path that stands for one.
fn split(operation: &str) -> (String, String, u16) {
    let parts: Vec<_> = operation.split(' ').collect();
    let [method, path, status] = parts[..] else {
        panic!("{operation}")
    };
    (
        method.to_owned(),
        path.replace("{id}", "42"),
        status.parse().unwrap(),
    )
}

/// Everything in `ours` is in `theirs`, and no stricter: what the vendor may say, we accept.
fn narrower(ours: &Value, theirs: &Value, place: &str, wrong: &mut Vec<String>) {
    let kinds = |schema: &Value| -> BTreeSet<String> {
        match &schema["type"] {
            Value::String(kind) => BTreeSet::from([kind.clone()]),
            Value::Array(kinds) => kinds
                .iter()
                .map(|kind| kind.as_str().unwrap().to_owned())
                .collect(),
            _ => BTreeSet::new(),
        }
    };
    let (mine, vendors) = (kinds(ours), kinds(theirs));
    if !vendors.is_subset(&mine) && !mine.is_empty() {
        wrong.push(format!("{place}: {mine:?} does not take {vendors:?}"));
    }
    let words = |schema: &Value, key: &str| -> BTreeSet<String> {
        let words = schema[key].as_array().into_iter().flatten();
        words.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    if ours.get("enum").is_some() && !words(theirs, "enum").is_subset(&words(ours, "enum")) {
        wrong.push(format!("{place}: the vendor has more words"));
    }
    for field in words(ours, "required").difference(&words(theirs, "required")) {
        wrong.push(format!("{place}: the vendor does not promise {field}"));
    }
    let none = Map::new();
    for (name, field) in ours["properties"].as_object().unwrap_or(&none) {
        let place = format!("{place}/{name}");
        match theirs["properties"].get(name) {
            Some(vendors) => narrower(field, vendors, &place, wrong),
            None => wrong.push(format!("{place}: the vendor does not have it")),
        }
    }
    for inner in ["items", "additionalProperties"] {
        if let Some(ours) = ours.get(inner) {
            narrower(ours, &theirs[inner], &format!("{place}/{inner}"), wrong);
        }
    }
}

#[test]
fn our_schemas_take_whatever_the_vendors_document_allows() {
    let Some(vendors) = Vendors::load() else {
        return;
    };
    let ours = Ours::load();
    let mut wrong = Vec::new();
    for (operation, name) in ours.operations() {
        let (method, path, status) = split(operation);
        let theirs = vendors.answer(&method, &path, status).unwrap();
        assert_eq!(name.is_some(), theirs.is_some(), "{operation}");
        if let (Some(name), Some(theirs)) = (name, theirs) {
            narrower(&ours.resolved(name), &theirs, operation, &mut wrong);
        }
    }
    let theirs = vendors.answer("GET", "/servers", 404).unwrap().unwrap();
    narrower(&ours.resolved("problem"), &theirs, "problem", &mut wrong);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A value as the vendor's schema describes it, from the examples in it.
fn sample(schema: &Value, nulls: bool) -> Value {
    let kinds = &schema["type"];
    let nullable = kinds
        .as_array()
        .is_some_and(|kinds| kinds.iter().any(|kind| kind == "null"));
    if nulls && nullable {
        return Value::Null;
    }
    let kind = kinds
        .as_str()
        .or_else(|| kinds[0].as_str())
        .unwrap_or_default();
    let empty = Map::new();
    let fields = schema["properties"].as_object().unwrap_or(&empty);
    match kind {
        "object" if fields.is_empty() => schema
            .get("example")
            .cloned()
            .unwrap_or_else(|| empty.into()),
        "object" => {
            let fields = fields
                .iter()
                .map(|(name, field)| (name.clone(), sample(field, nulls)));
            fields.collect::<Map<_, _>>().into()
        }
        "array" => vec![sample(&schema["items"], nulls)].into(),
        _ => [
            &schema["example"],
            &schema["enum"][0],
            &schema["default"],
            &schema["minimum"],
        ]
        .into_iter()
        .find(|value| !value.is_null())
        .cloned()
        .unwrap_or_else(|| match (kind, schema["format"].as_str()) {
            ("string", Some("date-time")) => "2026-07-01T12:00:00Z".into(),
            ("string", _) => "text".into(),
            ("boolean", _) => false.into(),
            _ => 1.into(),
        }),
    }
}

#[test]
fn our_schemas_take_the_vendors_examples() {
    let Some(vendors) = Vendors::load() else {
        return;
    };
    let ours = Ours::load();
    for (operation, name) in ours.operations() {
        let (method, path, status) = split(operation);
        let theirs = vendors.answer(&method, &path, status).unwrap();
        let (Some(name), Some(theirs)) = (name, theirs) else {
            continue;
        };
        for nulls in [false, true] {
            let value = sample(&theirs, nulls);
            assert_eq!(
                faults(&theirs, &value),
                [""; 0],
                "{operation}: the sample itself"
            );
            assert_eq!(faults(&ours.schema(name), &value), [""; 0], "{operation}");
        }
    }
}

/// Fixtures that are as the vendor promises, and what they answer.
const GOOD: [(&str, &str); 26] = [
    ("action.json", "POST /servers/42/actions/reset 201"),
    ("action_done.json", "POST /servers/42/actions/reset 201"),
    (
        "action_rescue.json",
        "POST /servers/42/actions/enable_rescue 201",
    ),
    ("actions.json", "GET /actions 200"),
    (
        "console.json",
        "POST /servers/42/actions/request_console 201",
    ),
    ("create.json", "POST /servers 201"),
    ("create_off.json", "POST /servers 201"),
    ("pricing.json", "GET /pricing 200"),
    ("primary_ip.json", "PUT /primary_ips/42 200"),
    ("primary_ips.json", "GET /primary_ips 200"),
    ("server.json", "GET /servers/42 200"),
    ("server_actions.json", "GET /servers/42/actions 200"),
    ("server_actions_none.json", "GET /servers/42/actions 200"),
    ("server_types_page1.json", "GET /server_types 200"),
    ("server_types_page2.json", "GET /server_types 200"),
    ("servers_foreign.json", "GET /servers 200"),
    ("servers_none.json", "GET /servers 200"),
    ("servers_ours.json", "GET /servers 200"),
    ("servers_page1.json", "GET /servers 200"),
    ("servers_page2.json", "GET /servers 200"),
    ("ssh_key.json", "POST /ssh_keys 201"),
    ("ssh_keys.json", "GET /ssh_keys 200"),
    ("ssh_keys_none.json", "GET /ssh_keys 200"),
    ("volume.json", "GET /volumes/42 200"),
    ("volumes.json", "GET /volumes 200"),
    ("volumes_none.json", "GET /volumes 200"),
];
/// Fixtures that are wrong on purpose, or several answers in one.
const ODD: [&str; 5] = [
    "actions_unknown.json",
    "bad_gateway.html",
    "problems.json",
    "servers_unknown.json",
    "truncated.json",
];

#[test]
fn the_fixtures_are_what_the_vendor_could_answer() {
    let (vendors, ours) = (Vendors::load(), Ours::load());
    let check = |name: &str, operation: &str, value: &Value| {
        let (method, path, status) = split(operation);
        let known = ours.operation(&method, &path, status).unwrap();
        assert_eq!(ours.faults(&known, Some(value)), [""; 0], "{name}");
        if let Some(vendors) = &vendors {
            let theirs = vendors.answer(&method, &path, status).unwrap().unwrap();
            assert_eq!(faults(&theirs, value), [""; 0], "{name}");
        }
    };
    for (name, operation) in GOOD {
        check(name, operation, &json(name));
    }
    for problem in json("problems.json").as_array().unwrap() {
        let status = problem["status"].as_u64().unwrap();
        check(
            "problems.json",
            &format!("GET /servers {status}"),
            &problem["body"],
        );
    }
    let good = GOOD.map(|(name, _)| name);
    let all: BTreeSet<_> = good.into_iter().chain(ODD).map(str::to_owned).collect();
    let folder = std::fs::read_dir(common::fixtures().join("hetzner")).unwrap();
    let found: BTreeSet<_> = folder
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(found, all, "each fixture is in one of the lists");
}

#[test]
fn the_odd_fixtures_are_told_from_good_ones() {
    let ours = Ours::load();
    assert_ne!(
        ours.faults("GET /servers 200", Some(&json("servers_unknown.json"))),
        [""; 0]
    );
    assert_ne!(
        ours.faults("GET /actions 200", Some(&json("actions_unknown.json"))),
        [""; 0]
    );
    assert_ne!(
        ours.faults("DELETE /ssh_keys/{id} 204", Some(&json("action.json"))),
        [""; 0]
    );
    assert_ne!(ours.faults("GET /actions 200", None), [""; 0]);
}

#[test]
fn every_schema_is_used_and_sound() {
    let ours = Ours::load();
    for name in ours.names() {
        schema::compile(&ours.schema(name));
    }
    let mut used: BTreeSet<_> = ours.operations().filter_map(|(_, name)| name).collect();
    used.insert("problem");
    let text: String = ours
        .names()
        .map(|name| ours.schema(name).to_string())
        .collect();
    for name in ours.names() {
        let referred = text.contains(&format!("\"#/$defs/{name}\""));
        assert!(used.contains(name) || referred, "{name} is used nowhere");
    }
}

#[test]
fn nullable_is_said_in_json_schemas_way() {
    let mut schema = serde_json::json!({
        "properties": { "a": { "type": "string", "enum": ["x"], "nullable": true } }
    });
    without_nullable(&mut schema);
    let expected = serde_json::json!({ "type": ["string", "null"], "enum": ["x", null] });
    assert_eq!(schema["properties"]["a"], expected);
}
