//! What VPS and dedicated servers have in common: they are rented, so they are adopted and
//! released, never made; their marks are tags; what is done to them are tasks.

mod catalog;
mod contract;
mod gather;
mod keys;
mod list;
mod marks;
mod refusals;
mod tasks;
#[cfg(any(test, feature = "fuzz"))]
pub(crate) mod untrusted;
mod wire;

pub(crate) use catalog::{currency, empty_catalog};
pub(crate) use gather::gather;
pub(crate) use list::servers;
pub(crate) use marks::{adopt, dress, own_turn, release, remark, still, still_to_release};
pub(crate) use wire::{Iam, Task, or_default};

use crate::client::{Client, segment};
use async_trait::async_trait;
use provision_api::http::Request;
use provision_api::{Accepted, Backoff, Error, Result, Server, Stage};
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
    /// How long to wait before one more look at something that may be old news.
    pace: Backoff,
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
    pub(crate) fn new(client: Client, product: &'static Product, pace: Backoff) -> Self {
        Self {
            client,
            product,
            contracts: Mutex::default(),
            pace,
        }
    }

    /// The client.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// How long to wait before one more look.
    pub(crate) fn pace(&self) -> &Backoff {
        &self.pace
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
