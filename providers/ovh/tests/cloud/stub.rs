//! A vendor that answers for one Public Cloud project from `fixtures/ovh/cloud.json`.

use provision_api::http::Limits;
use provision_api::{KeyId, Marks, Order, OwnedServer, Owner, Phase, Provider, Role};
use provision_ovh::{Config, Credentials, PublicCloud};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};
use url::Url;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockBuilder, MockServer, Request, ResponseTemplate};

pub(crate) const PUBLIC: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
pub(crate) const APPLICATION_KEY: &str = "appKEY0123456789";
pub(crate) const APPLICATION_SECRET: &str = "appSECRET0123456789abcdefghijkl";
pub(crate) const CONSUMER_KEY: &str = "consKEY0123456789abcdefghijklmn";
pub(crate) const CLIENT_SECRET: &str = "clientSECRET0123456789";
/// How `cloud.json` calls the instance that is ordered here.
pub(crate) const RAW: &str = "web-1_prov1_ann_20260710t081500-1_web-1_sc1783670400";
pub(crate) const KEY_NAME: &str = "prov1_ann_20260710t081500-1_web-1";

pub(crate) fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/ovh")
}

/// A fixture.
pub(crate) fn json_of(file: &str) -> Value {
    let file = fixtures().join(file);
    let text = std::fs::read_to_string(&file);
    let text = text.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    serde_json::from_str(&text).unwrap()
}

/// What the vendor says to that call.
pub(crate) fn said(call: &str) -> Value {
    let said = json_of("cloud.json")[call].take();
    assert!(!said.is_null(), "cloud.json has no {call}");
    said
}

pub(crate) fn ok(body: impl serde::Serialize) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

/// The vendor's answer where there is nothing to tell.
pub(crate) fn nothing() -> ResponseTemplate {
    ResponseTemplate::new(200)
}

pub(crate) fn problem(status: u16, class: &str, message: &str) -> ResponseTemplate {
    ResponseTemplate::new(status)
        .insert_header("X-Ovh-QueryID", "EU.ext-3.abc")
        .set_body_json(json!({ "class": class, "message": message }))
}

/// An answer that never comes in time.
pub(crate) fn lost() -> ResponseTemplate {
    ResponseTemplate::new(200).set_delay(Duration::from_secs(30))
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

pub(crate) fn signature() -> Credentials {
    Credentials::Signature {
        application_key: APPLICATION_KEY.to_owned(),
        application_secret: APPLICATION_SECRET.into(),
        consumer_key: CONSUMER_KEY.into(),
    }
}

pub(crate) fn oauth2() -> Credentials {
    Credentials::OAuth2 {
        client_id: "clientId".to_owned(),
        client_secret: CLIENT_SECRET.into(),
    }
}

/// The machine's time in seconds.
pub(crate) fn now() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.unwrap().as_secs().try_into().unwrap()
}

/// The vendor and the adapter that speaks to it.
pub(crate) struct Stub {
    pub(crate) vendor: MockServer,
    pub(crate) cloud: PublicCloud,
}

