//! Dedicated servers: rented ones that are adopted, never created.
//!
//! Their rescue system takes a login key, so that is the first system of ours that they boot.

mod boots;
mod convert;
mod panel;
mod power;
mod see;
#[cfg(any(test, feature = "fuzz"))]
pub(crate) mod untrusted;
mod wire;

use crate::client::Client;
use crate::rented::{self, Product, Rental};
use crate::{Config, DEDICATED};
use async_trait::async_trait;
use convert::Facts;
use jiff::Timestamp;
use provision_api::{
    Accepted, Capabilities, Catalog, Console, ErrorKind, Intent, KeyId, Leftover, LoginKey, Marks,
    Order, Ordered, OwnedServer, Owner, Progress, Provider, RebuildKey, Rescue, Result, Server,
    Stage, TaskId,
};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;

const PRODUCT: Product = Product {
    root: "/dedicated/server",
    noun: "dedicated server",
    nouns: "dedicated servers",
    tasks: "task",
    kind: "function",
    state: "status",
    open: &["init", "todo", "doing"],
    grave: &[
        "hardReboot",
        "reinstallServer",
        "hardware_update",
        "rebootPower8To",
        "ipmi/configureSGX",
    ],
};

/// The dedicated servers of an account.
#[derive(Debug)]
pub struct Dedicated {
    rental: Rental,
    currency: &'static str,
    panel: &'static str,
    facts: Mutex<BTreeMap<String, Facts>>,
}

impl Dedicated {
    /// An adapter for one account. Credentials that cannot be right and an endpoint that must
    /// not be spoken to are refused; nothing is sent yet.
    pub fn new(config: Config) -> Result<Self> {
        let (currency, panel) = (rented::currency(&config), panel::panel(&config));
        let pace = config.limits.backoff;
        let client = Client::new(config, DEDICATED)?;
        Ok(Self {
            rental: Rental::new(client, &PRODUCT, pace),
            currency,
            panel,
            facts: Mutex::default(),
        })
    }
}

impl fmt::Display for Dedicated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(DEDICATED)
    }
}

#[async_trait]
impl Provider for Dedicated {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            create: false,
            rescue: Rescue::Keys,
            rebuild: false,
            host_key_at_first_boot: false,
            rebuild_key: RebuildKey::Unknown,
            unique_names: true,
            keeps_keys: false,
            metal: true,
            first_users: &["root"],
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

    /// The key's id is the key itself: the rescue system is given it by its text.
    async fn trust(&self, key: &LoginKey) -> Result<KeyId> {
        self.rental.trust(key)
    }

    async fn create(&self, order: &Order) -> Result<Ordered> {
        Err(self.rental.not_for_sale(&order.name))
    }

    async fn drive(&self, server: &OwnedServer, intent: &Intent, stage: Stage) -> Result<Accepted> {
        match intent {
            Intent::InRescue { keys } => self.boot_rescue(server, keys).await,
            Intent::FromDisk => self.boot_disk(server).await,
            Intent::DiskNext => self.disk_next(server).await,
            Intent::Rebuilt { .. } => {
                let message = "a dedicated server is set up from its rescue system, not from an \
                               image of the vendor's";
                let operation = format!("rebuild {}", server.id());
                Err(self
                    .rental
                    .error(ErrorKind::Unsupported, operation, message))
            }
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

    /// Nothing outlives a dedicated server: keys are kept nowhere, addresses come with the
    /// contract.
    async fn leftovers(&self, _owner: &Owner) -> Result<Vec<Leftover>> {
        Ok(Vec::new())
    }

    async fn remove(&self, _leftover: &Leftover) -> Result<Accepted> {
        Ok(Accepted::default())
    }

    /// The server's page in the control panel, which asks for the account's own login.
    async fn console(&self, server: &OwnedServer) -> Result<Console> {
        Ok(Console {
            url: panel::page(self.panel, server.id().as_str()),
            password: None,
        })
    }
}
