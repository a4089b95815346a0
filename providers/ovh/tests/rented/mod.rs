//! A vendor that answers from an account's fixture, for tests of what is rented.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

pub(crate) mod document;
mod tags;

use document::Document;
use provision_api::http::Limits;
use provision_api::{
    HostName, LoginKey, Marks, OwnedServer, Owner, Phase, Provider, Role, Server, ServerId,
};
use provision_ovh::{Config, Credentials};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};
use tags::{Dressed, Tags};
use url::Url;
use wiremock::matchers::{method, path, query_param};
use wiremock::{Mock, MockBuilder, MockServer, Request, ResponseTemplate};

pub(crate) const PUBLIC: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

/// Before whatever else answers; instead of the fixture; the fixture.
const FIRST: u8 = 1;
const INSTEAD: u8 = 5;
const LAST: u8 = 10;

/// The account of a fixture, by `METHOD /path?query`.
pub(crate) fn account(name: &str) -> Value {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/ovh");
    let file = root.join(format!("{name}.json"));
    let text = std::fs::read_to_string(&file);
    let text = text.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    serde_json::from_str(&text).unwrap()
}

/// The vendor and the adapter that speaks to it.
pub(crate) struct Stub<P> {
    pub(crate) vendor: MockServer,
    pub(crate) provider: P,
    pub(crate) account: Value,
    tags: Tags,
    document: Option<Document>,
}

impl<P: Provider> Stub<P> {
    /// The account of that fixture (`vps`), behind that adapter.
    pub(crate) async fn new(
        name: &str,
        adapter: impl FnOnce(Config) -> provision_api::Result<P>,
    ) -> Self {
        let vendor = MockServer::start().await;
        let account = account(name);
        let tags = Tags::default();
        for (call, answer) in account.as_object().unwrap() {
            let dressed = Dressed::new(answer, &tags);
            let mock = on(call).respond_with(dressed).with_priority(LAST);
            mock.mount(&vendor).await;
        }
        time().mount(&vendor).await;
        let put = Mock::given(method("PUT")).and(wiremock::matchers::path_regex("^/v2/iam/"));
        put.respond_with(tags.clone())
            .with_priority(LAST)
            .mount(&vendor)
            .await;
        let provider = adapter(config(&vendor.uri())).unwrap();
        Self {
            vendor,
            provider,
            account,
            tags,
            document: Document::load(name),
        }
    }

    /// Answers so, instead of what the fixture has.
    pub(crate) async fn answer(&self, call: &str, status: u16, body: Value) {
        let template = ResponseTemplate::new(status)
            .insert_header("X-Ovh-QueryID", "EU.ext-1.test")
            .set_body_json(body);
        let mock = on(call).respond_with(template).with_priority(INSTEAD);
        mock.mount(&self.vendor).await;
    }

    /// Answers so once, before whatever else answers.
    pub(crate) async fn once(&self, call: &str, status: u16, body: Value) {
        let template = ResponseTemplate::new(status).set_body_json(body);
        let mock = on(call).respond_with(template).with_priority(FIRST);
        mock.up_to_n_times(1).mount(&self.vendor).await;
    }

    /// The fixture's answer to that, changed; with the tags that are written later.
    pub(crate) async fn changed(&self, call: &str, change: impl FnOnce(&mut Value)) {
        let mut body = self.account[call].clone();
        change(&mut body);
        let dressed = Dressed::new(&body, &self.tags);
        let mock = on(call).respond_with(dressed).with_priority(INSTEAD);
        mock.mount(&self.vendor).await;
    }

    /// An error of the vendor's, instead of what the fixture has.
    pub(crate) async fn refuse(&self, call: &str, status: u16, code: &str, message: &str) {
        let body = json!({ "class": "Client::Test", "errorCode": code, "message": message });
        self.answer(call, status, body).await;
    }

