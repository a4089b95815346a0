//! What cannot be had, and what goes wrong on demand.

use super::super::Fixture;
use super::{Signer, names};
use reqwest::Method;
use serde_json::{Value, json};

async fn flavor(client: &Signer, region: &str, name: &str) -> Value {
    let path = client.project(&format!("/flavor?region={region}"));
    let all = client.get(&path).await;
    let mut all = all.as_array().unwrap().iter();
    all.find(|flavor| flavor["name"] == name).unwrap().clone()
}

async fn listed(client: &Signer) -> usize {
    names(&client.get(&client.project("/instance")).await).len()
}

async fn gone(world: &Fixture, sold_out: Value) {
    world
        .set_ovh(json!({"cloud": {"sold_out": sold_out}}))
        .await;
}

#[tokio::test]
async fn a_region_without_room_says_so_or_fails_later() {
    let world = Fixture::new().await;
    let client = world.ovh();
    let orders = client.project("/instance");
    let order = client.order("web").await;
    gone(&world, json!([{"flavor": "d2-2", "region": "GRA11"}])).await;
    assert_eq!(flavor(&client, "GRA11", "d2-2").await["available"], false);
    assert_eq!(flavor(&client, "SBG5", "d2-2").await["available"], true);
    let (status, message) = client.refused(&orders, order.clone()).await;
    assert!(
        status == 400 && message.contains("GRA11"),
        "{status} {message}"
    );
    assert_eq!(listed(&client).await, 0);

    gone(&world, json!([{"flavor": "d2-2", "shows": "accepted"}])).await;
    assert_eq!(flavor(&client, "GRA11", "d2-2").await["available"], true);
    let made = client.did(&orders, order.clone()).await;
    assert_eq!(made["status"], "BUILD");
    let id = made["id"].as_str().unwrap();
    assert_eq!(client.status(id).await, "ERROR");
    assert_eq!(
        client.get(&client.at(id, "")).await["ipAddresses"],
        json!([])
    );
    client.ask(Method::DELETE, &client.at(id, ""), None).await;
    assert_eq!(listed(&client).await, 0, "what failed can be removed");
    gone(&world, json!([])).await;
    client.did(&orders, order).await;
}

#[tokio::test]
async fn a_quota_is_counted_by_region() {
    let world = Fixture::with(json!({"ovh": {"cloud": {"quota_instances": 1}}})).await;
    let client = world.ovh();
    let orders = client.project("/instance");
    assert_eq!(flavor(&client, "GRA11", "d2-2").await["quota"], 1);
    let id = client.instance("web").await;
    assert_eq!(flavor(&client, "GRA11", "d2-2").await["quota"], 0);
    let (status, message) = client.refused(&orders, client.order("other").await).await;
    assert!(
        status == 403 && message.contains("Quota"),
        "{status} {message}"
    );
    assert_eq!(flavor(&client, "SBG5", "d2-2").await["quota"], 1);
    client.ask(Method::DELETE, &client.at(&id, ""), None).await;
    client.instance("other").await;
}

#[tokio::test]
async fn an_answer_is_lost_and_the_list_is_behind() {
    let world = Fixture::new().await;
    let client = world.ovh();
    let route = "/cloud/project/*/instance";
    world
        .client
        .arm(json!([
            {"method": "POST", "path": route, "kind": "drop-after"},
            {"method": "POST", "path": route, "kind": {"stale-list": 1}},
        ]))
        .await;
    let orders = client.project("/instance");
    let order = client.order("web").await;
    let lost = client.signed(Method::POST, &orders, Some(&order)).send();
    assert!(lost.await.is_err());
    assert_eq!(listed(&client).await, 0, "behind");
    assert_eq!(listed(&client).await, 1);

    let late =
        json!({"method": "GET", "path": route, "times": 2, "kind": {"stale-list-ms": 3_600_000}});
    world.client.arm(late).await;
    assert_eq!([listed(&client).await, listed(&client).await], [0, 0]);
    assert_eq!(listed(&client).await, 1);
}

#[tokio::test]
async fn a_task_fails_or_never_ends() {
    let world = Fixture::new().await;
    let client = world.ovh();
    let id = client.instance("web").await;
    client.status(&id).await;
    let arm = async |path: &str, kind: Value| {
        let path = format!("/cloud/project/*/instance/*{path}");
        world.client.arm(json!({"path": path, "kind": kind})).await;
    };
    let error = json!({"action-error": {"message": "no such host"}});
    arm("/rescueMode", error.clone()).await;
    client
        .did(&client.at(&id, "/rescueMode"), json!({"rescue": true}))
        .await;
    assert_eq!(client.status(&id).await, "ERROR");
    let machine = world.ovh_machine(&id);
    assert_eq!(machine.memory().boots.len(), 1, "without an effect");
    client
        .did(&client.at(&id, "/reboot"), json!({"type": "hard"}))
        .await;
    assert_eq!(client.status(&id).await, "ACTIVE");

    arm("", error).await;
    let path = client.at(&id, "");
    assert_eq!(client.ask(Method::DELETE, &path, None).await.0, 200);
    assert_eq!(client.status(&id).await, "ERROR", "it is still there");
    arm("", json!("action-hangs")).await;
    client.ask(Method::DELETE, &path, None).await;
    assert_eq!(client.status(&id).await, "DELETING");
    client.ask(Method::DELETE, &path, None).await;
    assert_eq!(listed(&client).await, 0, "once more, and it goes");
}

#[tokio::test]
async fn things_end_by_themselves_when_they_are_due() {
    let world = Fixture::with(json!({"latency": {"create_ms": 30}})).await;
    let client = world.ovh();
    let id = client.instance("web").await;
    let begun = std::time::Instant::now();
    while world.maker.get(&format!("ovh-{id}")).is_none() {
        assert!(begun.elapsed() < std::time::Duration::from_secs(60));
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert_eq!(client.status(&id).await, "ACTIVE");
}
