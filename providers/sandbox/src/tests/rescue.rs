//! The rescue system: armed, booted once, forgotten.

use super::{Fixture, KEY, id};
use crate::machine::{Boot, RescueSystem};
use serde_json::json;

#[tokio::test]
async fn is_booted_once_with_the_keys_that_were_given() {
    let world = Fixture::new().await;
    let client = &world.client;
    let key = client
        .did("/ssh_keys", json!({"name": "me", "public_key": KEY}))
        .await;
    let server = client.server("web-1").await;
    let at = |action: &str| format!("/servers/{server}/actions/{action}");
    let armed = client
        .did(
            &at("enable_rescue"),
            json!({"type": "linux64", "ssh_keys": [id(&key["ssh_key"])]}),
        )
        .await;
    let password = armed["root_password"].as_str().unwrap().to_owned();
    let shown = client.get(&format!("/servers/{server}")).await;
    assert_eq!(shown["server"]["rescue_enabled"], true);
    assert_eq!(
        world.machine(server).memory().boots,
        [Boot::Disk],
        "arming reboots nothing"
    );

    client.did(&at("reset"), json!({})).await;
    let shown = client.get(&format!("/servers/{server}")).await;
    assert_eq!(
        shown["server"]["rescue_enabled"], false,
        "disarmed by its first boot"
    );
    client.did(&at("reset"), json!({})).await;
    client.status(server).await;
    let rescue = Boot::Rescue {
        authorized_keys: vec![KEY.to_owned()],
        password: Some(password),
        system: RescueSystem::default(),
    };
    assert_eq!(
        world.machine(server).memory().boots,
        [Boot::Disk, rescue, Boot::Disk]
    );
}

#[tokio::test]
async fn is_used_up_by_a_reboot_from_inside() {
    let mut world = Fixture::new().await;
    let server = world.client.server("web-1").await;
    let at = |action: &str| format!("/servers/{server}/actions/{action}");
    let path = format!("/servers/{server}");
    let armed = world.client.did(&at("enable_rescue"), json!({})).await;
    assert_eq!(
        world.client.get(&path).await["server"]["rescue_enabled"],
        true
    );
    world = world.again().await;
    let client = &world.client;
    assert_eq!(client.get(&path).await["server"]["rescue_enabled"], true);

    world.machine(server).reboot();
    assert_eq!(client.get(&path).await["server"]["rescue_enabled"], false);
    client.did(&at("reset"), json!({})).await;
    client.status(server).await;
    let rescue = Boot::Rescue {
        authorized_keys: Vec::new(),
        password: armed["root_password"].as_str().map(str::to_owned),
        system: RescueSystem::default(),
    };
    assert_eq!(
        world.machine(server).memory().boots,
        [Boot::Disk, rescue, Boot::Disk]
    );
}

#[tokio::test]
async fn a_server_that_never_ran_can_begin_in_it() {
    let world = Fixture::new().await;
    let client = &world.client;
    let order = json!({"name": "web-1", "server_type": "cax11", "image": "debian-13", "start_after_create": false});
    let server = id(&client.did("/servers", order).await["server"]);
    client
        .did(
            &format!("/servers/{server}/actions/enable_rescue"),
            json!({}),
        )
        .await;
    client
        .did(&format!("/servers/{server}/actions/poweron"), json!({}))
        .await;
    assert_eq!(client.status(server).await, "running");
    assert!(matches!(
        world.machine(server).memory().boots[..],
        [Boot::Rescue { .. }]
    ));
}

#[tokio::test]
async fn can_be_disarmed_and_is_refused_with_wrong_input() {
    let world = Fixture::new().await;
    let client = &world.client;
    let server = client.server("web-1").await;
    let at = |action: &str| format!("/servers/{server}/actions/{action}");
    for body in [
        json!({"type": "freebsd64"}),
        json!({"ssh_keys": [1]}),
        json!({"ssh_keys": ["me"]}),
    ] {
        assert_eq!(
            client.refused(&at("enable_rescue"), body).await,
            (422, "invalid_input".into())
        );
    }
    client.did(&at("enable_rescue"), json!({})).await;
    client.did(&at("disable_rescue"), json!({})).await;
    client.status(server).await;
    world.machine(server).reboot();
    client.did(&at("reset"), json!({})).await;
    client.status(server).await;
    assert_eq!(
        world.machine(server).memory().boots,
        [Boot::Disk, Boot::Disk, Boot::Disk]
    );
}

#[tokio::test]
async fn is_forgotten_after_an_hour() {
    let world = Fixture::new().await;
    let server = world.client.server("web-1").await;
    world
        .client
        .did(
            &format!("/servers/{server}/actions/enable_rescue"),
            json!({}),
        )
        .await;
    world.client.status(server).await;
    let home = world.home;
    world.sandbox.close().await.unwrap();
    // an hour passes in the kept world
    let path = home.path().join("state/world.json");
    let mut kept: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let until = &mut kept["hetzner"]["servers"][server.to_string()]["rescue"]["until"];
    let armed: jiff::Timestamp = until.as_str().unwrap().parse().unwrap();
    *until = json!(armed - jiff::SignedDuration::from_mins(61));
    std::fs::write(&path, kept.to_string()).unwrap();
    let world = Fixture::open(home).await;
    let shown = world.client.get(&format!("/servers/{server}")).await;
    assert_eq!(shown["server"]["rescue_enabled"], false);
    assert_eq!(world.machine(server).memory().armed, None);
}
