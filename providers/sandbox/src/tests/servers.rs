//! Servers: ordered, seen, changed, removed.

use super::{Client, Fixture, KEY, id};
use crate::machine::Boot;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

fn order() -> Value {
    json!({"name": "web-1", "server_type": "cx23", "image": "debian-13", "location": "fsn1"})
}

fn with(field: &str, value: Value) -> Value {
    let mut order = order();
    order[field] = value;
    order
}

#[tokio::test]
async fn a_server_from_its_order_to_its_end() {
    let world = Fixture::new().await;
    let client = &world.client;
    let key = client
        .did("/ssh_keys", json!({"name": "me", "public_key": KEY}))
        .await;
    let mut order = order();
    order["ssh_keys"] = json!([id(&key["ssh_key"])]);
    order["labels"] = json!({"role": "test"});
    order["user_data"] = json!("#cloud-config\n");
    let made = client.did("/servers", order).await;
    assert_eq!(made["server"]["status"], "initializing");
    assert_eq!(made["server"]["locked"], true);
    assert_eq!(made["root_password"], Value::Null);
    assert_eq!(made["action"]["command"], "create_server");
    assert_eq!(made["next_actions"][0]["command"], "start_server");
    let server = id(&made["server"]);

    let found = client.get(&format!("/servers/{server}")).await;
    let found = &found["server"];
    assert_eq!(
        (&found["status"], &found["locked"]),
        (&json!("running"), &json!(false))
    );
    assert_eq!(found["labels"], json!({"role": "test"}));
    let memory = world.machine(server).memory();
    assert_eq!(memory.boots, [Boot::Disk]);
    assert_eq!(
        memory.spec.ipv4.to_string(),
        found["public_net"]["ipv4"]["ip"]
    );
    assert!(memory.spec.ipv4.is_loopback());
    assert_eq!(memory.spec.ssh_port, world.sandbox.access().ssh_port);
    let image = memory.image.unwrap();
    assert_eq!(
        (image.os.as_str(), image.version.as_str()),
        ("debian", "13")
    );
    assert_eq!(image.user_data.as_deref(), Some("#cloud-config\n"));
    assert_eq!(image.authorized_keys, [KEY]);

    let (status, gone) = client.delete(&format!("/servers/{server}")).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(gone["action"]["command"], "delete_server");
    let (status, _) = client
        .send(client.request(Method::GET, &format!("/servers/{server}")))
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(client.get("/primary_ips").await["primary_ips"], json!([]));
    assert!(!world.machine(server).memory().on);
    let action = client
        .get(&format!("/actions/{}", id(&gone["action"])))
        .await;
    assert_eq!(action["action"]["status"], "success");
}

#[tokio::test]
async fn without_keys_there_is_a_password_and_without_start_it_is_off() {
    let world = Fixture::new().await;
    let made = world
        .client
        .did("/servers", with("start_after_create", json!(false)))
        .await;
    assert_eq!(made["root_password"].as_str().unwrap().len(), 20);
    assert_eq!(made["next_actions"], json!([]));
    let server = id(&made["server"]);
    assert_eq!(world.client.status(server).await, "off");
    assert!(world.machine(server).memory().boots.is_empty());
}

#[tokio::test]
async fn an_order_that_is_wrong_names_the_field() {
    let world = Fixture::new().await;
    for (field, value) in [
        ("name", json!("web_1")),
        ("name", json!(5)),
        ("server_type", json!("cx99")),
        ("image", json!("debian-99")),
        ("image", json!(114_690_389)),
        ("location", json!("moon")),
        ("location", json!("sin")),
        ("labels", json!({"a": "b:c"})),
        ("labels", json!({"hetzner.cloud/x": "y"})),
        ("ssh_keys", json!(["nobody"])),
        ("volumes", json!([1])),
        ("networks", json!([1])),
        ("user_data", json!("x".repeat(32 * 1024 + 1))),
        ("datacenter", json!("fsn1-dc14")),
        (
            "public_net",
            json!({"enable_ipv4": false, "enable_ipv6": false}),
        ),
        ("start_after_create", json!("yes")),
    ] {
        let (status, answer) = world
            .client
            .post("/servers", with(field, value.clone()))
            .await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{field} {value}");
        let error = &answer["error"];
        assert_eq!(error["code"], "invalid_input", "{field} {value}");
        assert_eq!(error["details"]["fields"][0]["name"], field, "{answer}");
    }
    let (_, answer) = world.client.post("/servers", json!({})).await;
    assert_eq!(
        answer["error"]["details"]["fields"]
            .as_array()
            .unwrap()
            .len(),
        3,
        "{answer}"
    );
    assert_eq!(
        world.client.get("/servers").await["servers"],
        json!([]),
        "nothing was made"
    );
    assert_eq!(
        world.client.get("/primary_ips").await["primary_ips"],
        json!([])
    );
}

