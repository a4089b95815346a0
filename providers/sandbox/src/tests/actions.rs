//! Actions: how far they are, what they lock, where they are found.

use super::{Fixture, id};
use reqwest::{Method, StatusCode};
use serde_json::json;

/// So long that no test meets its end.
fn slow() -> serde_json::Value {
    json!({"latency": {"create_ms": 3_600_000, "start_ms": 1000, "stop_ms": 3_600_000, "delete_ms": 3_600_000}})
}

#[tokio::test]
async fn what_takes_time_is_running_and_locks_its_server() {
    let world = Fixture::with(slow()).await;
    let client = &world.client;
    let order =
        json!({"name": "web-1", "server_type": "cx23", "image": "debian-13", "labels": {"a": "b"}});
    let made = client.did("/servers", order).await;
    let server = id(&made["server"]);
    let (create, start) = (id(&made["action"]), id(&made["next_actions"][0]));
    let both = client
        .get(&format!("/actions?id={create}&id={start}&id=1"))
        .await;
    let both = both["actions"].as_array().unwrap();
    assert_eq!(both.len(), 2, "what is not there is left out");
    assert!(
        both.iter()
            .all(|action| action["status"] == "running" && action["finished"].is_null())
    );
    assert!(
        both.iter()
            .all(|action| action["progress"].as_u64().unwrap() < 100)
    );
    assert_eq!(client.status(server).await, "initializing");
    for action in ["poweron", "reset", "enable_rescue", "request_console"] {
        let path = format!("/servers/{server}/actions/{action}");
        assert_eq!(
            client.refused(&path, json!({})).await,
            (423, "locked".into()),
            "{action}"
        );
    }
    let (status, answer) = client.delete(&format!("/servers/{server}")).await;
    assert_eq!(
        (status.as_u16(), &answer["error"]["code"]),
        (423, &json!("locked"))
    );
    let (status, _) = client
        .put(&format!("/servers/{server}"), json!({"labels": {}}))
        .await;
    assert_eq!(status, StatusCode::OK, "labels can be changed at any time");
    assert!(world.maker.get(&format!("hetzner-{server}")).is_none());
}

#[tokio::test]
async fn they_are_found_by_number_by_server_and_by_status() {
    let world = Fixture::new().await;
    let client = &world.client;
    let (one, other) = (client.server("web-1").await, client.server("web-2").await);
    client
        .did(&format!("/servers/{one}/actions/reset_password"), json!({}))
        .await;
    let commands = async |path: &str| {
        let list = client.get(path).await;
        let actions = list["actions"].as_array().unwrap().clone();
        actions
            .iter()
            .map(|action| action["command"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let of_one = format!("/servers/{one}/actions");
    assert_eq!(
        commands(&of_one).await,
        ["create_server", "start_server", "reset_password"]
    );
    assert_eq!(
        commands(&format!("{of_one}?status=error")).await,
        ["reset_password"]
    );
    assert_eq!(
        commands(&format!("{of_one}?sort=command")).await,
        ["create_server", "reset_password", "start_server"]
    );
    assert_eq!(
        commands(&format!("/servers/{other}/actions")).await,
        ["create_server", "start_server"]
    );
    assert_eq!(commands("/servers/actions").await.len(), 5);
    let first = client.get(&of_one).await["actions"][0]["id"]
        .as_u64()
        .unwrap();
    for path in [
        format!("/actions/{first}"),
        format!("/servers/actions/{first}"),
        format!("/servers/{one}/actions/{first}"),
    ] {
        assert_eq!(client.get(&path).await["action"]["id"], first, "{path}");
    }
    for path in [
        format!("/servers/{other}/actions/{first}"),
        "/actions/1".to_owned(),
        "/actions/x".to_owned(),
        "/servers/1/actions".to_owned(),
    ] {
        let (status, answer) = client.send(client.request(Method::GET, &path)).await;
        assert_eq!(
            (status.as_u16(), &answer["error"]["code"]),
            (404, &json!("not_found")),
            "{path}"
        );
    }
    let (status, _) = client.send(client.request(Method::GET, "/actions")).await;
    assert_eq!(
        status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "the vendor lists no arbitrary actions"
    );
}

#[tokio::test]
async fn they_end_by_themselves_and_chained_ones_after_each_other() {
    let world = Fixture::with(json!({"latency": {"create_ms": 40, "start_ms": 40}})).await;
    let server = world.client.server("web-1").await;
    // no request moves the world on from here: its own clock does
    let machine = format!("hetzner-{server}");
    for _ in 0..500 {
        if world
            .maker
            .get(&machine)
            .is_some_and(|machine| machine.memory().on)
        {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the server never started");
}
