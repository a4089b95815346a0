//! Every answer against the vendor's schema, where that is at hand.

use super::vendors::{all_fit, document, exchanges, operations, whole};
use super::{Client, Fixture, KEY, id};
use reqwest::Method;
use serde_json::{Value, json};

/// The vendor's schema of an answer: null when it has no body.
fn schema_of(document: &Value, method: &str, path: &str, status: u16) -> Option<Value> {
    if status == 204 {
        return Some(Value::Null);
    }
    let below = path.strip_prefix("/hetzner/v1")?;
    let responses = &operations(document, below)?[method.to_lowercase()]["responses"];
    let exact = status.to_string();
    let range = format!("{}xx", status / 100);
    let response = responses.get(&exact).or_else(|| responses.get(&range))?;
    Some(whole(
        document,
        &response["content"]["application/json"]["schema"],
    ))
}

/// What the tour made.
struct Made {
    key: u64,
    server: u64,
    other: u64,
    volume: u64,
    address: u64,
}

/// Does about everything that the face can, so that the record has it.
async fn everything(world: &Fixture) {
    let made = make(&world.client).await;
    act(&world.client, &made).await;
    look(&world.client, &made).await;
    remove(&world.client, &made).await;
}

async fn make(client: &Client) -> Made {
    let key = json!({"name": "me", "public_key": KEY, "labels": {"a": "b"}});
    let key = id(&client.did("/ssh_keys", key).await["ssh_key"]);
    let order = json!({"name": "web-1", "server_type": "cx23", "image": "debian-13",
        "location": "fsn1", "ssh_keys": [key]});
    let server = id(&client.did("/servers", order.clone()).await["server"]);
    client.post("/servers", order).await;
    client.post("/servers", json!({})).await;
    let order = json!({"name": "arm", "server_type": "cax11", "image": "debian-12",
        "public_net": {"enable_ipv4": false}});
    let other = id(&client.did("/servers", order).await["server"]);
    let volume = json!({"name": "data", "size": 10, "server": server});
    let volume = id(&client.did("/volumes", volume).await["volume"]);
    let address = json!({"name": "ip", "type": "ipv4", "location": "nbg1"});
    let address = id(&client.did("/primary_ips", address).await["primary_ip"]);
    Made {
        key,
        server,
        other,
        volume,
        address,
    }
}

async fn act(client: &Client, made: &Made) {
    for (path, body) in [
        (
            format!("/servers/{}", made.server),
            json!({"labels": {"c": "d"}}),
        ),
        (format!("/ssh_keys/{}", made.key), json!({"name": "mine"})),
        (format!("/volumes/{}", made.volume), json!({"name": "more"})),
        (
            format!("/primary_ips/{}", made.address),
            json!({"auto_delete": true}),
        ),
    ] {
        client.put(&path, body).await;
    }
    for (action, body) in [
        ("poweroff", json!({})),
        ("poweron", json!({})),
        ("reboot", json!({})),
        ("reset", json!({})),
        ("shutdown", json!({})),
        ("enable_rescue", json!({"ssh_keys": [made.key]})),
        ("disable_rescue", json!({})),
        ("rebuild", json!({"image": "debian-12"})),
        ("request_console", json!({})),
        ("reset_password", json!({})),
        (
            "change_protection",
            json!({"delete": false, "rebuild": false}),
        ),
        ("create_image", json!({})),
    ] {
        let path = format!("/servers/{}/actions/{action}", made.server);
        client.post(&path, body).await;
    }
}

const PATHS: &[&str] = &[
    "/servers",
    "/servers?name=web-1",
    "/servers/actions",
    "/ssh_keys",
    "/server_types",
    "/locations",
    "/images",
    "/isos",
    "/pricing",
    "/primary_ips",
    "/primary_ips/actions",
    "/volumes",
    "/volumes/actions",
    "/firewalls",
    "/networks",
    "/placement_groups",
    "/floating_ips",
    "/load_balancers",
    "/load_balancer_types",
    "/certificates",
    "/datacenters",
    "/servers/1",
    "/actions",
    "/images/114690387",
    "/locations/1",
    "/server_types/114",
];

async fn look(client: &Client, made: &Made) {
    let Made {
        key,
        server,
        other,
        volume,
        address,
    } = made;
    let action = id(&client.get("/servers/actions").await["actions"][0]);
    let own = [
        format!("/servers/{server}"),
        format!("/servers/{other}"),
        format!("/servers/{server}/actions"),
        format!("/ssh_keys/{key}"),
        format!("/volumes/{volume}"),
        format!("/volumes/{volume}/actions"),
        format!("/primary_ips/{address}"),
        format!("/primary_ips/{address}/actions"),
        format!("/actions/{action}"),
        format!("/actions?id={action}"),
        format!("/servers/{server}/actions/{action}"),
    ];
    for path in PATHS.iter().copied().chain(own.iter().map(String::as_str)) {
        client.send(client.request(Method::GET, path)).await;
    }
}

async fn remove(client: &Client, made: &Made) {
    client
        .did(
            &format!("/volumes/{}/actions/detach", made.volume),
            json!({}),
        )
        .await;
    for path in [
        format!("/volumes/{}", made.volume),
        format!("/servers/{}", made.server),
        format!("/servers/{}", made.other),
        format!("/primary_ips/{}", made.address),
        format!("/ssh_keys/{}", made.key),
    ] {
        let (status, answer) = client.delete(&path).await;
        assert!(status.is_success(), "{path}: {answer}");
    }
}

#[tokio::test]
async fn every_answer_is_as_the_vendor_says() {
    let world = Fixture::new().await;
    everything(&world).await;
    let exchanges = exchanges(&world);
    assert!(exchanges.len() > 60, "{}", exchanges.len());
    let Some(document) = document("hetzner-cloud") else {
        return;
    };
    all_fit(&exchanges, |method, path, status| {
        schema_of(&document, method, path, status)
    });
}
