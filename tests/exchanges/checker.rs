//! The checker itself: what it lets pass, and what it finds.

use crate::support::openapi::{Document, Exchange, Reading};
use serde_json::{Value, json};

/// A small document with every kind of thing that is checked.
fn small() -> Document {
    let document = json!({ "paths": {
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
        "/things/{id}": {
            "delete": { "responses": { "204": {} } },
            "put": {
                "requestBody": content(&json!({ "type": "object", "properties": {
                    "name": { "type": "string" }, "id": { "type": "integer", "readOnly": true },
                } })),
                "responses": { "200": {} },
            },
        },
    } });
    Document::new(&document, Reading::Whole)
}

fn content(schema: &Value) -> Value {
    json!({ "content": { "application/json": { "schema": schema } } })
}

pub(crate) fn exchange(value: Value) -> Exchange {
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
        json!({ "method": "PUT", "path": "/v1/things/7", "request_body": { "name": "a" }, "status": 200 }),
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
        (
            json!({ "method": "PUT", "path": "/v1/things/7", "request_body": { "id": 8 }, "status": 200 }),
            "'id' was unexpected",
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
fn where_it_is_served_is_no_part_of_the_route() {
    for (path, route) in [
        ("/hetzner/v1/servers/1", "/servers/1"),
        ("/v1/things", "/things"),
        ("/ovh/1.0/auth/time", "/auth/time"),
        ("/ovh/v2/iam/resource/urn", "/v2/iam/resource/urn"),
        ("/ovh/auth/oauth2/token", "/auth/oauth2/token"),
        ("/v10/things", "/v10/things"),
    ] {
        let exchange = exchange(json!({ "method": "GET", "path": path, "status": 200 }));
        assert_eq!(exchange.route(), route);
    }
}
