//! The suite of all providers, for each of the three products, over HTTP against the sandbox,
//! which is another reading of the vendor's schemas.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

use provision_api::conformance::{Bench, run};
use provision_api::http::Limits;
use provision_api::{Backoff, LoginKey, Provider, Server};
use provision_ovh::{Config, Credentials, Dedicated, PublicCloud, Vps};
use provision_sandbox::faults::{Kind, Rule, Status};
use provision_sandbox::{Options, Sandbox, Settings};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use url::Url;

const PUBLIC: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";

/// One of the products, and the world that it is asked in.
struct World {
    sandbox: Sandbox,
    _folder: TempDir,
}

impl World {
    async fn new(settings: &Settings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let world = folder.path().join("settings.json");
        std::fs::write(&world, serde_json::to_vec(settings).unwrap()).unwrap();
        let options = Options {
            state_dir: folder.path().join("state"),
            world: Some(world),
            ..Options::default()
        };
        Self {
            sandbox: Sandbox::open(options).await.unwrap(),
            _folder: folder,
        }
    }

    fn signed(&self) -> Config {
        let access = self.sandbox.access();
        self.config(Credentials::Signature {
            application_key: access.ovh_application_key.clone(),
            application_secret: access.ovh_application_secret.clone().into(),
            consumer_key: access.ovh_consumer_key.clone().into(),
        })
    }

    fn service_account(&self) -> Config {
        let access = self.sandbox.access();
        self.config(Credentials::OAuth2 {
            client_id: access.ovh_client_id.clone(),
            client_secret: access.ovh_client_secret.clone().into(),
        })
    }

    fn config(&self, credentials: Credentials) -> Config {
        let access = self.sandbox.access();
        Config {
            project: Some(access.ovh_project.clone()),
            limits: Limits {
                backoff: Limits::default().backoff.scaled(0.02),
                ..Limits::default()
            },
            ..Config::new(Url::parse(&access.endpoint_ovh).unwrap(), credentials)
        }
    }
}

/// What is ordered, or taken over.
async fn bench(name: &'static str, provider: &dyn Provider) -> Bench {
    let image = "Debian 13".to_owned();
    let (server_type, location, server) = if provider.capabilities().create {
        let catalog = provider.catalog().await.unwrap();
        let kind = catalog.server_type("d2-2").unwrap();
        let offer = kind.offers.iter().find(|o| o.available).unwrap();
        (kind.name.clone(), offer.location.clone(), None)
    } else {
        let rented = provider.servers().await.unwrap();
        let one: Server = rented.into_iter().next().unwrap();
        (one.server_type.clone(), one.location.clone(), Some(one))
    };
    Bench {
        name,
        owner: "ann".parse().unwrap(),
        stranger: "bob".parse().unwrap(),
        key: LoginKey {
            name: "conformance".to_owned(),
            public: PUBLIC.to_owned(),
            owner: "ann".parse().unwrap(),
        },
        server_type,
        location,
        image,
        server,
        patience: Duration::from_secs(30),
        pace: Backoff::new(Duration::from_millis(5), Duration::from_millis(50)),
    }
}

fn product(name: &str, config: Config) -> Arc<dyn Provider> {
    match name {
        "ovh" => Arc::new(PublicCloud::new(config).unwrap()),
        "ovh-vps" => Arc::new(Vps::new(config).unwrap()),
        _ => Arc::new(Dedicated::new(config).unwrap()),
    }
}

