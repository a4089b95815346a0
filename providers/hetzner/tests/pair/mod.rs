//! The adapter and the sandbox, speaking HTTP to each other.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "these are tests")]

use crate::common;
use crate::schema::Inspector;
use provision_api::conformance::Bench;
use provision_api::{Backoff, LoginKey, Provider};
use provision_hetzner::{Config, Hetzner};
use provision_sandbox::{Options, Sandbox, Settings};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use url::Url;

/// A sandbox, the adapter on it, and what the schemas say of their exchanges.
pub(crate) struct Pair {
    pub(crate) hetzner: Arc<Hetzner>,
    pub(crate) inspector: Arc<Inspector>,
    pub(crate) sandbox: Sandbox,
    _folder: TempDir,
}

impl Pair {
    /// With a world that is made with these settings.
    pub(crate) async fn new(settings: &Settings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let world = folder.path().join("settings.json");
        std::fs::write(&world, serde_json::to_vec(settings).unwrap()).unwrap();
        let options = Options {
            state_dir: folder.path().join("state"),
            world: Some(world),
            ..Options::default()
        };
        let sandbox = Sandbox::open(options).await.unwrap();
        let access = sandbox.access();
        let inspector = Arc::new(Inspector::new());
        let config = Config {
            limits: common::quick(),
            witness: Some(inspector.clone()),
            ..Config::new(
                Url::parse(&access.endpoint_hetzner).unwrap(),
                access.token_hetzner.clone().into(),
            )
        };
        Self {
            hetzner: Arc::new(Hetzner::new(config).unwrap()),
            inspector,
            sandbox,
            _folder: folder,
        }
    }

    /// A call of the vendor's that the adapter never makes: it must succeed.
    pub(crate) async fn raw(&self, method: &str, path: &str, body: Value) -> Value {
        let access = self.sandbox.access();
        let url = format!("{}{path}", access.endpoint_hetzner);
        let request = reqwest::Client::builder()
            .no_proxy()
            .build()
            .unwrap()
            .request(method.parse().unwrap(), url)
            .bearer_auth(&access.token_hetzner)
            .json(&body);
        let response = request.send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        assert!(status.is_success(), "{method} {path}: {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// The first type and place that can be had.
    pub(crate) async fn bench(&self) -> Bench {
        let catalog = self.hetzner.catalog().await.unwrap();
        let offers = catalog.types.iter().flat_map(|kind| {
            let offers = kind
                .offers
                .iter()
                .filter(|offer| offer.available && !offer.deprecated);
            offers.map(move |offer| (kind, offer))
        });
        let (kind, offer) = offers.into_iter().next().unwrap();
        Bench {
            name: "hetzner",
            owner: common::owner(),
            stranger: "bob".parse().unwrap(),
            key: LoginKey {
                name: "conformance".to_owned(),
                public: common::PUBLIC.to_owned(),
                owner: common::owner(),
            },
            server_type: kind.name.clone(),
            location: offer.location.clone(),
            image: "debian-13".to_owned(),
            server: None,
            patience: Duration::from_secs(30),
            pace: Backoff::new(Duration::from_millis(10), Duration::from_millis(200)),
        }
    }
}
