//! What there really is: asked of the vendor's API, as the vendor's own panel would.

use super::place::Place;
use reqwest::Client;
use serde_json::Value;
use std::collections::BTreeSet;

/// All that costs, or is ours.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Truth {
    /// Servers that were made, or that bear a mark of ours: their ids.
    pub(crate) servers: BTreeSet<String>,
    /// Keys, addresses and volumes.
    pub(crate) others: Vec<String>,
}

impl Truth {
    /// Asks.
    pub(crate) fn of(place: &Place) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            match place.product.name {
                "hetzner" => hetzner(place).await,
                "ovh" => cloud(&Ovh::enter(place).await).await,
                "ovh-vps" => rented(&Ovh::enter(place).await, "/vps").await,
                _ => rented(&Ovh::enter(place).await, "/dedicated/server").await,
            }
        })
    }

    /// Whether there is nothing at all.
    pub(crate) fn is_nothing(&self) -> bool {
        self.servers.is_empty() && self.others.is_empty()
    }
}

async fn hetzner(place: &Place) -> Truth {
    let endpoint = place.served.variable("HCLOUD_ENDPOINT");
    let token = place.served.variable("HCLOUD_TOKEN");
    let client = Client::new();
    let mut truth = Truth::default();
    for what in ["servers", "ssh_keys", "primary_ips", "volumes"] {
        let request = client.get(format!("{endpoint}/{what}")).bearer_auth(&token);
        let answer = answered(request).await;
        for one in answer[what].as_array().unwrap() {
            let id = one["id"].to_string();
            if what == "servers" {
                truth.servers.insert(id);
            } else if what != "primary_ips" || one["assignee_id"].is_null() {
                // an address that a server has goes with that
                truth.others.push(format!("{what} {id} {}", one["name"]));
            }
        }
    }
    truth
}

/// A login of its own at OVH.
struct Ovh {
    client: Client,
    endpoint: String,
    token: String,
    project: String,
}

impl Ovh {
    async fn enter(place: &Place) -> Self {
        let file = place.lab.state().join("sandbox/world/running.json");
        let running: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        let of = |name: &str| running["access"][name].as_str().unwrap().to_owned();
        let client = Client::new();
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}&scope=all",
            of("ovh_client_id"),
            of("ovh_client_secret")
        );
        let request = client
            .post(of("ovh_token_url"))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(form);
        let token = answered(request).await["access_token"]
            .as_str()
            .unwrap()
            .to_owned();
        Self {
            token,
            client,
            endpoint: of("endpoint_ovh"),
            project: of("ovh_project"),
        }
    }

    async fn get(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.endpoint);
        answered(self.client.get(url).bearer_auth(&self.token)).await
    }
}

async fn cloud(ovh: &Ovh) -> Truth {
    let mut truth = Truth::default();
    let project = format!("/cloud/project/{}", ovh.project);
    for one in ovh
        .get(&format!("{project}/instance"))
        .await
        .as_array()
        .unwrap()
    {
        if one["status"] != "DELETED" {
            truth.servers.insert(text(&one["id"]));
        }
    }
    for one in ovh
        .get(&format!("{project}/sshkey"))
        .await
        .as_array()
        .unwrap()
    {
        truth
            .others
            .push(format!("sshkey {} {}", one["id"], one["name"]));
    }
    truth
}

/// What is rented is there for good: those that bear a mark, or half of one, are ours.
async fn rented(ovh: &Ovh, product: &str) -> Truth {
    let mut truth = Truth::default();
    for name in ovh.get(product).await.as_array().unwrap() {
        let name = text(name);
        let one = ovh.get(&format!("{product}/{name}")).await;
        let tags = one["iam"]["tags"].as_object();
        if tags.is_some_and(|tags| tags.keys().any(|key| key.starts_with("provision"))) {
            truth.servers.insert(name);
        }
    }
    truth
}

async fn answered(request: reqwest::RequestBuilder) -> Value {
    let answer = request.send().await.unwrap();
    let (status, url) = (answer.status(), answer.url().clone());
    let text = answer.text().await.unwrap();
    assert!(status.is_success(), "{url}: {status} {text}");
    serde_json::from_str(&text).unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
