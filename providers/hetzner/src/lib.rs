//! Hetzner Cloud behind the provider trait.
//!
//! [`Hetzner`] speaks the vendor's HTTP itself: JSON as the vendor has it (`wire`) becomes the
//! project's words (`convert`), and each thing that is wanted has its file under `intents`.

mod call;
mod config;
mod convert;
mod dialect;
mod intents;
#[cfg(any(test, feature = "fuzz"))]
pub mod untrusted;
mod wire;

pub use config::{Config, ENDPOINT, Source};
pub use dialect::PROVIDER;

use async_trait::async_trait;
use jiff::Timestamp;
use provision_api::http::{Bearer, Endpoint, Http, Settings};
use provision_api::{
    Accepted, Backoff, Capabilities, Catalog, Console, Error, ErrorKind, Intent, KeyId, Leftover,
    LoginKey, Marks, Order, Ordered, OwnedServer, Owner, Progress, Provider, RebuildKey, Rescue,
    Result, Server, Stage, TaskId,
};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use tokio::sync::OnceCell;

/// Hetzner Cloud, one project of it.
#[derive(Debug)]
pub struct Hetzner {
    http: Http,
    /// Types and prices change by the week; one run sees one state of them.
    catalog: OnceCell<Catalog>,
    /// The primary IPs that each server had when it was first seen.
    births: Mutex<BTreeMap<u64, Vec<u64>>>,
    /// How long to wait before one more look at something that may be old news.
    pace: Backoff,
}

impl Hetzner {
    /// An adapter for one project. A token that cannot be right and an endpoint that must not
    /// be spoken to are refused; nothing is sent yet.
    pub fn new(config: Config) -> Result<Self> {
        config::check(&config.token, &config.token_source)?;
        let endpoint = Endpoint::new(&config.endpoint, &config.plain).map_err(|error| {
            let message = format!("{error} (from {})", config.endpoint_source);
            Error::new(ErrorKind::Invalid, PROVIDER, "use the endpoint", message)
        })?;
        let pace = config.limits.backoff;
        let http = Http::new(Settings {
            endpoint,
            dialect: Arc::new(dialect::Hetzners {
                token_source: config.token_source.to_string(),
            }),
            authenticate: Arc::new(Bearer::new(PROVIDER, config.token)),
            limits: config.limits,
            witness: config.witness,
        })?;
        Ok(Self {
            http,
            catalog: OnceCell::new(),
            births: Mutex::default(),
            pace,
        })
    }

    /// Where the API is.
    pub fn endpoint(&self) -> &Endpoint {
        self.http.endpoint()
    }
}

impl fmt::Display for Hetzner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(PROVIDER)
    }
}

fn created_here(operation: String) -> Error {
    let message = "servers are created and removed here, never adopted";
    Error::new(ErrorKind::Unsupported, PROVIDER, operation, message)
}

#[async_trait]
impl Provider for Hetzner {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            create: true,
            rescue: Rescue::Keys,
            rebuild: true,
            host_key_at_first_boot: true,
            rebuild_key: RebuildKey::Given,
            unique_names: true,
            keeps_keys: true,
            metal: false,
            first_users: &["root"],
        }
    }

    fn requests(&self) -> u64 {
        self.http.requests()
    }

    fn now(&self) -> Option<Timestamp> {
        self.http.clock().now()
    }

    async fn catalog(&self) -> Result<Catalog> {
        self.sold().await
    }

    async fn servers(&self) -> Result<Vec<Server>> {
        self.seen().await
    }

    async fn trust(&self, key: &LoginKey) -> Result<KeyId> {
        self.know_key(key).await
    }

    async fn create(&self, order: &Order) -> Result<Ordered> {
        self.order(order).await
    }

    /// The power is switched as the server's status says; a view of it that is no longer true
    /// is looked up where it is in doubt (starting, stopping), not where it says on or off.
    async fn drive(&self, server: &OwnedServer, intent: &Intent, stage: Stage) -> Result<Accepted> {
        match intent {
            Intent::InRescue { keys } => self.boot_rescue(server, keys, stage).await,
            Intent::FromDisk => self.boot_disk(server, stage).await,
            Intent::DiskNext => self.disk_next(server, stage).await,
            Intent::Released { .. } => {
                let operation = format!("release server {}", server.id());
                Err(created_here(operation))
            }
            Intent::Rebuilt {
                image, user_data, ..
            } => self.rebuild(server, image, user_data, stage).await,
            Intent::Gone => self.be_gone(server, stage).await,
        }
    }

    async fn adopt(&self, server: &Server, _marks: &Marks) -> Result<OwnedServer> {
        Err(created_here(format!("adopt server {}", server.id)))
    }

    async fn mark(&self, server: &OwnedServer, marks: &Marks) -> Result<OwnedServer> {
        self.remark(server, marks).await
    }

    async fn poll(&self, tasks: &[TaskId]) -> Result<Vec<Progress>> {
        self.look_at(tasks).await
    }

    async fn leftovers(&self, owner: &Owner) -> Result<Vec<Leftover>> {
        self.left_behind(owner).await
    }

    /// A volume or an address that hangs on a server is taken off it first: then the answer
    /// names a next stage, which is to call this again once the tasks are done.
    async fn remove(&self, leftover: &Leftover) -> Result<Accepted> {
        self.discard(leftover).await
    }

    async fn console(&self, server: &OwnedServer) -> Result<Console> {
        self.screen(server).await
    }
}
