//! What happens to a server that is there: its power, its system, its protection.

use super::{Fixture, id};
use reqwest::StatusCode;
use serde_json::json;

#[tokio::test]
async fn power_reaches_the_machine() {
    let world = Fixture::new().await;
    let client = &world.client;
    let server = client.server("web-1").await;
    assert_eq!(client.status(server).await, "running");
    for (action, on, boots) in [
        ("poweron", true, 1),
        ("poweroff", false, 1),
        ("poweroff", false, 1),
        ("reboot", false, 1),
        ("poweron", true, 2),
        ("reset", true, 3),
        ("shutdown", false, 3),
        ("reset", true, 4),
        ("reboot", true, 5),
    ] {
        client
            .did(&format!("/servers/{server}/actions/{action}"), json!({}))
            .await;
        let wanted = if on { "running" } else { "off" };
        assert_eq!(client.status(server).await, wanted, "{action}");
        assert_eq!(
            world.machine(server).memory().boots.len(),
            boots,
            "{action}"
        );
    }
}

#[tokio::test]
async fn a_system_that_ignores_the_button_neither_stops_nor_reboots() {
    let world = Fixture::new().await;
    let client = &world.client;
    let server = client.server("web-1").await;
    client.status(server).await;
    world.machine(server).change(|memory| memory.deaf = true);
    for action in ["shutdown", "reboot"] {
        let begun = client
            .did(&format!("/servers/{server}/actions/{action}"), json!({}))
            .await;
        let action = client
            .get(&format!("/actions/{}", id(&begun["action"])))
            .await;
        assert_eq!(
            action["action"]["status"], "success",
            "the button was pressed"
        );
        assert_eq!(client.status(server).await, "running");
    }
    assert_eq!(world.machine(server).memory().boots.len(), 1);
}

#[tokio::test]
async fn a_rebuild_writes_the_disk_anew() {
    let world = Fixture::new().await;
    let client = &world.client;
    let order =
        json!({"name": "web-1", "server_type": "cx23", "image": "debian-13", "user_data": "first"});
    let made = client.did("/servers", order).await;
    let server = id(&made["server"]);
    let path = format!("/servers/{server}/actions/rebuild");
    let rebuilt = client.did(&path, json!({"image": "ubuntu-24.04"})).await;
    assert!(rebuilt["root_password"].is_string());
    let shown = client.get(&format!("/servers/{server}")).await;
    assert_eq!(shown["server"]["image"]["name"], "ubuntu-24.04");
    assert_eq!(shown["server"]["status"], "running");
    let memory = world.machine(server).memory();
    let image = memory.image.unwrap();
    assert_eq!(
        (image.os.as_str(), image.user_data.as_deref()),
        ("ubuntu", Some("first"))
    );
    assert_eq!(memory.boots.len(), 2);
    client
        .did(&path, json!({"image": "debian-12", "user_data": "second"}))
        .await;
    client.status(server).await;
    let image = world.machine(server).memory().image.unwrap();
    assert_eq!(image.user_data.as_deref(), Some("second"));
}

#[tokio::test]
async fn protection_protects() {
    let world = Fixture::new().await;
    let client = &world.client;
    let server = client.server("web-1").await;
    let path = format!("/servers/{server}/actions/change_protection");
    assert_eq!(
        client.refused(&path, json!({"delete": true})).await,
        (422, "invalid_input".into())
    );
    client
        .did(&path, json!({"delete": true, "rebuild": true}))
        .await;
    let (status, answer) = client.delete(&format!("/servers/{server}")).await;
    assert_eq!(
        (status.as_u16(), &answer["error"]["code"]),
        (423, &json!("protected"))
    );
    let rebuild = format!("/servers/{server}/actions/rebuild");
    assert_eq!(
        client
            .refused(&rebuild, json!({"image": "debian-12"}))
            .await,
        (423, "protected".into())
    );
    client
        .did(&path, json!({"delete": false, "rebuild": false}))
        .await;
    assert_eq!(
        client.delete(&format!("/servers/{server}")).await.0,
        StatusCode::OK
    );
}

#[tokio::test]
async fn what_is_not_emulated_says_so() {
    let world = Fixture::new().await;
    let client = &world.client;
    let server = client.server("web-1").await;
    let at = |action: &str| format!("/servers/{server}/actions/{action}");
    assert_eq!(
        client.refused(&at("create_image"), json!({})).await,
        (422, "unsupported_error".into())
    );
    assert_eq!(
        client.refused(&at("fly"), json!({})).await,
        (404, "not_found".into())
    );
    assert_eq!(
        client.refused("/networks", json!({})).await,
        (422, "unsupported_error".into())
    );
    let console = client.did(&at("request_console"), json!({})).await;
    assert!(console["wss_url"].as_str().unwrap().starts_with("wss://"));
    let reset = client.did(&at("reset_password"), json!({})).await;
    let action = client
        .get(&format!("/actions/{}", id(&reset["action"])))
        .await;
    assert_eq!(
        action["action"]["status"], "error",
        "no system here runs the agent"
    );
}