#[tokio::test]
async fn user_data_may_be_exactly_32_kib() {
    let world = Fixture::new().await;
    world
        .client
        .did("/servers", with("user_data", json!("x".repeat(32 * 1024))))
        .await;
}

#[tokio::test]
async fn what_cannot_be_had_is_refused_by_meaning() {
    let world = Fixture::with(json!({
        "quota_servers": 2,
        "sold_out": [{"type": "cx33", "location": "fsn1"}],
        "server_types": [{"name": "cx43", "locations": [{"location": "fsn1", "deprecation":
            {"announced": "2020-01-01T00:00:00Z", "unavailable_after": "2021-01-01T00:00:00Z"}}]}],
    }))
    .await;
    let client = &world.client;
    let refused = async |body: Value| client.refused("/servers", body).await;
    assert_eq!(
        refused(with("server_type", json!("cx33"))).await,
        (412, "resource_unavailable".into())
    );
    assert_eq!(
        refused(with("server_type", json!("cx43"))).await,
        (422, "invalid_input".into())
    );
    client.did("/servers", order()).await;
    assert_eq!(refused(order()).await, (409, "uniqueness_error".into()));
    client.did("/servers", with("name", json!("web-2"))).await;
    assert_eq!(
        refused(with("name", json!("web-3"))).await,
        (403, "resource_limit_exceeded".into())
    );
    let types = client.get("/server_types?name=cx33").await;
    let places = types["server_types"][0]["locations"].as_array().unwrap();
    let available: Vec<_> = places.iter().map(|place| &place["available"]).collect();
    assert_eq!(available, [&json!(false), &json!(true), &json!(true)]);
}

#[tokio::test]
async fn names_and_labels_change_and_stay_unique() {
    let world = Fixture::new().await;
    let client = &world.client;
    let first = client.server("web-1").await;
    client.server("web-2").await;
    let path = format!("/servers/{first}");
    let (status, changed) = client.put(&path, json!({"labels": {"a": "b"}})).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        (
            &changed["server"]["name"],
            &changed["server"]["labels"]["a"]
        ),
        (&json!("web-1"), &json!("b"))
    );
    let (status, _) = client.put(&path, json!({"name": "web-2"})).await;
    assert_eq!(status, StatusCode::CONFLICT);
    let (status, _) = client.put(&path, json!({"name": "web-1"})).await;
    assert_eq!(status, StatusCode::OK, "its own name is free to itself");
    let (status, _) = client.put(&path, json!({"name": "-"})).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn lists_are_filtered() {
    let world = Fixture::new().await;
    let client = &world.client;
    for (name, role) in [("web-1", "web"), ("web-2", "web"), ("db-1", "db")] {
        let mut body = with("name", json!(name));
        body["labels"] = json!({"role": role});
        body["start_after_create"] = json!(name == "web-1");
        client.did("/servers", body).await;
    }
    for (query, names) in [
        ("", vec!["web-1", "web-2", "db-1"]),
        ("?name=web-2", vec!["web-2"]),
        ("?label_selector=role%3D%3Dweb", vec!["web-1", "web-2"]),
        ("?label_selector=role!%3Dweb", vec!["db-1"]),
        (
            "?label_selector=role+in+(web,db)&sort=name:desc",
            vec!["web-2", "web-1", "db-1"],
        ),
        ("?status=running", vec!["web-1"]),
        ("?status=off&status=running", vec!["web-1", "web-2", "db-1"]),
        ("?per_page=2&page=2", vec!["db-1"]),
    ] {
        assert_eq!(names_of(client, query).await, names, "{query}");
    }
    for query in [
        "?label_selector=a%3Db:c",
        "?status=happy",
        "?sort=size",
        "?per_page=51",
    ] {
        let (status, _) = client
            .send(client.request(Method::GET, &format!("/servers{query}")))
            .await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
    }
}

async fn names_of(client: &Client, query: &str) -> Vec<String> {
    let list = client.get(&format!("/servers{query}")).await;
    let servers = list["servers"].as_array().unwrap();
    servers
        .iter()
        .map(|server| server["name"].as_str().unwrap().to_owned())
        .collect()
}
