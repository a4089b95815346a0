//! Every exchange between the adapters and the sandbox is one that the vendors' schemas allow.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail the test"
)]

#[path = "exchanges/agreement.rs"]
mod agreement;
#[path = "exchanges/checker.rs"]
mod checker;
#[path = "exchanges/logins.rs"]
mod logins;
#[path = "exchanges/session.rs"]
mod session;
#[path = "exchanges/sessions.rs"]
mod sessions;
mod support;

use checker::exchange;
use serde_json::json;
use support::{ours, vendors};

#[test]
fn our_own_schemas_are_understood() {
    let ours = ours::hetzner();
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
fn our_own_schemas_of_the_second_vendor_are_understood() {
    let ours = ours::ovh();
    let instance = "/ovh/1.0/cloud/project/p/instance/i";
    for (value, finding) in [
        (
            json!({ "method": "GET", "path": instance, "status": 200, "response_body": {} }),
            "\"ipAddresses\" is a required property",
        ),
        (
            json!({ "method": "DELETE", "path": instance, "status": 404,
                "response_body": { "class": "Client::NotFound" } }),
            "\"message\" is a required property",
        ),
        (
            json!({ "method": "POST", "path": "/ovh/auth/oauth2/token", "status": 401,
                "response_body": { "message": "no" } }),
            "\"error\" is a required property",
        ),
        (
            json!({ "method": "GET", "path": "/ovh/v2/iam/resource/urn:v1:eu:resource:vps:a", "status": 200,
                "response_body": { "id": "1", "urn": "u", "name": "n", "tags": { "a": 1 } } }),
            "response/tags/a",
        ),
        (
            json!({ "method": "GET", "path": "/ovh/1.0/vps/a/ips", "status": 200, "response_body": [1] }),
            "response/0",
        ),
        (
            json!({ "method": "DELETE", "path": "/ovh/1.0/vps/a", "status": 200 }),
            "no such operation",
        ),
    ] {
        let findings = ours.check(&exchange(value.clone()));
        assert!(
            findings.iter().any(|found| found.contains(finding)),
            "{value}: {findings:?}"
        );
    }
}

#[test]
fn the_second_vendors_documents_are_understood() {
    let Some(vendor) = vendors::ovh() else {
        return;
    };
    let vps = "/ovh/1.0/vps/vps-0a1b2c3d.vps.ovh.net";
    for (value, finding) in [
        (
            json!({ "method": "GET", "path": format!("{vps}/ips/2001:db8::1"), "status": 200,
                "response_body": { "ipAddress": "2001:db8::1", "gateway": null, "version": "v6" } }),
            None,
        ),
        (
            json!({ "method": "GET", "path": format!("{vps}/ips/2001:db8::1"), "status": 200,
                "response_body": { "ipAddress": "a", "gateway": null, "version": "v6" } }),
            Some("response/ipAddress"),
        ),
        (
            json!({ "method": "PUT", "path": vps, "request_body": { "netbootMode": "rescue" }, "status": 200 }),
            None,
        ),
        (
            json!({ "method": "PUT", "path": vps, "request_body": { "zone": "elsewhere" }, "status": 200 }),
            Some("'zone' was unexpected"),
        ),
        (
            json!({ "method": "POST", "path": format!("{vps}/rebuild"), "request_body": { "image": "a" },
                "status": 200, "response_body": { "id": 1, "state": "todo", "type": "reinstallVm" } }),
            Some("\"imageId\" is a required property"),
        ),
        (
            json!({ "method": "POST", "path": format!("{vps}/reboot"), "status": 200,
                "response_body": { "id": 1, "state": "odd", "type": "rebootVm" } }),
            Some("response/state"),
        ),
        (
            json!({ "method": "POST", "path": format!("{vps}/reboot"), "status": 409,
                "response_body": { "message": "later", "queryId": "1" } }),
            Some("'queryId' was unexpected"),
        ),
        (
            json!({ "method": "GET", "path": "/ovh/1.0/cloud/project/p/flavor", "query": "region=GRA11",
                "status": 200, "response_body": [{ "id": "f" }] }),
            Some("\"available\" is a required property"),
        ),
        (
            json!({ "method": "GET", "path": "/ovh/1.0/dedicated/server/a/boot", "query": "bootTyp=rescue",
                "status": 200, "response_body": [1] }),
            Some("\"bootTyp\" is not a parameter"),
        ),
    ] {
        let findings = vendor.check(&exchange(value.clone()));
        match finding {
            Some(finding) => assert!(
                findings.iter().any(|found| found.contains(finding)),
                "{value}: {findings:?}"
            ),
            None => assert_eq!(findings, Vec::<String>::new(), "{value}"),
        }
    }
}

#[test]
fn the_vendors_document_is_understood() {
    let Some(vendor) = vendors::hetzner() else {
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
