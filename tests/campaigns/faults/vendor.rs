//! The vendor itself: what it was asked, what it has on its books, and how it is made to fail.

use super::products::Product;
use crate::lab::Served;
use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use sha1::{Digest as _, Sha1};
use tokio::runtime::Runtime;

/// A client of a served sandbox: of its control endpoint, and of its vendors' APIs.
pub(super) struct Vendor<'a> {
    served: &'a Served,
    runtime: Runtime,
    client: reqwest::Client,
}

/// A request that the vendor got; no status if the connection was ended instead.
#[derive(Debug, Clone)]
pub(super) struct Got {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) status: Option<u64>,
}

/// What the vendor has of ours, each as `kind id`.
#[derive(Debug, Default)]
pub(super) struct Books {
    pub(super) servers: Vec<String>,
    pub(super) things: Vec<String>,
}

impl<'a> Vendor<'a> {
    pub(super) fn new(served: &'a Served) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        Self {
            served,
            runtime: runtime.unwrap(),
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    fn send(&self, request: reqwest::RequestBuilder) -> Value {
        self.runtime.block_on(async {
            let answer = request.send().await.unwrap();
            let (url, status) = (answer.url().clone(), answer.status());
            let text = answer.text().await.unwrap();
            assert!(status.is_success(), "{url}: {status}: {text}");
            serde_json::from_str(&text).unwrap_or_default()
        })
    }

    pub(super) fn arm(&self, rules: &Value) {
        self.served.control("POST", "/faults", rules);
    }

    /// Ends all faults; how often each rule hit.
    pub(super) fn disarm(&self) -> Vec<u64> {
        let armed = self.served.control("GET", "/faults", &Value::Null);
        self.served.control("DELETE", "/faults", &Value::Null);
        let armed = armed["faults"].as_array().unwrap().iter();
        armed.map(|one| one["hit"].as_u64().unwrap()).collect()
    }

    /// What it was asked since it was last asked for that.
    pub(super) fn requests(&self) -> Vec<Got> {
        let all = self.served.control("GET", "/requests", &Value::Null);
        self.served.control("DELETE", "/requests", &Value::Null);
        let all = all["requests"].as_array().unwrap().iter();
        all.map(|one| Got {
            method: one["method"].as_str().unwrap().to_owned(),
            path: one["path"].as_str().unwrap().to_owned(),
            status: one["status"].as_u64(),
        })
        .collect()
    }

    /// What is there now, by the vendor's own API and without any of the program's code.
    pub(super) fn books(&self, product: &Product) -> Books {
        let books = match (product.rented, product.name) {
            (Some(service), _) => self.rented(service),
            (None, "hetzner") => self.hetzner(),
            _ => self.public_cloud(),
        };
        self.served.control("DELETE", "/requests", &Value::Null);
        books
    }

    fn hetzner(&self) -> Books {
        let list = |path: &str| -> Vec<String> {
            let all = self
                .served
                .hetzner("GET", &format!("/{path}"), &Value::Null);
            ids(path, &all[path])
        };
        Books {
            servers: list("servers"),
            things: ["ssh_keys", "primary_ips", "volumes"]
                .into_iter()
                .flat_map(list)
                .collect(),
        }
    }

    fn public_cloud(&self) -> Books {
        let project = self.served.variable("OVH_CLOUD_PROJECT_SERVICE");
        let list = |what: &str| self.ovh(&format!("/cloud/project/{project}/{what}"));
        Books {
            servers: ids("instance", &list("instance")),
            things: ids("sshkey", &list("sshkey")),
        }
    }

    /// A rented service is ours as long as it bears a tag of ours.
    fn rented(&self, service: &str) -> Books {
        let tags = self.ovh(service)["iam"]["tags"].clone();
        let tags = tags.as_object().cloned().unwrap_or_default();
        let ours = tags.keys().filter(|tag| !tag.starts_with("ovh:"));
        let ours: Vec<String> = ours.map(|tag| format!("tag {tag}")).collect();
        let servers = if ours.is_empty() {
            Vec::new()
        } else {
            vec![format!("service {}", service.rsplit('/').next().unwrap())]
        };
        Books {
            servers,
            things: ours,
        }
    }

    /// Reads from OVH's API, signed as its documentation says.
    fn ovh(&self, path: &str) -> Value {
        let of = |name: &str| self.served.variable(name);
        let base = of("OVH_ENDPOINT");
        let now = self.send(self.client.get(format!("{base}/auth/time")));
        let (url, now) = (format!("{base}{path}"), now.as_i64().unwrap());
        let (secret, consumer) = (of("OVH_APPLICATION_SECRET"), of("OVH_CONSUMER_KEY"));
        let text = format!("{secret}+{consumer}+GET+{url}++{now}");
        let signature = format!("$1${}", HEXLOWER.encode(&Sha1::digest(text)));
        self.send(
            self.client
                .get(url)
                .header("X-Ovh-Application", of("OVH_APPLICATION_KEY"))
                .header("X-Ovh-Consumer", consumer)
                .header("X-Ovh-Timestamp", now)
                .header("X-Ovh-Signature", signature),
        )
    }
}

fn ids(kind: &str, list: &Value) -> Vec<String> {
    let all = list.as_array().unwrap_or_else(|| panic!("{kind}: {list}"));
    let there = all.iter().filter(|one| one["status"] != json!("DELETED"));
    let id = |one: &Value| match &one["id"] {
        Value::String(id) => id.clone(),
        other => other.to_string(),
    };
    there.map(|one| format!("{kind} {}", id(one))).collect()
}
