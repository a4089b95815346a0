//! What VPS and dedicated servers have in common: they are rented, so they are adopted and
//! released, never made; their marks are tags; what is done to them are tasks.

mod contract;
mod gather;
mod list;
mod marks;
mod tasks;
mod wire;

pub(crate) use gather::gather;
pub(crate) use list::servers;
pub(crate) use marks::{adopt, dress, release, remark};
pub(crate) use wire::{Iam, Task, or_default};

use crate::Config;
use crate::client::{Client, segment};
use async_trait::async_trait;
use provision_api::http::Request;
use provision_api::{Accepted, Catalog, Error, ErrorKind, KeyId, LoginKey, Result, Server, Stage};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use wire::Contract;

/// How a product's routes are spelt.
#[derive(Debug)]
pub(crate) struct Product {
    /// `/vps`
    pub(crate) root: &'static str,
    /// For people (`dedicated server`).
    pub(crate) noun: &'static str,
    /// Several of them.
    pub(crate) nouns: &'static str,
    /// The end of the path of its tasks (`tasks`).
    pub(crate) tasks: &'static str,
    /// The parameter that asks for tasks of one kind (`type`).
    pub(crate) kind: &'static str,
    /// The parameter that asks for tasks in one state (`state`).
    pub(crate) state: &'static str,
    /// The states of a task that is under way.
    pub(crate) open: &'static [&'static str],
    /// The kinds of task beside which nothing may be begun: they switch the power or write the
    /// disk.
    pub(crate) grave: &'static [&'static str],
}

/// The half of an adapter that both products share.
#[derive(Debug)]
pub(crate) struct Rental {
    client: Client,
    product: &'static Product,
    /// When each contract began changes never; it is asked for once.
    contracts: Mutex<BTreeMap<String, Contract>>,
}

/// A service as it is now.
#[derive(Debug, Clone)]
pub(crate) struct Fresh {
    /// In the project's words.
    pub(crate) server: Server,
    /// Its tags, and where to write them.
    pub(crate) iam: Option<Iam>,
}

/// A product of rented servers.
#[async_trait]
pub(crate) trait Rented: Sync {
    /// The shared half.
    fn rental(&self) -> &Rental;

    /// A service as it is now.
    async fn fresh(&self, service: &str) -> Result<Fresh>;

    /// Why a service cannot be taken over, besides its contract and its marks.
    fn unfit(&self, fresh: &Fresh) -> Option<Error>;
}

impl Rental {
    pub(crate) fn new(client: Client, product: &'static Product) -> Self {
        Self {
            client,
            product,
            contracts: Mutex::default(),
        }
    }

    /// The client.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The path of a service, or of something below it.
    pub(crate) fn path(&self, service: &str, below: &str) -> String {
        format!("{}/{}{below}", self.product.root, segment(service))
    }

    /// Reads something of a service.
    pub(crate) async fn read<T: DeserializeOwned>(
        &self,
        service: &str,
        below: &str,
        what: &str,
    ) -> Result<T> {
        let operation = format!("read {what} of {service}");
        self.client
            .v1()
            .get(&self.path(service, below), &operation)
            .await
    }

    /// Changes the properties of a service that the body names.
    pub(crate) async fn change(
        &self,
        service: &str,
        body: &(impl Serialize + Sync),
        operation: &str,
    ) -> Result<()> {
        let path = self.path(service, "");
        self.client.v1().put(&path, body, operation).await
    }

    /// Asks for something that is harmless to repeat although it is a `POST`.
    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        service: &str,
        below: &str,
        operation: &str,
    ) -> Result<T> {
        let request = Request::post(self.path(service, below), operation).harmless();
        self.client.v1().call(request).await
    }

    /// An error of this product's.
    pub(crate) fn error(
        &self,
        kind: ErrorKind,
        operation: impl Into<String>,
        message: impl Into<String>,
    ) -> Error {
        Error::new(kind, self.client.provider(), operation, message)
    }

    /// What is said to an order.
    pub(crate) fn not_for_sale(&self, name: &str) -> Error {
        let message = format!(
            "a {} is rented at the vendor's, not created here; rent one, and name it with --server",
            self.product.noun
        );
        self.error(
            ErrorKind::Unsupported,
            format!("create server {name}"),
            message,
        )
    }

    /// What is said to whoever wants a service gone.
    pub(crate) fn not_cancelled(&self, service: &str) -> Error {
        let message = format!(
            "a {} is rented: teardown never cancels a contract, it can only be released; cancel \
             it in the control panel",
            self.product.noun
        );
        self.error(ErrorKind::Unsupported, format!("delete {service}"), message)
    }

    /// The one key that the vendor takes; the others are not sent.
    pub(crate) fn only_key<'a>(&self, keys: &'a [KeyId], operation: &str) -> Result<&'a str> {
        let Some((key, others)) = keys.split_first() else {
            let message = "no login key was given, and without one nobody could log in";
            return Err(self.error(ErrorKind::Invalid, operation, message));
        };
        if !others.is_empty() {
            tracing::warn!(
                operation,
                others = others.len(),
                "the vendor takes one login key; the first one is used"
            );
        }
        Ok(key.as_str())
    }

    /// A key is named by itself: nothing is kept at the vendor's.
    pub(crate) fn trust(&self, key: &LoginKey) -> Result<KeyId> {
        let mut words = key.public.split_whitespace();
        let blob = |text: &str| data_encoding::BASE64.decode(text.as_bytes()).is_ok();
        match (words.next(), words.next()) {
            (Some(kind), Some(body)) if !kind.is_empty() && blob(body) => {
                Ok(KeyId::new(format!("{kind} {body}")))
            }
            _ => {
                let message = format!(
                    "{:?} is not a public key line (`ssh-ed25519 AAAA…`)",
                    key.public
                );
                let operation = format!("use key {}", key.name);
                Err(self.error(ErrorKind::Invalid, operation, message))
            }
        }
    }
}

/// Something that is asked for once in a run, by service.
pub(crate) fn known<T: Clone>(all: &Mutex<BTreeMap<String, T>>, service: &str) -> Option<T> {
    let all = all.lock().unwrap_or_else(PoisonError::into_inner);
    all.get(service).cloned()
}

/// Keeps it for the rest of the run.
pub(crate) fn keep<T: Clone>(all: &Mutex<BTreeMap<String, T>>, service: &str, value: &T) {
    let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
    all.insert(service.to_owned(), value.clone());
}

/// These tasks, then that stage.
pub(crate) fn then(tasks: Vec<provision_api::Task>, stage: u8) -> Accepted {
    Accepted {
        tasks,
        next: Some(Stage(stage)),
    }
}

/// Nothing more once these tasks are done.
pub(crate) fn done_after(tasks: Vec<provision_api::Task>) -> Accepted {
    Accepted { tasks, next: None }
}

/// What the vendor bills in at this endpoint.
pub(crate) fn currency(config: &Config) -> &'static str {
    match config.subsidiary() {
        "CA" => "CAD",
        "US" => "USD",
        _ => "EUR",
    }
}

/// A catalog of things that are not for sale here.
pub(crate) fn empty_catalog(currency: &str) -> Catalog {
    Catalog {
        currency: currency.to_owned(),
        types: Vec::new(),
    }
}
