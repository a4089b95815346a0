//! A vendor that answers from fixtures.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

use provision_api::http::Limits;
use provision_api::{HostName, LoginKey, Marks, Order, OwnedServer, Owner, Phase, Provider, Role};
use provision_hetzner::{Config, Hetzner};
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockBuilder, MockServer, Request, ResponseTemplate};

pub(crate) const TOKEN: &str = "T0T0T0T0T0T0T0T0T0T0T0T0T0T0T0T0T0T0T0T0T0T0T0T0T0T0T0T0T0T0T0T0";
pub(crate) const PUBLIC: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
pub(crate) const MD5: &str = "0f:a2:0a:d7:38:3e:65:45:08:6b:63:84:1c:ff:dc:ba";

pub(crate) fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

pub(crate) fn fixture(name: &str) -> String {
    let file = fixtures().join("hetzner").join(name);
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

pub(crate) fn json(name: &str) -> Value {
    serde_json::from_str(&fixture(name)).unwrap()
}

/// An answer with a fixture as its body.
pub(crate) fn answer(status: u16, name: &str) -> ResponseTemplate {
    let kind = if name.ends_with("html") {
        "text/html"
    } else {
        "application/json"
    };
    ResponseTemplate::new(status).set_body_raw(fixture(name), kind)
}

/// An error of the vendor's.
pub(crate) fn problem(code: &str) -> ResponseTemplate {
    let all = json("problems.json");
    let known = all.as_array().unwrap().iter();
    let found = known
        .clone()
        .find(|problem| problem["body"]["error"]["code"] == code)
        .unwrap();
    let status = u16::try_from(found["status"].as_u64().unwrap()).unwrap();
    ResponseTemplate::new(status)
        .insert_header("X-Correlation-Id", "corr-1")
        .set_body_json(&found["body"])
}

/// Pauses a fiftieth of the usual ones; time enough for an answer on a busy machine.
pub(crate) fn quick() -> Limits {
    Limits {
        backoff: Limits::default().backoff.scaled(0.02),
        ..Limits::default()
    }
}

/// The same, for a vendor that does not answer at all.
pub(crate) fn impatient() -> Limits {
    Limits {
        request: Duration::from_secs(1),
        ..quick()
    }
}

/// The vendor and the adapter that speaks to it.
pub(crate) struct Stub {
    pub(crate) vendor: MockServer,
    pub(crate) hetzner: Hetzner,
}

impl Stub {
    pub(crate) async fn new() -> Self {
        Self::with(quick()).await
    }

    pub(crate) async fn with(limits: Limits) -> Self {
        let vendor = MockServer::start().await;
        let endpoint = Url::parse(&format!("{}/v1", vendor.uri())).unwrap();
        let config = Config {
            limits,
            ..Config::new(endpoint, TOKEN.into())
        };
        let hetzner = Hetzner::new(config).unwrap();
        Self { vendor, hetzner }
    }

    /// Answers so, however often it is asked.
    pub(crate) async fn on(&self, call: MockBuilder, answer: ResponseTemplate) {
        call.respond_with(answer).mount(&self.vendor).await;
    }

    /// Answers so once, before whatever else answers.
    pub(crate) async fn once(&self, call: MockBuilder, answer: ResponseTemplate) {
        call.respond_with(answer)
            .up_to_n_times(1)
            .with_priority(1)
            .mount(&self.vendor)
            .await;
    }

    /// What the vendor was asked: `POST /servers` and the like, in order.
    pub(crate) async fn asked(&self) -> Vec<String> {
        let requests = self.vendor.received_requests().await.unwrap();
        requests.iter().map(asked).collect()
    }

    /// The JSON body of the only request of that kind.
    pub(crate) async fn body_of(&self, call: &str) -> Value {
        let requests = self.vendor.received_requests().await.unwrap();
        let mut found = requests.iter().filter(|request| asked(request) == call);
        let body = serde_json::from_slice(&found.next().unwrap().body).unwrap();
        assert!(found.next().is_none(), "{call} was asked twice");
        body
    }

    /// The server of `server.json`, which is ours.
    pub(crate) async fn ours(&self) -> OwnedServer {
        self.server_like(|_| {}).await
    }

    /// The server of `server.json`, changed.
    pub(crate) async fn server_like(&self, change: impl FnOnce(&mut Value)) -> OwnedServer {
        let mut server = json("server.json")["server"].take();
        change(&mut server);
        let list = serde_json::json!({ "servers": [server] });
        self.once(
            get("/servers"),
            ResponseTemplate::new(200).set_body_json(list),
        )
        .await;
        let server = self.hetzner.servers().await.unwrap().remove(0);
        self.vendor.reset().await;
        OwnedServer::claim(server, &owner()).unwrap()
    }
}

fn asked(request: &Request) -> String {
    let path = request.url.path().trim_start_matches("/v1");
    format!("{} {path}", request.method)
}

fn call(verb: &str, below: &str) -> MockBuilder {
    Mock::given(method(verb)).and(path(format!("/v1{below}")))
}

pub(crate) fn get(below: &str) -> MockBuilder {
    call("GET", below)
}

pub(crate) fn post(below: &str) -> MockBuilder {
    call("POST", below)
}

pub(crate) fn put(below: &str) -> MockBuilder {
    call("PUT", below)
}

pub(crate) fn delete(below: &str) -> MockBuilder {
    call("DELETE", below)
}

pub(crate) fn owner() -> Owner {
    "ann".parse().unwrap()
}

pub(crate) fn key() -> LoginKey {
    LoginKey {
        name: "ann-laptop".to_owned(),
        public: PUBLIC.to_owned(),
        owner: owner(),
    }
}

/// The marks that the fixtures' servers bear, save for time and key.
pub(crate) fn marks() -> Marks {
    let host: HostName = "web-1".parse().unwrap();
    Marks {
        owner: owner(),
        run: "20260710t081500-1".parse().unwrap(),
        host,
        role: Role::Server,
        phase: Phase::Created,
        expires: None,
        host_key: None,
        lease: None,
    }
}

pub(crate) fn order() -> Order {
    Order {
        name: "web-1".to_owned(),
        server_type: "cx23".to_owned(),
        location: "fsn1".to_owned(),
        image: "debian-13".to_owned(),
        keys: vec![provision_api::KeyId::new("7")],
        user_data: "#cloud-config\nssh_keys: {}\n".into(),
        marks: marks(),
        powered_off: false,
    }
}
