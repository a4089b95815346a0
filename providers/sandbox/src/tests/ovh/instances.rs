//! Instances from their order to their end.

use super::super::{Fixture, KEY};
use super::{Signer, names};
use crate::machine::{Boot, Firmware};
use reqwest::Method;
use serde_json::{Value, json};

/// Everything takes so long that it never ends by itself in a test.
fn slow() -> Value {
    json!({"latency": {"create_ms": 3_600_000, "button_ms": 3_600_000, "reset_ms": 3_600_000,
        "rescue_ms": 3_600_000, "rebuild_ms": 3_600_000, "delete_ms": 3_600_000,
        "start_ms": 3_600_000, "stop_ms": 3_600_000}})
}

async fn set(world: &Fixture, settings: Value) {
    let (status, answer) = world
        .client
        .control(Method::POST, "/settings", Some(settings))
        .await;
    assert_eq!(status.as_u16(), 200, "{answer}");
}

async fn list(client: &Signer) -> Value {
    client.get(&client.project("/instance")).await
}

#[tokio::test]
async fn an_instance_from_its_order_to_its_end() {
    let world = Fixture::new().await;
    let client = world.ovh();
    let key = json!({"name": "me", "publicKey": KEY});
    let key = client.did(&client.project("/sshkey"), key).await;
    let mut order = client.order("Web_1.example").await;
    order["sshKeyId"] = key["id"].clone();
    order["userData"] = json!("#cloud-config\n");
    order["monthlyBilling"] = json!(false);
    let made = client
        .did(&client.project("/instance"), order.clone())
        .await;
    assert_eq!(made["status"], "BUILD");
    assert_eq!(made["ipAddresses"], json!([]), "not before it is built");
    let id = made["id"].as_str().unwrap();
    let shown = client.get(&client.at(id, "")).await;
    assert_eq!(shown["status"], "ACTIVE");
    assert_eq!(
        (&shown["flavor"]["name"], &shown["image"]["name"]),
        (&json!("d2-2"), &json!("Debian 13"))
    );
    assert_eq!(shown["sshKey"]["name"], "me");
    assert_eq!(
        (&shown["monthlyBilling"], &shown["planCode"]),
        (&Value::Null, &json!("d2-2.consumption"))
    );

    let memory = world.ovh_machine(id).memory();
    let (spec, image) = (&memory.spec, memory.image.as_ref().unwrap());
    let (v4, v6) = (&shown["ipAddresses"][0], &shown["ipAddresses"][1]);
    assert_eq!(
        (v4["ip"].as_str(), v4["version"].as_u64()),
        (Some(&*spec.ipv4.to_string()), Some(4))
    );
    assert_eq!(
        (v6["ip"].as_str(), v6["version"].as_u64()),
        (Some(&*spec.ipv6), Some(6))
    );
    assert_eq!(v4["gatewayIp"], spec.platform.network.gateway4.to_string());
    assert_eq!(v6["gatewayIp"], spec.platform.network.gateway6);
    assert_eq!(
        (spec.hostname.as_str(), spec.firmware),
        ("web-1-example", Firmware::Bios)
    );
    assert_eq!((spec.memory_mib, spec.disk_gib), (2000, 25));
    assert_eq!(image.user_data.as_deref(), Some("#cloud-config\n"));
    assert_eq!(
        (image.user.as_deref(), &image.authorized_keys),
        (Some("debian"), &vec![KEY.to_owned()])
    );
    assert_eq!(memory.boots, [Boot::Disk]);

    let listed = &list(&client).await[0];
    for (field, value) in [
        ("flavorId", &order["flavorId"]),
        ("imageId", &order["imageId"]),
        ("sshKeyId", &key["id"]),
        ("ipAddresses", &shown["ipAddresses"]),
    ] {
        assert_eq!(&listed[field], value, "{field}");
    }
    let (status, gone) = client.ask(Method::DELETE, &client.at(id, ""), None).await;
    assert_eq!((status, gone), (200, Value::Null));
    assert_eq!(
        client.ask(Method::GET, &client.at(id, ""), None).await.0,
        404
    );
    assert_eq!(
        client.ask(Method::DELETE, &client.at(id, ""), None).await.0,
        404
    );
    assert!(!world.ovh_machine(id).memory().on);
    assert_eq!(list(&client).await, json!([]));
}

