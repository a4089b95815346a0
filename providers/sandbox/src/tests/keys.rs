//! SSH keys.

use super::{FINGERPRINT, Fixture, KEY, OTHER_KEY, id};
use reqwest::StatusCode;
use serde_json::json;

#[tokio::test]
async fn are_made_found_changed_and_removed() {
    let world = Fixture::new().await;
    let client = &world.client;
    let made = client
        .did(
            "/ssh_keys",
            json!({"name": "me", "public_key": format!("{KEY}\n"), "labels": {"a": "b"}}),
        )
        .await;
    let key = &made["ssh_key"];
    assert_eq!(
        (&key["fingerprint"], &key["public_key"]),
        (&json!(FINGERPRINT), &json!(KEY))
    );
    client
        .did("/ssh_keys", json!({"name": "you", "public_key": OTHER_KEY}))
        .await;
    for (query, count) in [
        (String::new(), 2),
        (format!("?fingerprint={FINGERPRINT}"), 1),
        ("?fingerprint=00:11".to_owned(), 0),
        ("?name=you".to_owned(), 1),
        ("?label_selector=a%3Db".to_owned(), 1),
    ] {
        let list = client.get(&format!("/ssh_keys{query}")).await;
        assert_eq!(list["ssh_keys"].as_array().unwrap().len(), count, "{query}");
    }
    let path = format!("/ssh_keys/{}", id(key));
    let (status, changed) = client
        .put(&path, json!({"name": "mine", "labels": {}}))
        .await;
    assert_eq!(
        (status, &changed["ssh_key"]["name"]),
        (StatusCode::OK, &json!("mine"))
    );
    assert_eq!(
        client.put(&path, json!({"name": "you"})).await.0,
        StatusCode::CONFLICT
    );
    assert_eq!(client.delete(&path).await.0, StatusCode::NO_CONTENT);
    assert_eq!(client.delete(&path).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn are_refused_twice_and_when_they_are_none() {
    let world = Fixture::new().await;
    let client = &world.client;
    client
        .did("/ssh_keys", json!({"name": "me", "public_key": KEY}))
        .await;
    let (status, answer) = client
        .post("/ssh_keys", json!({"name": "again", "public_key": KEY}))
        .await;
    assert_eq!(
        (status.as_u16(), &answer["error"]["code"]),
        (409, &json!("uniqueness_error"))
    );
    assert_eq!(
        answer["error"]["details"]["fields"][0]["name"],
        "public_key"
    );
    let (_, answer) = client
        .post("/ssh_keys", json!({"name": "me", "public_key": OTHER_KEY}))
        .await;
    assert_eq!(answer["error"]["details"]["fields"][0]["name"], "name");
    for body in [
        json!({"name": "x", "public_key": "ssh-ed25519 AAAA"}),
        json!({"name": "x", "public_key": ""}),
        json!({"name": "", "public_key": OTHER_KEY}),
        json!({"public_key": OTHER_KEY}),
        json!({"name": "x"}),
    ] {
        assert_eq!(
            client.refused("/ssh_keys", body).await,
            (422, "invalid_input".into())
        );
    }
}
