//! Volumes: what a machine sees of them, and that they outlive it.

use super::{Fixture, id};
use reqwest::StatusCode;
use serde_json::json;

#[tokio::test]
async fn are_plugged_in_and_pulled_out() {
    let world = Fixture::with(json!({"volume_first": true})).await;
    let client = &world.client;
    let server = client.server("web-1").await;
    let made = client
        .did(
            "/volumes",
            json!({"name": "data", "size": 12, "server": server}),
        )
        .await;
    assert_eq!(made["volume"]["status"], "creating");
    assert_eq!(made["next_actions"][0]["command"], "attach_volume");
    let volume = id(&made["volume"]);
    let path = format!("/volumes/{volume}");
    let shown = client.get(&path).await;
    assert_eq!(
        (&shown["volume"]["status"], &shown["volume"]["server"]),
        (&json!("available"), &json!(server))
    );
    assert_eq!(
        world.machine(server).memory().volumes[&volume.to_string()],
        (12, true)
    );
    let seen = client.get(&format!("/servers/{server}")).await;
    assert_eq!(seen["server"]["volumes"], json!([volume]));
    let (status, _) = client.delete(&path).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    client
        .did(&format!("{path}/actions/detach"), json!({}))
        .await;
    client.get(&path).await;
    assert!(world.machine(server).memory().volumes.is_empty());
    client
        .did(&format!("{path}/actions/resize"), json!({"size": 20}))
        .await;
    client
        .did(&format!("{path}/actions/attach"), json!({"server": server}))
        .await;
    client.get(&path).await;
    assert_eq!(
        world.machine(server).memory().volumes[&volume.to_string()],
        (20, true)
    );
    client.delete(&format!("/servers/{server}")).await;
    assert_eq!(
        client.get(&path).await["volume"]["server"],
        json!(null),
        "it outlives the server"
    );
    assert!(world.maker.deleted.lock().unwrap().is_empty());
    assert_eq!(client.delete(&path).await.0, StatusCode::NO_CONTENT);
    let deleted = world.maker.deleted.lock().unwrap().clone();
    assert_eq!(deleted, [volume.to_string()], "its file goes with it");
}

#[tokio::test]
async fn come_with_an_order() {
    let world = Fixture::new().await;
    let client = &world.client;
    let made = client
        .did(
            "/volumes",
            json!({"name": "data", "size": 10, "location": "fsn1"}),
        )
        .await;
    let volume = id(&made["volume"]);
    let order = |name: &str, place: &str| json!({"name": name, "server_type": "cx23", "image": "debian-13", "location": place, "volumes": [volume]});
    assert_eq!(
        client.refused("/servers", order("far", "nbg1")).await,
        (422, "invalid_input".into())
    );
    let server = id(&client.did("/servers", order("web-1", "fsn1")).await["server"]);
    client.status(server).await;
    assert_eq!(
        world.machine(server).memory().volumes[&volume.to_string()],
        (10, false)
    );
    assert_eq!(
        client.refused("/servers", order("web-2", "fsn1")).await,
        (422, "invalid_input".into())
    );
}

#[tokio::test]
async fn wrong_ones_are_refused() {
    let world = Fixture::new().await;
    let client = &world.client;
    for body in [
        json!({"name": "data", "size": 9, "location": "fsn1"}),
        json!({"name": "data", "size": 10_241, "location": "fsn1"}),
        json!({"name": "-data", "size": 10, "location": "fsn1"}),
        json!({"name": "data", "size": 10}),
        json!({"name": "data", "size": 10, "location": "moon"}),
        json!({"name": "data", "size": 10, "location": "fsn1", "format": "btrfs"}),
        json!({"name": "data", "location": "fsn1"}),
    ] {
        assert_eq!(
            client.refused("/volumes", body.clone()).await,
            (422, "invalid_input".into()),
            "{body}"
        );
    }
    client
        .did(
            "/volumes",
            json!({"name": "data", "size": 10, "location": "fsn1"}),
        )
        .await;
    let twice = json!({"name": "data", "size": 10, "location": "fsn1"});
    assert_eq!(
        client.refused("/volumes", twice).await,
        (409, "uniqueness_error".into())
    );
}
