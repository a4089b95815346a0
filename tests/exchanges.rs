//! Every exchange between the adapter and the sandbox is one that the vendor's schema allows.

mod support;

use serde_json::{Value, json};
use support::openapi::{self, Document, Exchange};

/// A small document with every kind of thing that is checked.
fn small() -> Document {
    Document::new(&json!({ "paths": {
        "/things": { "get": {
            "parameters": [ { "name": "page", "in": "query" } ],
            "responses": { "200": content(&json!({
                "type": "object", "required": ["things"], "properties": { "things": {
                    "type": "array", "items": {
                        "type": "object", "required": ["id"], "properties": {
                            "id": { "type": "integer" },
                            "labels": { "type": "object", "additionalProperties": { "type": "string" } },
                        },
                    },
                } },
            })) },
        } },
        "/things/{id}/actions/go": { "post": {
            "requestBody": content(&json!({
                "type": "object", "required": ["speed"], "properties": { "speed": { "enum": ["slow", "fast"] } },
            })),
            "responses": {
                "201": content(&json!({ "type": "object", "properties": { "ok": { "type": "boolean" } } })),
                "4xx": content(&json!({ "type": "object", "required": ["error"], "properties": { "error": {} } })),
            },
        } },
        "/things/{id}": { "delete": { "responses": { "204": {} } } },
    } }))
}

fn content(schema: &Value) -> Value {
    json!({ "content": { "application/json": { "schema": schema } } })
}

fn exchange(value: Value) -> Exchange {
    serde_json::from_value(value).unwrap()
}

#[test]
fn what_the_schema_allows_passes() {
    let document = small();
    for value in [
        json!({ "method": "GET", "path": "/v1/things", "query": "page=2", "status": 200,
            "response_body": { "things": [ { "id": 1, "labels": { "any": "thing" } } ] } }),
        json!({ "method": "POST", "path": "/v1/things/7/actions/go", "request_body": { "speed": "slow" },
            "status": 201, "response_body": { "ok": true } }),
        json!({ "method": "POST", "path": "/v1/things/7/actions/go", "request_body": { "speed": "odd" },
            "status": 422, "response_body": { "error": "speed" } }),
        json!({ "method": "DELETE", "path": "/v1/things/7", "status": 204 }),
    ] {
        assert_eq!(
            document.check(&exchange(value.clone())),
            Vec::<String>::new(),
            "{value}"
        );
    }
}

#[test]
fn what_it_does_not_allow_is_found() {
    let document = small();
    for (value, finding) in [
        (
            json!({ "method": "GET", "path": "/v1/other", "status": 200 }),
            "no such operation",
        ),
        (
            json!({ "method": "PUT", "path": "/v1/things", "status": 200 }),
            "no such operation",
        ),
        (
            json!({ "method": "GET", "path": "/v1/things", "query": "seite=1", "status": 200,
                "response_body": { "things": [] } }),
            "\"seite\" is not a parameter",
        ),
        (
            json!({ "method": "GET", "path": "/v1/things", "status": 200 }),
            "body is missing",
        ),
        (
            json!({ "method": "GET", "path": "/v1/things", "status": 418, "response_body": {} }),
            "418 is not an answer",
        ),
        (
            json!({ "method": "GET", "path": "/v1/things", "status": 200, "response_body": {} }),
            "\"things\" is a required property",
        ),
        (
            json!({ "method": "GET", "path": "/v1/things", "status": 200,
                "response_body": { "things": [ { "id": "1" } ] } }),
            "response/things/0/id",
        ),
        (
            json!({ "method": "GET", "path": "/v1/things", "status": 200,
                "response_body": { "things": [ { "id": 1, "invented": true } ] } }),
            "invented",
        ),
        (
            json!({ "method": "GET", "path": "/v1/things", "status": 200,
                "response_body": { "things": [ { "id": 1, "labels": { "a": 1 } } ] } }),
            "response/things/0/labels/a",
        ),
        (
            json!({ "method": "POST", "path": "/v1/things/7/actions/go", "status": 201, "response_body": {} }),
            "\"speed\" is a required property",
        ),
        (
            json!({ "method": "POST", "path": "/v1/things/7/actions/go", "request_body": { "speed": "odd" },
                "status": 201, "response_body": {} }),
            "request/speed",
        ),
        (
            json!({ "method": "DELETE", "path": "/v1/things/7", "status": 204, "response_body": { "a": 1 } }),
            "it has no body",
        ),
    ] {
        let findings = document.check(&exchange(value.clone()));
        assert!(
            findings.iter().any(|found| found.contains(finding)),
            "{value}: {findings:?}"
        );
    }
}

#[test]
fn the_vendors_document_is_understood() {
    let Some(vendor) = openapi::vendor() else {
        return;
    };
    let server = json!({ "method": "GET", "path": "/v1/servers/1", "status": 200,
        "response_body": { "server": { "id": "one" } } });
    let findings = vendor.check(&exchange(server));
    assert!(
        findings
            .iter()
            .any(|found| found.contains("response/server/id")),
        "{findings:?}"
    );
    assert!(
        findings
            .iter()
            .any(|found| found.contains("\"public_net\" is a required property")),
        "{findings:?}"
    );
}
