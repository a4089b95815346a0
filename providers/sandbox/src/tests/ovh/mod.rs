//! OVH's face as its clients meet it: signed requests over HTTP, machines that only remember.

mod auth;
mod capacity;
mod catalog;
mod instances;
mod power;
mod rescue;
mod schema;

use super::Fixture;
use super::machine::Paper;
use crate::Access;
use jiff::Timestamp;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use sha1::{Digest, Sha1};
use std::sync::Arc;

/// A client that signs by itself, as the vendor's documentation says.
pub(super) struct Signer {
    http: reqwest::Client,
    pub(super) access: Access,
    /// What it adds to this host's clock.
    pub(super) delta: i64,
}

/// A status and a body.
pub(super) type Got = (u16, Value);

impl Signer {
    pub(super) fn new(access: &Access) -> Self {
        Self {
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            access: access.clone(),
            delta: 0,
        }
    }

    /// Below the endpoint; `/v2` is beside it.
    fn url(&self, path: &str) -> String {
        let base = &self.access.endpoint_ovh;
        if path.starts_with("/v2/") {
            format!("{}{path}", base.strip_suffix("/1.0").unwrap())
        } else {
            format!("{base}{path}")
        }
    }

    fn signature(&self, method: &Method, url: &str, body: &str, timestamp: i64) -> String {
        let access = &self.access;
        let text = format!(
            "{}+{}+{method}+{url}+{body}+{timestamp}",
            access.ovh_application_secret, access.ovh_consumer_key
        );
        let hex: String = Sha1::digest(text)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        format!("$1${hex}")
    }

    /// A request with the four headers, not sent yet.
    pub(super) fn signed(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> reqwest::RequestBuilder {
        let (url, body) = (self.url(path), body.map(Value::to_string));
        let timestamp = Timestamp::now().as_second() + self.delta;
        let text = body.clone().unwrap_or_default();
        let signature = self.signature(&method, &url, &text, timestamp);
        let request = self
            .http
            .request(method, url)
            .header("X-Ovh-Application", &self.access.ovh_application_key)
            .header("X-Ovh-Consumer", &self.access.ovh_consumer_key)
            .header("X-Ovh-Timestamp", timestamp)
            .header("X-Ovh-Signature", signature);
        match body {
            Some(body) => request
                .header("Content-Type", "application/json")
                .body(body),
            None => request,
        }
    }

    pub(super) async fn whole(&self, request: reqwest::RequestBuilder) -> (HeaderMap, Got) {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        (headers, (status, serde_json::from_str(&text).unwrap()))
    }

    pub(super) async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Got {
        self.whole(self.signed(method, path, body)).await.1
    }

    /// Gets what must be there.
    pub(super) async fn get(&self, path: &str) -> Value {
        let (status, body) = self.ask(Method::GET, path, None).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// A path in the project.
    pub(super) fn project(&self, rest: &str) -> String {
        format!("/cloud/project/{}{rest}", self.access.ovh_project)
    }

    /// A path of an instance.
    pub(super) fn at(&self, instance: &str, rest: &str) -> String {
        self.project(&format!("/instance/{instance}{rest}"))
    }

    /// The id that a flavor or an image has in a region.
    async fn id_of(&self, kind: &str, region: &str, name: &str) -> Value {
        let path = self.project(&format!("/{kind}?region={region}"));
        let all = self.get(&path).await;
        let mut all = all.as_array().unwrap().iter();
        all.find(|thing| thing["name"] == name).unwrap()["id"].clone()
    }

    /// An order that is good.
    pub(super) async fn order(&self, name: &str) -> Value {
        json!({
            "name": name,
            "region": "GRA11",
            "flavorId": self.id_of("flavor", "GRA11", "d2-2").await,
            "imageId": self.id_of("image", "GRA11", "Debian 13").await,
        })
    }

    /// Orders what must be accepted; answers its id.
    pub(super) async fn instance(&self, name: &str) -> String {
        let order = self.order(name).await;
        let made = self.did(&self.project("/instance"), order).await;
        made["id"].as_str().unwrap().to_owned()
    }

    pub(super) async fn status(&self, instance: &str) -> String {
        let shown = self.get(&self.at(instance, "")).await;
        shown["status"].as_str().unwrap().to_owned()
    }

    /// Posts what must be accepted.
    pub(super) async fn did(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.ask(Method::POST, path, Some(&body)).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    /// Posts what must be refused, and answers status and message.
    pub(super) async fn refused(&self, path: &str, body: Value) -> (u16, String) {
        let (status, answer) = self.ask(Method::POST, path, Some(&body)).await;
        assert_ne!(status, 200, "{path}: {answer}");
        (status, answer["message"].as_str().unwrap().to_owned())
    }
}

/// The names of things in a list.
pub(super) fn names(list: &Value) -> Vec<String> {
    let things = list.as_array().unwrap().iter();
    things
        .map(|thing| thing["name"].as_str().unwrap().to_owned())
        .collect()
}

impl Fixture {
    pub(super) fn ovh_machine(&self, instance: &str) -> Arc<Paper> {
        self.maker
            .get(&format!("ovh-{instance}"))
            .expect("no such machine")
    }

    pub(super) fn ovh(&self) -> Signer {
        Signer::new(&self.client.access)
    }

    /// Lays settings of OVH's face over the world's.
    pub(super) async fn set_ovh(&self, ovh: Value) {
        let body = Some(json!({ "ovh": ovh }));
        let (status, answer) = self.client.control(Method::POST, "/settings", body).await;
        assert_eq!(status.as_u16(), 200, "{answer}");
    }
}
