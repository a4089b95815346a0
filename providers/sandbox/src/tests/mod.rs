//! The sandbox as its clients meet it: over HTTP, with machines that only remember.

mod actions;
mod addresses;
mod catalog;
mod control;
mod faults;
mod keeping;
mod keys;
mod machine;
mod ovh;
mod ovh_dedicated;
mod ovh_iam;
mod ovh_rented_schema;
mod ovh_vps;
mod power;
mod rescue;
mod schema;
mod servers;
mod vendors;
mod volumes;

use crate::{Access, Options, Sandbox, SandboxError};
use machine::{Paper, PaperMaker};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What the run does not have: the test says so and is left out, or fails where that is asked for.
pub(crate) fn skipped(why: &str) {
    let required = std::env::var_os("PROVISION_REQUIRE_TOOLS").is_some();
    assert!(!required, "{why}");
    eprintln!("skipped: {why}");
}

/// The folder that a variable names, or this test is left out.
pub(crate) fn folder_named_by(variable: &str) -> Option<PathBuf> {
    let folder = std::env::var_os(variable).map(PathBuf::from);
    if folder.is_none() {
        skipped(&format!("{variable} names no folder"));
    }
    folder
}

/// A world in a folder of its own, and a client.
struct Fixture {
    home: tempfile::TempDir,
    sandbox: Sandbox,
    maker: Arc<PaperMaker>,
    client: Client,
}

impl Fixture {
    async fn new() -> Self {
        Self::with(json!({})).await
    }

    /// With world settings.
    async fn with(settings: Value) -> Self {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("settings.json"), settings.to_string()).unwrap();
        Self::open(home).await
    }

    async fn open(home: tempfile::TempDir) -> Self {
        let maker = Arc::new(PaperMaker::default());
        let sandbox = open(home.path(), Arc::clone(&maker), false).await.unwrap();
        let client = Client::new(sandbox.access());
        Self {
            home,
            sandbox,
            maker,
            client,
        }
    }

    /// Closes it; its folder.
    async fn closed(self) -> tempfile::TempDir {
        self.sandbox.close().await.unwrap();
        self.home
    }

    /// Closes it and opens the same world again.
    async fn again(self) -> Self {
        self.sandbox.close().await.unwrap();
        Self::open(self.home).await
    }

    fn machine(&self, server: u64) -> Arc<Paper> {
        self.maker
            .get(&format!("hetzner-{server}"))
            .expect("no such machine")
    }
}

async fn open(home: &Path, maker: Arc<PaperMaker>, serve: bool) -> Result<Sandbox, SandboxError> {
    let settings = home.join("settings.json");
    let options = Options {
        state_dir: home.join("state"),
        world: settings.exists().then_some(settings),
        record: Some(home.join("record.jsonl")),
        serve,
        ..Options::default()
    };
    Sandbox::open_with(options, maker).await
}

/// A client of the Hetzner face and of the control endpoint.
#[derive(Clone)]
struct Client {
    http: reqwest::Client,
    access: Access,
}

/// A status and a body.
type Got = (StatusCode, Value);

impl Client {
    fn new(access: &Access) -> Self {
        Self {
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            access: access.clone(),
        }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.access.endpoint_hetzner))
            .bearer_auth(&self.access.token_hetzner)
    }

    async fn send(&self, request: RequestBuilder) -> Got {
        let response = request.send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        let body = if text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text).unwrap()
        };
        (status, body)
    }

    async fn get(&self, path: &str) -> Value {
        let (status, body) = self.send(self.request(Method::GET, path)).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        body
    }

    async fn post(&self, path: &str, body: Value) -> Got {
        self.send(self.request(Method::POST, path).json(&body))
            .await
    }

    async fn put(&self, path: &str, body: Value) -> Got {
        self.send(self.request(Method::PUT, path).json(&body)).await
    }

    async fn delete(&self, path: &str) -> Got {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// Posts what must be accepted.
    async fn did(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.post(path, body).await;
        assert_eq!(status, StatusCode::CREATED, "{path}: {answer}");
        answer
    }

    /// Posts what must be refused, and answers status and code.
    async fn refused(&self, path: &str, body: Value) -> (u16, String) {
        let (status, answer) = self.post(path, body).await;
        assert!(!status.is_success(), "{path}: {answer}");
        (
            status.as_u16(),
            answer["error"]["code"].as_str().unwrap().to_owned(),
        )
    }

    async fn control(&self, method: Method, path: &str, body: Option<Value>) -> Got {
        let request = self
            .http
            .request(method, format!("{}{path}", self.access.control))
            .bearer_auth(&self.access.token_hetzner);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        self.send(request).await
    }

    async fn arm(&self, rule: Value) {
        let (status, answer) = self.control(Method::POST, "/faults", Some(rule)).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    }

    /// A server that runs; answers its number.
    async fn server(&self, name: &str) -> u64 {
        let order =
            json!({"name": name, "server_type": "cx23", "image": "debian-13", "location": "fsn1"});
        let made = self.did("/servers", order).await;
        id(&made["server"])
    }

    async fn status(&self, server: u64) -> String {
        let found = self.get(&format!("/servers/{server}")).await;
        found["server"]["status"].as_str().unwrap().to_owned()
    }
}

fn id(thing: &Value) -> u64 {
    thing["id"]
        .as_u64()
        .unwrap_or_else(|| panic!("no id: {thing}"))
}

/// Made with ssh-keygen for these tests; the private half is nowhere.
const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFw4wopLenNpJrntA1i5E+C4s/zEY6uRvWMr1EzWxwBd a@b";
const FINGERPRINT: &str = "52:0a:97:75:00:47:2f:95:94:ef:53:bc:80:b4:49:e5";
const OTHER_KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFfqIseYNQXvVW0PJqJ4o2JPjdfzFNo/O46pE5/3JtSR c@d";
