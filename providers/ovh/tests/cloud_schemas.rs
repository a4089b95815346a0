//! What is sent fits the vendor's document, and so do the fixtures.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "these are tests"
)]

mod stub;

use provision_api::http::{Exchange, Witness};
use provision_api::{Intent, Phase, Provider, Stage};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use stub::*;

/// The vendor's `OpenAPI` document; none if it is not beside the workspace.
#[derive(Debug)]
struct Document(Value);

impl Document {
    fn load() -> Option<Self> {
        let file = fixtures().join("../../../shared/specs/ovh-public-cloud.openapi.json");
        let Ok(bytes) = std::fs::read(&file) else {
            println!(
                "skipped: the vendor's document is not at {}",
                file.display()
            );
            return None;
        };
        Some(Self(serde_json::from_slice(&bytes).unwrap()))
    }

    /// The operation that a call is, by its path's template.
    fn operation(&self, method: &str, path: &str) -> Option<(&str, &Value)> {
        let fits = |template: &str| {
            let (template, path) = (template.split('/'), path.split('/'));
            template.clone().count() == path.clone().count()
                && template
                    .zip(path)
                    .all(|(expected, found)| expected.starts_with('{') || expected == found)
        };
        let mut paths = self.0["paths"].as_object()?.iter();
        let (template, item) = paths
            .find(|(template, item)| fits(template) && item.get(method.to_lowercase()).is_some())?;
        Some((template, &item[method.to_lowercase()]))
    }

    /// A schema by itself, as JSON Schema has it.
    fn whole(&self, schema: &Value) -> Value {
        let mut schema = schema.clone();
        schema["components"] = self.0["components"].clone();
        without_nullable(&mut schema);
        schema
    }

    /// What is wrong with a value at that place of an operation.
    fn faults(&self, operation: &Value, place: &str, value: &Value) -> Vec<String> {
        let Some(schema) = operation.pointer(place) else {
            return if value.is_null() {
                Vec::new()
            } else {
                vec!["there is no body there".to_owned()]
            };
        };
        let validator = jsonschema::validator_for(&self.whole(schema)).unwrap();
        let faults = validator.iter_errors(value);
        faults
            .map(|fault| format!("{}: {fault}", fault.instance_path()))
            .collect()
    }

    /// What is wrong with a call that we made.
    fn sent(
        &self,
        method: &str,
        path: &str,
        query: &[(String, String)],
        body: &Value,
    ) -> Vec<String> {
        let Some((_, operation)) = self.operation(method, path) else {
            return vec!["the vendor has no such call".to_owned()];
        };
        let place = "/requestBody/content/application~1json/schema";
        let mut wrong = self.faults(operation, place, body);
        let schema = operation.pointer(place).map(|schema| self.resolved(schema));
        let no_fields = Map::new();
        for name in body.as_object().unwrap_or(&no_fields).keys() {
            let known = schema.is_some_and(|schema| schema["properties"].get(name).is_some());
            if !known {
                wrong.push(format!("the vendor does not know the field {name}"));
            }
        }
        let parameters = operation["parameters"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        for (name, _) in query {
            if !parameters
                .iter()
                .any(|one| one["name"] == **name && one["in"] == "query")
            {
                wrong.push(format!("the vendor does not know the parameter {name}"));
            }
        }
        wrong
    }

    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(reference) => {
                &self.0["components"]["schemas"][reference.rsplit('/').next().unwrap()]
            }
            None => schema,
        }
    }
}

/// `OpenAPI` 3.0 says `nullable: true` where JSON Schema says that it may be null.
fn without_nullable(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.values_mut().for_each(without_nullable);
            if fields.remove("nullable") == Some(json!(true)) {
                let whole = std::mem::take(fields);
                fields.insert("anyOf".to_owned(), json!([whole, { "type": "null" }]));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(without_nullable),
        _ => {}
    }
}

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
    let server = stub.ours("ACTIVE").await;
    stub.once(get("/cloud/project/p1/instance"), ok(json!([])))
        .await;
    stub.once(get("/cloud/project/p1/sshkey"), ok(json!([])))
        .await;
    cloud.create(&order()).await.unwrap();
    let wanted = provision_api::Marks {
        phase: Phase::Proven,
        ..marks()
    };
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
    let key = delete("/cloud/project/p1/sshkey/key-ann");
    stub.on(key, nothing()).await;
    cloud.remove(&left[0]).await.unwrap();
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
