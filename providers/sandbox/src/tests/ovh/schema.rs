//! Every answer against the vendor's schema, where that is at hand.

use super::super::vendors::{all_fit, document, exchanges, operations, whole};
use super::super::{Fixture, KEY};
use super::Signer;
use reqwest::Method;
use serde_json::{Value, json};

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
    let below = path.strip_prefix("/ovh/1.0")?;
    let responses = &operations(document, below)?[method.to_lowercase()]["responses"];
    let range = format!("{}XX", status / 100);
    let response = responses
        .get(status.to_string())
        .or_else(|| responses.get(&range))?;
    let Some(content) = response.get("content") else {
        return Some(Value::Null);
    };
    Some(whole(document, &content["application/json"]["schema"]))
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
    let exchanges = exchanges(&world);
    assert!(exchanges.len() > 35, "{}", exchanges.len());
    let Some(mut document) = document("ovh-public-cloud") else {
        return;
    };
    nullable(&mut document);
    all_fit(&exchanges, |method, path, status| {
        schema_of(&document, method, path, status)
    });
}