    /// What the vendor was asked, in order: `GET /vps`; held against the vendor's document.
    pub(crate) async fn asked(&self) -> Vec<String> {
        let requests = self.requests().await;
        if let Some(document) = &self.document {
            let faults: Vec<_> = requests
                .iter()
                .flat_map(|one| document.faults(one))
                .collect();
            assert!(faults.is_empty(), "{faults:#?}");
        }
        requests.iter().map(asked).collect()
    }

    /// The same, without what only reads.
    pub(crate) async fn writes(&self) -> Vec<String> {
        let mut asked = self.asked().await;
        asked.retain(|call| !call.starts_with("GET "));
        asked
    }

    /// The JSON body of the only request of that kind.
    pub(crate) async fn body_of(&self, call: &str) -> Value {
        let requests = self.requests().await;
        let mut found = requests.iter().filter(|request| asked(request) == call);
        let body = serde_json::from_slice(&found.next().unwrap().body).unwrap();
        assert!(found.next().is_none(), "{call} was asked twice");
        body
    }

    async fn requests(&self) -> Vec<Request> {
        let mut all = self.vendor.received_requests().await.unwrap();
        all.retain(|request| request.url.path() != "/1.0/auth/time");
        all
    }
}

pub(crate) fn config(uri: &str) -> Config {
    let endpoint = Url::parse(&format!("{uri}/1.0")).unwrap();
    let credentials = Credentials::Signature {
        application_key: "K3yK3yK3yK3yK3yK".to_owned(),
        application_secret: "S3cr3tS3cr3tS3cr3tS3cr3tS3cr3tS3".into(),
        consumer_key: "C0nsum3rC0nsum3rC0nsum3rC0nsum3r".into(),
    };
    Config {
        limits: Limits {
            // a fiftieth of the usual pauses; time enough for an answer on a busy machine
            backoff: Limits::default().backoff.scaled(0.02),
            ..Limits::default()
        },
        ..Config::new(endpoint, credentials)
    }
}

fn time() -> Mock {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let answer = ResponseTemplate::new(200).set_body_json(now.as_secs());
    Mock::given(method("GET"))
        .and(path("/1.0/auth/time"))
        .respond_with(answer)
}

fn on(call: &str) -> MockBuilder {
    let (verb, rest) = call.split_once(' ').unwrap();
    let (below, query) = rest.split_once('?').unwrap_or((rest, ""));
    let below = if below.starts_with("/v2/") {
        below.to_owned()
    } else {
        // what has a meaning in a URL is encoded on its way
        format!("/1.0{}", below.replace(':', "%3A"))
    };
    let mut mock = Mock::given(method(verb)).and(path(below));
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        mock = mock.and(query_param(name, value));
    }
    mock
}

fn asked(request: &Request) -> String {
    let below = request.url.path().trim_start_matches("/1.0");
    match request.url.query() {
        Some(query) => format!("{} {below}?{query}", request.method),
        None => format!("{} {below}", request.method),
    }
}

pub(crate) fn owner() -> Owner {
    "ann".parse().unwrap()
}

/// The marks that the fixtures' first service bears.
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

pub(crate) fn key(public: &str) -> LoginKey {
    LoginKey {
        name: "ann-laptop".to_owned(),
        public: public.to_owned(),
        owner: owner(),
    }
}

/// A service as a list told of it once; what it says may be wrong by now.
pub(crate) fn seen(service: &str, marks: Option<Marks>) -> Server {
    Server {
        id: ServerId::new(service),
        name: service.to_owned(),
        status: provision_api::ServerStatus::Running,
        ipv4: None,
        ipv6: None,
        gateway6: None,
        server_type: String::new(),
        location: String::new(),
        arch: provision_api::Arch::X86_64,
        created: "2026-05-04T00:00:00Z".parse().unwrap(),
        rescue_armed: false,
        protected: false,
        marks,
        doubt: None,
        labels: std::collections::BTreeMap::new(),
    }
}

/// The same, as ours, in that phase.
pub(crate) fn ours(service: &str, phase: Phase) -> OwnedServer {
    let marks = Marks { phase, ..marks() };
    OwnedServer::claim(seen(service, Some(marks)), &owner()).unwrap()
}