impl Stub {
    /// One that says what `cloud.json` has.
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let stub = Self::silent(change).await;
        for (call, body) in json_of("cloud.json").as_object().unwrap() {
            let (verb, below) = call.split_once(' ').unwrap();
            stub.on(call_to(verb, below), ok(body)).await;
        }
        let instance = "/cloud/project/p1/instance/i-1";
        stub.on(put(instance), nothing()).await;
        stub.on(delete(instance), nothing()).await;
        stub.on(post(&format!("{instance}/reboot")), nothing())
            .await;
        stub.on(post(&format!("{instance}/start")), nothing()).await;
        stub
    }

    /// One that says nothing but the time.
    pub(crate) async fn silent(change: impl FnOnce(&mut Config)) -> Self {
        let vendor = MockServer::start().await;
        let endpoint = Url::parse(&format!("{}/ovh/1.0", vendor.uri())).unwrap();
        let mut config = Config::new(endpoint, signature());
        config.limits = quick();
        config.project = Some("p1".to_owned());
        change(&mut config);
        let cloud = PublicCloud::new(config).unwrap();
        let stub = Self { vendor, cloud };
        stub.on(get("/auth/time"), ok(now())).await;
        stub
    }

    /// Answers so, however often it is asked.
    pub(crate) async fn on(&self, call: MockBuilder, answer: ResponseTemplate) {
        let mock = call.respond_with(answer).with_priority(9);
        mock.mount(&self.vendor).await;
    }

    /// Answers so instead.
    pub(crate) async fn instead(&self, call: MockBuilder, answer: ResponseTemplate) {
        let mock = call.respond_with(answer).with_priority(5);
        mock.mount(&self.vendor).await;
    }

    /// Answers so once, before whatever else answers.
    pub(crate) async fn once(&self, call: MockBuilder, answer: ResponseTemplate) {
        let mock = call.respond_with(answer).up_to_n_times(1);
        mock.with_priority(1).mount(&self.vendor).await;
    }

    pub(crate) async fn received(&self) -> Vec<Request> {
        self.vendor.received_requests().await.unwrap()
    }

    /// Everything that the vendor was asked: `GET /ovh/1.0/cloud/project`.
    pub(crate) async fn all(&self) -> Vec<String> {
        let requests = self.received().await;
        requests
            .iter()
            .map(|request| format!("{} {}", request.method, request.url.path()))
            .collect()
    }

    /// What the vendor was asked of the project: `GET /instance`, in order.
    pub(crate) async fn asked(&self) -> Vec<String> {
        let requests = self.received().await;
        requests.iter().filter_map(of_project).collect()
    }

    /// The same in alphabetical order, where several were asked at once.
    pub(crate) async fn asked_sorted(&self) -> Vec<String> {
        let mut asked = self.asked().await;
        asked.sort_unstable();
        asked
    }

    /// The JSON body of the only request of that kind.
    pub(crate) async fn body_of(&self, call: &str) -> Value {
        let requests = self.received().await;
        let mut found = requests
            .iter()
            .filter(|request| of_project(request).as_deref() == Some(call));
        let first = found.next().unwrap_or_else(|| panic!("no {call}"));
        let body = serde_json::from_slice(&first.body).unwrap();
        assert!(found.next().is_none(), "{call} was asked twice");
        body
    }

    /// The instance i-1, which is ours, and just made: the list and its own page say the same.
    pub(crate) async fn ours_new(&self) -> OwnedServer {
        let list = json!([crate::things::listed(|_| ())]);
        self.instead(get("/cloud/project/p1/instance"), ok(list))
            .await;
        self.ours("ACTIVE").await
    }

    /// The instance i-1, which is ours, in that status.
    pub(crate) async fn ours(&self, status: &str) -> OwnedServer {
        self.is(status).await;
        let server = self.cloud.servers().await.unwrap().remove(0);
        OwnedServer::claim(server, &owner()).unwrap()
    }

    /// Says from now on that i-1 is in that status.
    pub(crate) async fn is(&self, status: &str) {
        let mut detail = said("GET /cloud/project/p1/instance/i-1");
        detail["status"] = json!(status);
        self.instead(get("/cloud/project/p1/instance/i-1"), ok(&detail))
            .await;
    }

    /// Says from now on that there is nothing.
    pub(crate) async fn is_empty(&self) {
        for list in ["instance", "sshkey"] {
            let call = get(&format!("/cloud/project/p1/{list}"));
            self.instead(call, ok(json!([]))).await;
        }
    }
}

fn of_project(request: &Request) -> Option<String> {
    let below = request
        .url
        .path()
        .strip_prefix("/ovh/1.0/cloud/project/p1/")?;
    Some(format!("{} /{below}", request.method))
}

fn call_to(verb: &str, below: &str) -> MockBuilder {
    Mock::given(method(verb)).and(path(format!("/ovh/1.0{below}")))
}

pub(crate) fn get(below: &str) -> MockBuilder {
    call_to("GET", below)
}

pub(crate) fn post(below: &str) -> MockBuilder {
    call_to("POST", below)
}

pub(crate) fn put(below: &str) -> MockBuilder {
    call_to("PUT", below)
}

pub(crate) fn delete(below: &str) -> MockBuilder {
    call_to("DELETE", below)
}

pub(crate) fn owner() -> Owner {
    "ann".parse().unwrap()
}

/// The marks that `cloud.json`'s i-1 bears when it was just made.
pub(crate) fn marks() -> Marks {
    Marks {
        owner: owner(),
        run: "20260710t081500-1".parse().unwrap(),
        host: "web-1".parse().unwrap(),
        role: Role::Server,
        phase: Phase::Created,
        expires: Some("2026-07-10T08:00:00Z".parse().unwrap()),
        host_key: None,
        lease: None,
    }
}

pub(crate) fn order() -> Order {
    Order {
        name: "web-1".to_owned(),
        server_type: "d2-2".to_owned(),
        location: "GRA11".to_owned(),
        image: "Debian 13".to_owned(),
        keys: vec![KeyId::new(PUBLIC)],
        user_data: "#cloud-config\nssh_keys: {}\n".into(),
        marks: marks(),
        powered_off: false,
    }
}
