//! VPS: rented servers that are adopted, never created.
//!
//! Their rescue system takes no keys, so the unattended way in is the vendor's image with ours.

mod convert;
mod image;
mod power;
mod see;
#[cfg(any(test, feature = "fuzz"))]
pub(crate) mod untrusted;
mod wire;

use crate::client::Client;
use crate::rented::{self, Product, Rental};
use crate::{Config, VPS};
use async_trait::async_trait;
use convert::Addresses;
use jiff::Timestamp;
use provision_api::{
    Accepted, Capabilities, Catalog, Console, Intent, KeyId, Leftover, LoginKey, Marks, Order,
    Ordered, OwnedServer, Owner, Progress, Provider, RebuildKey, Rescue, Result, Server, Stage,
    TaskId,
};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;
use wire::Image;

const PRODUCT: Product = Product {
    root: "/vps",
    noun: "VPS",
    nouns: "VPS",
    tasks: "tasks",
    kind: "type",
    state: "state",
    open: &["todo", "doing"],
    grave: &[
        "rebootVm",
        "startVm",
        "stopVm",
        "reinstallVm",
        "setNetboot",
        "upgradeVm",
        "migrate",
        "deliverVm",
        "reOpenVm",
        "revertSnapshot",
        "restoreVm",
        "restoreVeeamBackup",
        "restoreFullVeeamBackup",
    ],
};

/// The VPS of an account.
#[derive(Debug)]
pub struct Vps {
    rental: Rental,
    currency: &'static str,
    addresses: Mutex<BTreeMap<String, Addresses>>,
    images: Mutex<BTreeMap<String, Vec<Image>>>,
}

impl Vps {
    /// An adapter for one account. Credentials that cannot be right and an endpoint that must
    /// not be spoken to are refused; nothing is sent yet.
    pub fn new(config: Config) -> Result<Self> {
        let currency = rented::currency(&config);
        let pace = config.limits.backoff;
        let client = Client::new(config, VPS)?;
        Ok(Self {
            rental: Rental::new(client, &PRODUCT, pace),
            currency,
            addresses: Mutex::default(),
            images: Mutex::default(),
        })
    }
}

impl fmt::Display for Vps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(VPS)
    }
}

#[async_trait]
impl Provider for Vps {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            create: false,
            rescue: Rescue::Elsewhere("in the mail that OVHcloud sends to the account's contact"),
            rebuild: true,
            host_key_at_first_boot: false,
            rebuild_key: RebuildKey::Unknown,
            unique_names: true,
            keeps_keys: false,
            metal: false,
            first_users: &["debian", "ubuntu", "root"],
        }
    }

    fn requests(&self) -> u64 {
        self.rental.client().requests()
    }

    fn now(&self) -> Option<Timestamp> {
        self.rental.client().now()
    }

    /// Nothing is for sale: contracts are made elsewhere, and their prices are not told.
    async fn catalog(&self) -> Result<Catalog> {
        Ok(rented::empty_catalog(self.currency))
    }

    async fn servers(&self) -> Result<Vec<Server>> {
        rented::servers(self).await
    }

    /// The key's id is the key itself: an image is given it, and nothing else keeps it.
    async fn trust(&self, key: &LoginKey) -> Result<KeyId> {
        self.rental.trust(key)
    }

    async fn create(&self, order: &Order) -> Result<Ordered> {
        Err(self.rental.not_for_sale(&order.name))
    }

    async fn drive(&self, server: &OwnedServer, intent: &Intent, stage: Stage) -> Result<Accepted> {
        match intent {
            Intent::InRescue { .. } => self.boot_rescue(server, stage).await,
            Intent::FromDisk => self.boot_disk(server, stage).await,
            Intent::DiskNext => self.disk_next(server).await,
            Intent::Rebuilt { image, keys, .. } => self.rebuild(server, image, keys, stage).await,
            Intent::Released { reset } => self.release(server, *reset, stage).await,
            Intent::Gone => Err(self.rental.not_cancelled(server.id().as_str())),
        }
    }

    async fn adopt(&self, server: &Server, marks: &Marks) -> Result<OwnedServer> {
        rented::adopt(self, server, marks).await
    }

    async fn mark(&self, server: &OwnedServer, marks: &Marks) -> Result<OwnedServer> {
        rented::remark(self, server, marks).await
    }

    async fn poll(&self, tasks: &[TaskId]) -> Result<Vec<Progress>> {
        self.rental.poll(tasks).await
    }

    /// Nothing outlives a VPS: keys are kept nowhere, addresses come with the contract.
    async fn leftovers(&self, _owner: &Owner) -> Result<Vec<Leftover>> {
        Ok(Vec::new())
    }

    async fn remove(&self, _leftover: &Leftover) -> Result<Accepted> {
        Ok(Accepted::default())
    }

    /// A page with the screen, good for a short time.
    async fn console(&self, server: &OwnedServer) -> Result<Console> {
        let service = server.id().as_str();
        let operation = format!("open the console of {service}");
        let url = self
            .rental
            .ask(service, "/getConsoleUrl", &operation)
            .await?;
        Ok(Console {
            url,
            password: None,
        })
    }
}