/// Runs the suite in a world of its own; answers with the checks that passed, and the requests.
async fn passed(
    name: &'static str,
    settings: &Settings,
    config: impl Fn(&World) -> Config,
) -> (Vec<&'static str>, u64) {
    let world = World::new(settings).await;
    let provider = product(name, config(&world));
    let bench = bench(name, &*provider).await;
    let result = run(Arc::clone(&provider), &bench).await;
    let checks =
        result.unwrap_or_else(|failure| panic!("{name}: {:?}: {failure}", settings.faults));
    let left = provider.servers().await.unwrap();
    let marked = left
        .iter()
        .filter(|s| s.marks.is_some() || s.doubt.is_some());
    assert_eq!(marked.count(), 0, "{name}: {left:#?}");
    let requests = provider.requests();
    world.sandbox.close().await.unwrap();
    (checks, requests)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_product_passes_the_suite_of_all_providers() {
    for (name, expected) in [("ovh", 19), ("ovh-vps", 15), ("ovh-dedicated", 14)] {
        let (checks, _) = passed(name, &Settings::default(), World::signed).await;
        assert_eq!(checks.len(), expected, "{name}: {checks:#?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_account_will_do() {
    for name in ["ovh", "ovh-vps", "ovh-dedicated"] {
        passed(name, &Settings::default(), World::service_account).await;
    }
}

/// Whatever is asked of the vendor, its answer may be lost, late or an error: the suite passes
/// all the same, so nothing is made twice, nothing is booted twice and nothing is left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_suite_passes_whichever_answer_is_lost() {
    let instance = "/cloud/project/*/instance";
    let one = "/cloud/project/*/instance/*";
    let calls = [
        ("ovh", "POST", "/cloud/project/*/sshkey".to_owned()),
        ("ovh", "POST", instance.to_owned()),
        ("ovh", "GET", instance.to_owned()),
        ("ovh", "PUT", one.to_owned()),
        ("ovh", "POST", format!("{one}/rescueMode")),
        ("ovh", "POST", format!("{one}/reboot")),
        ("ovh", "POST", format!("{one}/reinstall")),
        ("ovh", "DELETE", one.to_owned()),
        ("ovh", "DELETE", "/cloud/project/*/sshkey/*".to_owned()),
        ("ovh-vps", "PUT", "/vps/*".to_owned()),
        ("ovh-vps", "GET", "/vps/*".to_owned()),
        ("ovh-vps", "POST", "/vps/*/reboot".to_owned()),
        ("ovh-vps", "POST", "/vps/*/rebuild".to_owned()),
        ("ovh-vps", "GET", "/vps/*/tasks/*".to_owned()),
        ("ovh-dedicated", "PUT", "/dedicated/server/*".to_owned()),
        ("ovh-dedicated", "GET", "/dedicated/server/*".to_owned()),
        (
            "ovh-dedicated",
            "POST",
            "/dedicated/server/*/reboot".to_owned(),
        ),
        (
            "ovh-dedicated",
            "GET",
            "/dedicated/server/*/task/*".to_owned(),
        ),
    ];
    let status = |status, effect| {
        Kind::Status(Status {
            status,
            code: None,
            message: Some("as the test wants it".to_owned()),
            body: None,
            headers: [].into(),
            effect,
        })
    };
    let kinds = [
        Kind::DropBefore,
        Kind::DropAfter,
        status(502, true),
        status(504, false),
        status(429, false),
    ];
    for name in ["ovh", "ovh-vps", "ovh-dedicated"] {
        let (_, clean) = passed(name, &Settings::default(), World::signed).await;
        for kind in &kinds {
            // an image is not written again if the order for it may still come, or have come: an
            // instance does not tell which
            let may_come = !matches!(kind, Kind::Status(status) if status.status < 504);
            let is_excused = |path: &str| {
                may_come
                    && ["/rebuild", "/reinstall"]
                        .iter()
                        .any(|end| path.ends_with(end))
            };
            let mine = calls
                .iter()
                .filter(|(of, _, path)| *of == name && !is_excused(path));
            let rules = mine.map(|(_, method, path)| Rule {
                method: Some((*method).to_owned()),
                path: path.clone(),
                nth: 1,
                times: 1,
                kind: kind.clone(),
            });
            let settings = Settings {
                faults: rules.collect(),
                ..Settings::default()
            };
            let (_, spoilt) = passed(name, &settings, World::signed).await;
            assert!(
                spoilt > clean,
                "{name}: {kind:?}: {spoilt} requests, {clean} without a fault"
            );
        }
    }
}
