//! Public Cloud: instances that are created and removed by API.
//!
//! There are no labels: the marks are in two names, the instance's and its key's (`name`), and
//! there are no tasks: a status is waited for (`task`).

mod catalog;
mod convert;
mod create;
mod gone;
mod key;
mod leftovers;
mod lists;
mod mark;
mod name;
mod power;
mod project;
mod see;
mod sold;
mod task;
#[cfg(any(test, feature = "fuzz"))]
pub(crate) mod untrusted;
mod wire;

use crate::client::{Client, Kept};
use crate::{Config, PUBLIC_CLOUD};
use async_trait::async_trait;
use jiff::Timestamp;
use provision_api::{
    Accepted, Backoff, Capabilities, Catalog, Console, Error, ErrorKind, Intent, KeyId, Leftover,
    LoginKey, Marks, Order, Ordered, OwnedServer, Owner, Progress, Provider, RebuildKey, Rescue,
    Result, Server, Stage, TaskId,
};
use secrecy::SecretString;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex};
use tokio::sync::OnceCell;
use wire::{Flavor, Image, PriceList};

/// So often something that should have changed is looked at, in a few seconds.
const LOOKS: usize = 5;

/// A Public Cloud project.
#[derive(Debug)]
pub struct PublicCloud {
    client: Client,
    /// The project that was configured.
    configured: Option<String>,
    /// The path of the project in use.
    project: OnceCell<String>,
    /// Whose prices are good here.
    subsidiary: &'static str,
    /// What is sold changes by the hour at most; one run sees one state of it, unless that state
    /// says that something cannot be had.
    flavors: Kept<Arc<Vec<Flavor>>>,
    /// Images by region.
    images: tokio::sync::Mutex<BTreeMap<String, Arc<Vec<Image>>>>,
    prices: OnceCell<Option<PriceList>>,
    /// How long to wait before one more look at something that should have changed.
    pace: Backoff,
    /// Ids of the instances that this run ordered: a list may be older than they are.
    ordered: Mutex<BTreeSet<String>>,
    /// Passwords of rescue systems, by instance. Nowhere else.
    passwords: Mutex<BTreeMap<String, SecretString>>,
}

impl PublicCloud {
    /// An adapter for one project. Credentials that cannot be right and an endpoint that must
    /// not be spoken to are refused; nothing is sent yet.
    pub fn new(config: Config) -> Result<Self> {
        Ok(Self {
            configured: config.project.clone(),
            subsidiary: config.subsidiary(),
            pace: config.limits.backoff,
            client: Client::new(config, PUBLIC_CLOUD)?,
            project: OnceCell::new(),
            flavors: Kept::default(),
            images: tokio::sync::Mutex::default(),
            prices: OnceCell::new(),
            ordered: Mutex::default(),
            passwords: Mutex::default(),
        })
    }
}

impl fmt::Display for PublicCloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(PUBLIC_CLOUD)
    }
}

/// An error that the vendor did not send.
fn error(kind: ErrorKind, operation: impl Into<String>, why: impl Into<String>) -> Error {
    Error::new(kind, PUBLIC_CLOUD, operation, why)
}

fn created_here(operation: String) -> Error {
    let why = "instances are created and removed, never adopted or released";
    error(ErrorKind::Unsupported, operation, why)
}

#[async_trait]
impl Provider for PublicCloud {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            create: true,
            rescue: Rescue::Password("on the instance's VNC console, in OVHcloud's control panel"),
            rebuild: true,
            host_key_at_first_boot: true,
            // the vendor keeps the user data that the instance was made with
            rebuild_key: RebuildKey::Kept,
            unique_names: false,
            // a key is made with its server, and bears half of its marks
            keeps_keys: false,
            metal: false,
            first_users: &["root"],
        }
    }

    fn requests(&self) -> u64 {
        self.client.requests()
    }

    fn now(&self) -> Option<Timestamp> {
        self.client.now()
    }

    async fn catalog(&self) -> Result<Catalog> {
        self.sold().await
    }

    async fn servers(&self) -> Result<Vec<Server>> {
        self.seen().await
    }

    /// Asks nothing: the key's id is the key, and [`Provider::create`] makes it known.
    async fn trust(&self, key: &LoginKey) -> Result<KeyId> {
        key::trusted(key)
    }

    /// The vendor starts whatever it creates: [`Order::powered_off`] cannot be had, and the
    /// server is on once the task is done. Of an instance that is born in ERROR nothing is kept.
    async fn create(&self, order: &Order) -> Result<Ordered> {
        self.order(order).await
    }

    /// Leaving the rescue system is a boot: [`Intent::DiskNext`] of an instance in it boots it
    /// from its disk at once, and of any other does nothing.
    async fn drive(&self, server: &OwnedServer, intent: &Intent, stage: Stage) -> Result<Accepted> {
        match intent {
            // its keys are not taken: the password is the way in
            Intent::InRescue { keys: _ } => self.boot_rescue(server, stage).await,
            Intent::FromDisk => self.boot_disk(server).await,
            Intent::DiskNext => self.disk_next(server).await,
            Intent::Rebuilt { image, .. } => self.rebuild(server, image, stage).await,
            Intent::Released { .. } => {
                Err(created_here(format!("release instance {}", server.id())))
            }
            Intent::Gone => self.be_gone(server, stage).await,
        }
    }

    async fn adopt(&self, server: &Server, _marks: &Marks) -> Result<OwnedServer> {
        Err(created_here(format!("adopt instance {}", server.id)))
    }

    async fn rescue_password(&self, server: &OwnedServer) -> Result<Option<SecretString>> {
        self.password(server).await
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

    async fn remove(&self, leftover: &Leftover) -> Result<Accepted> {
        self.discard(leftover).await
    }

    async fn console(&self, server: &OwnedServer) -> Result<Console> {
        self.screen(server).await
    }
}
