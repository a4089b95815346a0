//! Every answer against the vendor's schema, where that is at hand.

use super::super::{Fixture, KEY};
use super::Signer;
use jsonschema::Validator;
use reqwest::Method;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The vendor's document lies beside the repository, not in it.
fn document() -> Option<Value> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/specs/ovh-public-cloud.openapi.json");
    let text = std::fs::read(path).ok()?;
    let mut document = serde_json::from_slice(&text).unwrap();
    nullable(&mut document);
    Some(document)
}

/// The document's `nullable` in the words of the validator.
fn nullable(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.values_mut().for_each(nullable);
            if fields.remove("nullable") == Some(json!(true)) {
                let inner = std::mem::take(fields);
                fields.insert("anyOf".to_owned(), json!([inner, {"type": "null"}]));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(nullable),
        _ => {}
    }
}

/// The vendor's schema of an answer: none when the vendor does not know the call, null when the
/// answer has no body.
fn schema_of(document: &Value, method: &str, path: &str, status: u16) -> Option<Value> {
    let segments = |path: &str| path.split('/').map(str::to_owned).collect::<Vec<_>>();
    let wanted = segments(path.strip_prefix("/ovh/1.0")?);
    let fits = |pattern: &str| {
        let pattern = segments(pattern);
        pattern.len() == wanted.len()
            && pattern
                .iter()
                .zip(&wanted)
                .all(|(p, w)| p == w || p.starts_with('{'))
    };
    let paths = document["paths"].as_object()?;
    let operations = paths.iter().find(|(pattern, _)| fits(pattern))?.1;
    let responses = &operations[method.to_lowercase()]["responses"];
    let range = format!("{}XX", status / 100);
    let response = responses
        .get(status.to_string())
        .or_else(|| responses.get(&range))?;
    let Some(content) = response.get("content") else {
        return Some(Value::Null);
    };
    let mut whole = Map::new();
    whole.insert("components".to_owned(), document["components"].clone());
    whole.insert(
        "allOf".to_owned(),
        json!([content["application/json"]["schema"]]),
    );
    Some(Value::Object(whole))
}

/// Does about everything that the face can, so that the record has it.
async fn everything(client: &Signer) {
    for path in ["/auth/time", "/cloud/project"] {
        client.get(path).await;
    }
    let key = json!({"name": "me", "publicKey": KEY});
    let key = client.did(&client.project("/sshkey"), key.clone()).await;
    let key = key["id"].as_str().unwrap().to_owned();
    let mut order = client.order("web").await;
    let bare = client
        .did(&client.project("/instance"), order.clone())
        .await;
    order["sshKeyId"] = json!(key);
    order["monthlyBilling"] = json!(true);
    let made = client.did(&client.project("/instance"), order).await;
    let id = made["id"].as_str().unwrap();
    for rest in ["", "/region", "/flavor", "/image", "/sshkey", "/instance"] {
        client.get(&client.project(rest)).await;
    }
    client.get(&client.project(&format!("/sshkey/{key}"))).await;
    client
        .get(&client.at(bare["id"].as_str().unwrap(), ""))
        .await;
    let image = client.id_of("image", "GRA11", "Debian 12").await;
    for (action, body) in [
        ("/rescueMode", json!({"rescue": true})),
        ("/rescueMode", json!({"rescue": false})),
        ("/reboot", json!({"type": "hard"})),
        ("/reinstall", json!({"imageId": image})),
        ("/stop", json!({})),
        ("/start", json!({})),
        ("/vnc", json!({})),
        ("/activeMonthlyBilling", json!({})),
    ] {
        client.did(&client.at(id, action), body).await;
        client.get(&client.at(id, "")).await;
    }
    let name = json!({"instanceName": "db"});
    client
        .ask(Method::PUT, &client.at(id, ""), Some(&name))
        .await;
    client.refused(&client.at(id, "/start"), json!({})).await;
    client
        .refused(&client.project("/instance"), json!({}))
        .await;
    let key = client.project(&format!("/sshkey/{key}"));
    for path in [key, client.at(id, ""), client.at(id, "")] {
        client.ask(Method::DELETE, &path, None).await;
    }
}

#[tokio::test]
async fn every_answer_is_as_the_vendor_says() {
    let world = Fixture::new().await;
    everything(&world.ovh()).await;
    let record = std::fs::read_to_string(world.home.path().join("record.jsonl")).unwrap();
    let exchanges: Vec<Value> = record
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(exchanges.len() > 35, "{}", exchanges.len());
    let Some(document) = document() else {
        return;
    };
    let mut validators: BTreeMap<String, Validator> = BTreeMap::new();
    let mut wrong = Vec::new();
    for exchange in &exchanges {
        let (method, path) = (
            exchange["method"].as_str().unwrap(),
            exchange["path"].as_str().unwrap(),
        );
        let status = u16::try_from(exchange["status"].as_u64().unwrap()).unwrap();
        let Some(schema) = schema_of(&document, method, path, status) else {
            wrong.push(format!(
                "{method} {path}: {status} is no answer of the vendor's"
            ));
            continue;
        };
        let answer = &exchange["response_body"];
        if schema.is_null() {
            assert_eq!(*answer, Value::Null, "{method} {path}");
            continue;
        }
        let key = schema["allOf"][0].to_string();
        let validator = validators
            .entry(key)
            .or_insert_with(|| jsonschema::draft202012::new(&schema).unwrap());
        for error in validator.iter_errors(answer) {
            let at = error.instance_path();
            wrong.push(format!("{method} {path} {status}: {error} at {at}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
