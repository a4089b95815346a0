//! The vendors' own documents, which lie beside the work tree where it is developed.

use super::openapi::{Document, Reading, object};
use super::{plain, say};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Hetzner's document, or a word on stderr that it is not there.
pub(crate) fn hetzner() -> Option<Document> {
    Some(Document::new(&read("hetzner-cloud")?, Reading::Whole))
}

/// OVH's three documents as one, or a word on stderr that one of them is not there.
pub(crate) fn ovh() -> Option<Document> {
    Some(Document::new(&ovh_as_one()?, Reading::Whole))
}

/// The same before it is compiled: without references, and in the words of JSON Schema.
pub(crate) fn ovh_as_one() -> Option<Value> {
    let cloud = plain::document(&read("ovh-public-cloud")?);
    // the documents of the rented servers tell of no error; all products err alike
    let errors = &cloud["paths"]["/auth/time"]["get"]["responses"];
    let errors = ["4XX", "5XX"].map(|class| (class, errors[class].clone()));
    let mut paths = cloud["paths"].clone();
    for name in ["ovh-vps", "ovh-dedicated"] {
        let document = plain::document(&read(name)?);
        for (path, methods) in object(&document["paths"]) {
            let mut methods = methods.clone();
            for operation in methods.as_object_mut().into_iter().flatten() {
                for (class, error) in &errors {
                    operation.1["responses"][class] = error.clone();
                }
            }
            paths[path] = methods;
        }
    }
    Some(json!({ "paths": paths }))
}

/// What OVH documents elsewhere: no document at hand has it, and our own schemas check alone.
pub(crate) fn ovh_elsewhere(route: &str) -> bool {
    let known = [
        "/auth/oauth2/token",
        "/order/catalog/public/cloud",
        "/v2/iam/resource/",
    ];
    known.iter().any(|known| route.starts_with(known))
}

fn read(name: &str) -> Option<Value> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join(format!("../shared/specs/{name}.openapi.json"));
    if !path.exists() {
        say(&format!("skipped: {} is not there", path.display()));
        return None;
    }
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    Some(serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display())))
}

/// Whether the finding is that keys are named by their ids, which the description of Hetzner's
/// schema allows and its type does not. All clients do it.
pub(crate) fn keys_by_id(finding: &str) -> bool {
    finding.starts_with("POST /hetzner/v1/servers -> 201: request/ssh_keys/")
        && finding.ends_with(" is not of type \"string\"")
}
