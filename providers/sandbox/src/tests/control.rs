//! The control endpoint.

use super::{Fixture, id};
use reqwest::{Method, StatusCode};
use serde_json::json;

#[tokio::test]
async fn needs_the_token_and_tells_the_machines() {
    let world = Fixture::new().await;
    let client = &world.client;
    let bare = client
        .http
        .get(format!("{}/requests", client.access.control))
        .send()
        .await
        .unwrap();
    assert_eq!(bare.status(), StatusCode::UNAUTHORIZED);
    let server = client.server("web-1").await;
    let (_, found) = client.control(Method::GET, "/machines", None).await;
    let machine = &found["machines"][0];
    assert_eq!(machine["id"], format!("hetzner-{server}"));
    assert_eq!(
        (&machine["on"], &machine["firmware"]),
        (&json!(true), &json!("bios"))
    );
    let (_, console) = client
        .control(
            Method::GET,
            &format!("/machines/hetzner-{server}/console"),
            None,
        )
        .await;
    assert_eq!(console["lines"], json!(["1 boots"]));
    let (_, about) = client.control(Method::GET, "", None).await;
    assert_eq!(about["ssh_port"], client.access.ssh_port);
}

#[tokio::test]
async fn machines_misbehave_now_or_from_their_first_moment() {
    let world = Fixture::with(
        json!({"machine_faults": [{"name": "bad-*", "faults": {"no_return": true}}]}),
    )
    .await;
    let client = &world.client;
    let (good, bad) = (client.server("good").await, client.server("bad-1").await);
    client.status(bad).await;
    assert!(!world.machine(good).memory().faults.no_return);
    assert!(world.machine(bad).memory().faults.no_return);
    let path = format!("/machines/hetzner-{good}/faults");
    let (status, _) = client
        .control(Method::POST, &path, Some(json!({"ssh": "hang"})))
        .await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        world.machine(good).memory().faults.ssh,
        Some(crate::machine::SshFault::Hang)
    );
    let (status, answer) = client
        .control(Method::POST, &path, Some(json!({"shh": "hang"})))
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer["error"]["message"].as_str().unwrap().contains("shh"));
    let (status, _) = client
        .control(Method::POST, "/machines/none/faults", Some(json!({})))
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let rules = json!([{"name": "worse", "faults": {"wrong_system": true}}]);
    client
        .control(Method::POST, "/machine-faults", Some(rules))
        .await;
    let worse = client.server("worse").await;
    client.status(worse).await;
    assert!(world.machine(worse).memory().faults.wrong_system);
}

#[tokio::test]
async fn things_sell_out_and_come_back() {
    let world = Fixture::new().await;
    let client = &world.client;
    let order =
        json!({"name": "web-1", "server_type": "cx23", "image": "debian-13", "location": "fsn1"});
    let gone = json!([{"type": "cx23"}]);
    client.control(Method::POST, "/sold-out", Some(gone)).await;
    assert_eq!(
        client.refused("/servers", order.clone()).await,
        (412, "resource_unavailable".into())
    );
    let (status, _) = client
        .control(Method::POST, "/sold-out", Some(json!([{"type": "cx99"}])))
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    client
        .control(Method::POST, "/sold-out", Some(json!([])))
        .await;
    client.did("/servers", order).await;
}

#[tokio::test]
async fn requests_are_counted_without_their_bodies() {
    let world = Fixture::new().await;
    let client = &world.client;
    let order = json!({"name": "web-1", "server_type": "cx23", "image": "debian-13", "user_data": "geheim"});
    let server = id(&client.did("/servers", order).await["server"]);
    client.status(server).await;
    let (_, found) = client.control(Method::GET, "/requests", None).await;
    let requests = found["requests"].as_array().unwrap();
    assert_eq!(requests.len(), 2, "its own are not counted");
    assert_eq!(
        (&requests[0]["method"], &requests[0]["status"]),
        (&json!("POST"), &json!(201))
    );
    assert_eq!(requests[1]["path"], format!("/hetzner/v1/servers/{server}"));
    assert!(!found.to_string().contains("geheim"));
    let record = std::fs::read_to_string(world.home.path().join("record.jsonl")).unwrap();
    assert_eq!(record.lines().count(), 2);
    assert!(!record.contains("geheim") && !record.contains(&client.access.token_hetzner));
    client.control(Method::DELETE, "/requests", None).await;
    let (_, found) = client.control(Method::GET, "/requests", None).await;
    assert_eq!(found["requests"], json!([]));
}

#[tokio::test]
async fn settings_are_laid_over_while_it_runs() {
    let world = Fixture::new().await;
    let client = &world.client;
    let lay = async |settings: serde_json::Value| {
        let (status, answer) = client
            .control(Method::POST, "/settings", Some(settings))
            .await;
        (status, answer.to_string())
    };
    let (status, _) = lay(json!({"quota_servers": 0})).await;
    assert_eq!(status, StatusCode::OK);
    let order = json!({"name": "web-1", "server_type": "cx23", "image": "debian-13"});
    let refused = client.refused("/servers", order).await;
    assert_eq!(refused, (403, "resource_limit_exceeded".into()));
    for (wrong, word) in [
        (json!({"qouta_servers": 1}), "qouta_servers"),
        (json!({"ovh": {"rescue_password": "mailed"}}), "mailed"),
        (json!([]), "object"),
    ] {
        let (status, answer) = lay(wrong).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.contains(word), "{answer}");
    }
    client.refused("/servers", json!({})).await;
}
