//! Every exchange between the adapter and the sandbox is one that the vendor's schema allows.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail the test"
)]

mod support;

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use support::openapi::{self, Document, Exchange, Reading};
use support::ours;
use support::world::assert_valid;

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
        "/things/{id}": { "delete": { "responses": { "204": {} } } },
    } });
    Document::new(&document, Reading::Whole)
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
fn our_own_schemas_are_understood() {
    let ours = ours::document();
    let findings = ours.check(&exchange(
        json!({ "method": "GET", "path": "/v1/servers/1", "query": "any=thing", "status": 200,
            "response_body": { "server": { "id": "one" } } }),
    ));
    assert!(
        findings
            .iter()
            .any(|found| found.contains("response/server/id")),
        "{findings:?}"
    );
    let findings = ours.check(&exchange(
        json!({ "method": "GET", "path": "/v1/servers/1", "status": 404, "response_body": {} }),
    ));
    assert!(!findings.is_empty(), "an error without an error");
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

/// The built program, on a sandbox and a flake of its own, with every exchange recorded.
struct Session {
    folder: tempfile::TempDir,
}

impl Session {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let flake = folder.path().join("flake");
        copy(&root.join("hosts"), &flake.join("hosts"));
        for file in ["flake.nix", "flake.lock"] {
            copy(&root.join(file), &flake.join(file));
        }
        let servers = flake.join("hosts/servers");
        copy(&servers.join("hetzner-cloud"), &servers.join("web-2"));
        Self { folder }
    }

    fn record(&self) -> PathBuf {
        self.folder.path().join("record.jsonl")
    }

    fn run(&self, line: &str) {
        let folder = self.folder.path();
        let output = Command::new(env!("CARGO_BIN_EXE_provision"))
            .arg("--sandbox")
            .args(line.split(' '))
            .args(["--provider", "hetzner"])
            .arg("--flake")
            .arg(folder.join("flake"))
            .arg("--state-dir")
            .arg(folder.join("state"))
            .env("HOME", folder)
            .env("PROVISION_SANDBOX_RECORD", self.record())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{line}: {}\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        std::fs::copy(from, to).unwrap();
    }
}

#[test]
fn all_that_provision_says_to_the_vendor_is_what_the_schema_has() {
    let session = Session::new();
    for line in [
        "up hetzner-cloud --ttl 1h",
        "up hetzner-cloud",
        "up web-2 --test",
        "list",
        "show hetzner-cloud",
        "rescue hetzner-cloud",
        "rescue hetzner-cloud --off",
        "up hetzner-cloud --reinstall",
        "teardown hetzner-cloud",
        "teardown --test",
        "teardown --expired",
    ] {
        session.run(line);
    }
    let exchanges = openapi::read_record(&session.record());
    for (method, end) in [
        ("POST", "/servers"),
        ("POST", "/ssh_keys"),
        ("POST", "/actions/enable_rescue"),
        ("DELETE", ""),
    ] {
        assert!(
            exchanges
                .iter()
                .any(|e| e.method == method && e.path.ends_with(end)),
            "no {method} …{end} among {} exchanges",
            exchanges.len()
        );
    }
    assert_valid(&ours::document(), &exchanges, |_| false);
    if let Some(vendor) = openapi::vendor() {
        assert_valid(&vendor, &exchanges, openapi::keys_by_id);
    }
}