#[tokio::test]
async fn names_may_be_there_twice_and_change() {
    let world = Fixture::new().await;
    let client = world.ovh();
    let (one, other) = (client.instance("web").await, client.instance("web").await);
    assert_ne!(one, other);
    assert_eq!(names(&list(&client).await), ["web", "web"]);
    let body = json!({"instanceName": "db"});
    let (status, answer) = client
        .ask(Method::PUT, &client.at(&one, ""), Some(&body))
        .await;
    assert_eq!((status, answer), (200, Value::Null));
    let world = world.again().await;
    let client = world.ovh();
    assert_eq!(client.get(&client.at(&one, "")).await["name"], "db");
    assert_eq!(client.get(&client.at(&other, "")).await["name"], "web");
    assert_eq!(world.ovh_machine(&one).memory().spec.hostname, "web");
    for wrong in [json!({}), json!({"instanceName": ""}), json!({"name": "x"})] {
        let (status, _) = client
            .ask(Method::PUT, &client.at(&one, ""), Some(&wrong))
            .await;
        assert_eq!(status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn an_order_that_is_wrong_says_what_is() {
    let world = Fixture::new().await;
    let client = world.ovh();
    let windows = client
        .id_of("image", "GRA11", "Windows Server 2022 Standard (Desktop)")
        .await;
    let elsewhere = client.id_of("flavor", "SBG5", "d2-2").await;
    for (field, value, status, word) in [
        ("name", Value::Null, 400, "[name]"),
        ("name", json!(" a"), 400, "[name]"),
        ("region", json!("MOON1"), 400, "MOON1"),
        ("flavorId", Value::Null, 400, "[flavorId]"),
        ("flavorId", elsewhere, 400, "GRA11"),
        ("imageId", json!(7), 400, "[imageId]"),
        ("imageId", windows, 501, "Linux"),
        ("sshKeyId", json!("none"), 400, "[sshKeyId]"),
        ("userData", json!("x".repeat(50_000)), 400, "[userData]"),
        ("volumeId", json!("x"), 501, "volumes"),
        ("networks", json!([{"networkId": "x"}]), 501, "networks"),
        ("labels", json!({}), 400, "labels"),
    ] {
        let mut order = client.order("web").await;
        order[field] = value;
        let (found, message) = client.refused(&client.project("/instance"), order).await;
        assert_eq!(found, status, "{field}: {message}");
        assert!(message.contains(word), "{field}: {message}");
    }
    assert_eq!(list(&client).await, json!([]));
}

#[tokio::test]
async fn states_take_their_time_and_one_thing_is_done_at_a_time() {
    let world = Fixture::with(slow()).await;
    let client = world.ovh();
    let id = client.instance("web").await;
    assert_eq!(client.status(&id).await, "BUILD");
    let reboot = client.at(&id, "/reboot");
    assert_eq!(
        client.refused(&reboot, json!({"type": "hard"})).await.0,
        409
    );
    set(&world, json!({"latency": "off"})).await;
    let id = client.instance("other").await;
    assert_eq!(client.status(&id).await, "ACTIVE");
    set(&world, slow()).await;
    let image = client.id_of("image", "GRA11", "Debian 12").await;
    for (action, body, status) in [
        ("/reboot", json!({"type": "soft"}), "REBOOT"),
        ("/reboot", json!({"type": "hard"}), "HARD_REBOOT"),
        ("/rescueMode", json!({"rescue": true}), "RESCUING"),
        ("/reinstall", json!({"imageId": image}), "REBUILD"),
        ("/stop", json!({}), "ACTIVE"),
    ] {
        set(&world, json!({"latency": "off"})).await;
        let id = client.instance("x").await;
        assert_eq!(client.status(&id).await, "ACTIVE");
        set(&world, slow()).await;
        client.did(&client.at(&id, action), body).await;
        assert_eq!(client.status(&id).await, status, "{action}");
        let refused = client.refused(&client.at(&id, "/stop"), json!({})).await;
        assert_eq!(refused.0, 409, "{action}");
        let (status, _) = client.ask(Method::DELETE, &client.at(&id, ""), None).await;
        assert_eq!(status, 200, "it can be removed whatever is done to it");
        assert_eq!(client.status(&id).await, "DELETING");
    }
}

#[tokio::test]
async fn another_image_keeps_the_first_user_data() {
    let world = Fixture::new().await;
    let client = world.ovh();
    let mut order = client.order("web").await;
    order["userData"] = json!("#cloud-config\n");
    let made = client.did(&client.project("/instance"), order).await;
    let id = made["id"].as_str().unwrap();
    let image = client.id_of("image", "GRA11", "Ubuntu 24.04").await;
    let path = client.at(id, "/reinstall");
    let shown = client.did(&path, json!({"imageId": image})).await;
    assert_eq!(shown["status"], "REBUILD");
    let shown = client.get(&client.at(id, "")).await;
    assert_eq!(
        (&shown["status"], &shown["image"]["name"]),
        (&json!("ACTIVE"), &json!("Ubuntu 24.04"))
    );
    let memory = world.ovh_machine(id).memory();
    let image = memory.image.unwrap();
    assert_eq!(
        (image.os.as_str(), image.user_data.as_deref()),
        ("ubuntu", Some("#cloud-config\n"))
    );
    assert_eq!(memory.boots.len(), 2);
    for wrong in [
        json!({}),
        json!({"imageId": "x"}),
        json!({"imageId": "x", "userData": "y"}),
    ] {
        assert_eq!(client.refused(&path, wrong).await.0, 400);
    }
}

#[tokio::test]
async fn the_month_is_never_begun_unseen() {
    let world = Fixture::new().await;
    let client = world.ovh();
    let id = client.instance("web").await;
    let shown = client
        .did(&client.at(&id, "/activeMonthlyBilling"), json!({}))
        .await;
    assert_eq!(shown["monthlyBilling"]["status"], "ok");
    assert_eq!(shown["planCode"], "d2-2.monthly.postpaid");
    let (_, found) = world.client.control(Method::GET, "/requests", None).await;
    let called = found["requests"].as_array().unwrap().iter();
    let path = format!("/ovh/1.0{}", client.at(&id, "/activeMonthlyBilling"));
    assert_eq!(called.filter(|request| request["path"] == *path).count(), 1);
    let console = client.did(&client.at(&id, "/vnc"), json!({})).await;
    assert_eq!(console["type"], "novnc");
    let record = std::fs::read_to_string(world.home.path().join("record.jsonl")).unwrap();
    assert!(!record.contains("token="));
}

#[tokio::test]
async fn the_control_endpoint_knows_its_machine() {
    let world = Fixture::new().await;
    let client = world.ovh();
    let id = client.instance("web").await;
    client.status(&id).await;
    let control = async |method: Method, path: &str, body: Option<Value>| {
        world.client.control(method, path, body).await
    };
    let (_, found) = control(Method::GET, "/machines", None).await;
    assert_eq!(found["machines"][0]["id"], format!("ovh-{id}"));
    let faults = format!("/machines/ovh-{id}/faults");
    let (status, _) = control(Method::POST, &faults, Some(json!({"no_return": true}))).await;
    assert_eq!(status.as_u16(), 200);
    assert!(world.ovh_machine(&id).memory().faults.no_return);
    let (_, console) = control(Method::GET, &format!("/machines/ovh-{id}/console"), None).await;
    assert_eq!(console["lines"], json!(["1 boots"]));
}
