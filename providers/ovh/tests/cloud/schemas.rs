//! What is sent fits the vendor's document, and so do the fixtures.

use crate::document::Document;
use crate::stub::*;
use provision_api::http::{Exchange, Witness};
use provision_api::{Intent, Phase, Provider, Stage};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

/// Keeps what was wrong, and what was seen.
#[derive(Debug)]
struct Inspector {
    document: Document,
    wrong: Mutex<Vec<String>>,
    seen: Mutex<BTreeSet<String>>,
}

impl Witness for Inspector {
    fn saw(&self, exchange: &Exchange<'_>) {
        let Exchange {
            method,
            path,
            query,
            request,
            ..
        } = exchange;
        if path.starts_with("/order/") {
            return; // in another document
        }
        let body = request.map_or(Value::Null, |body| serde_json::from_slice(body).unwrap());
        let name = |fault| format!("{method} {path}: {fault}");
        let faults = self.document.sent(method, path, query, &body);
        self.wrong
            .lock()
            .unwrap()
            .extend(faults.into_iter().map(name));
        if let Some((template, _)) = self.document.operation(method, path) {
            let call = format!(
                "{method} {}",
                template.replace("/cloud/project/{serviceName}", "")
            );
            self.seen.lock().unwrap().insert(call);
        }
    }
}

async fn everything(stub: &Stub) {
    let cloud = &stub.cloud;
    cloud.catalog().await.unwrap();
    let server = stub.ours_new().await;
    stub.once(get("/cloud/project/p1/instance"), ok(json!([])))
        .await;
    stub.once(get("/cloud/project/p1/sshkey"), ok(json!([])))
        .await;
    cloud.create(&order()).await.unwrap();
    let wanted = provision_api::Marks {
        phase: Phase::Proven,
        ..marks()
    };
    let before = said("GET /cloud/project/p1/instance/i-1");
    let mut renamed = before.clone();
    renamed["name"] = json!(RAW.replace("_sc", "_sp"));
    for detail in [before, renamed] {
        stub.once(get("/cloud/project/p1/instance/i-1"), ok(detail))
            .await;
    }
    cloud.mark(&server, &wanted).await.unwrap();
    cloud.console(&server).await.unwrap();
    let rebuilt = Intent::Rebuilt {
        image: "Debian 13".to_owned(),
        user_data: "".into(),
        keys: Vec::new(),
    };
    for intent in [
        Intent::InRescue { keys: Vec::new() },
        Intent::FromDisk,
        rebuilt,
        Intent::Gone,
    ] {
        cloud.drive(&server, &intent, Stage(0)).await.unwrap();
    }
    let mut off = said("GET /cloud/project/p1/instance/i-1");
    off["status"] = json!("SHUTOFF");
    stub.once(get("/cloud/project/p1/instance/i-1"), ok(off))
        .await;
    cloud
        .drive(&server, &Intent::FromDisk, Stage(0))
        .await
        .unwrap();
    let left = cloud.leftovers(&owner()).await.unwrap();
    let key = delete("/cloud/project/p1/sshkey/key-free");
    stub.on(key, nothing()).await;
    cloud.remove(&left[1]).await.unwrap();
}

#[tokio::test]
async fn what_is_sent_fits_the_vendors_document() {
    let Some(document) = Document::load() else {
        return;
    };
    let inspector = Arc::new(Inspector {
        document,
        wrong: Mutex::default(),
        seen: Mutex::default(),
    });
    let witness = Arc::clone(&inspector);
    let stub = Stub::with(|config| {
        config.witness = Some(witness);
        config.project = None;
    })
    .await;
    everything(&stub).await;
    let wrong = inspector.wrong.lock().unwrap();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let seen: Vec<_> = inspector.seen.lock().unwrap().iter().cloned().collect();
    let instance = "/instance/{instanceId}";
    let expected: BTreeSet<_> = [
        "DELETE /sshkey/{keyId}",
        "GET ",
        "GET /auth/time",
        "GET /cloud/project",
        "GET /flavor",
        "GET /image",
        "GET /instance",
        "GET /sshkey",
        "POST /instance",
        "POST /sshkey",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain(["DELETE", "GET", "PUT"].map(|verb| format!("{verb} {instance}")))
    .chain(
        ["reboot", "reinstall", "rescueMode", "start", "vnc"]
            .map(|verb| format!("POST {instance}/{verb}")),
    )
    .collect();
    assert_eq!(seen, expected.into_iter().collect::<Vec<_>>());
}

#[test]
fn the_fixtures_fit_the_vendors_document() {
    let Some(document) = Document::load() else {
        return;
    };
    let mut wrong = Vec::new();
    for (call, body) in json_of("cloud.json").as_object().unwrap() {
        let (method, path) = call.split_once(' ').unwrap();
        if path.starts_with("/order/") {
            continue;
        }
        let (_, operation) = document.operation(method, path).unwrap();
        let place = "/responses/200/content/application~1json/schema";
        let faults = document.faults(operation, place, body).into_iter();
        wrong.extend(faults.map(|fault| format!("{call} {fault}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
