//! What VPS and dedicated servers have in common: they are rented for a term, do one task at a
//! time, and are made here when somebody first asks for one by its name, their machines when
//! somebody first does something with them.

mod ask;
mod contract;
mod labels;
mod machine;
mod mail;
mod product;
mod tasks;

use super::error::ApiError;
use crate::settings::ovh::rented::ServiceStatus;
use crate::world::{Due, Held};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

pub(super) use ask::{login_key, no_tags_asked, word};
pub(super) use contract::contract;
pub(super) use labels::{Labels, Refused, check as check_labels, metadata, urn};
pub(super) use machine::{is_on, opaque, tell_boot};
pub(super) use mail::{mailbox, post};
pub(super) use product::{Effect, Product, Terms, Writing};
pub(super) use tasks::{Task, begin, go_on, listed, settle, task};

/// The services that somebody has asked for. No `Debug`: passwords are in it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Book<P> {
    #[serde(default = "BTreeMap::new")]
    pub(super) services: BTreeMap<String, Service<P>>,
}

impl<P> Default for Book<P> {
    fn default() -> Self {
        Self {
            services: BTreeMap::new(),
        }
    }
}

impl<P> Book<P> {
    /// When something happens by itself next.
    pub(in crate::ovh) fn next_due(&self) -> Option<Due> {
        let tasks = self.services.values().flat_map(|s| s.tasks.values());
        tasks
            .filter(|task| task.running())
            .filter_map(|task| task.due)
            .min()
            .map(Due::At)
    }

    /// Whether one of them has the address.
    pub(in crate::ovh) fn has_address(&self, ip: Ipv4Addr) -> bool {
        self.services.values().any(|service| service.ipv4 == ip)
    }
}

/// A service that somebody has asked for.
#[derive(Serialize, Deserialize)]
pub(in crate::ovh) struct Service<P> {
    /// The service's name.
    pub(super) name: String,
    /// Its id in IAM.
    pub(super) id: String,
    /// Its number, and that of its contract.
    pub(super) number: u64,
    pub(super) since: Timestamp,
    pub(super) display_name: String,
    pub(super) labels: Labels,
    pub(super) ipv4: Ipv4Addr,
    /// The IPv6 network that its address is in, without its length (`2001:db8:…::`).
    pub(super) network6: String,
    /// What is on its disk, by the image's name.
    pub(super) image: String,
    pub(super) tasks: BTreeMap<u64, Task>,
    pub(super) mails: Vec<mail::Mail>,
    /// What the product has of its own.
    pub(super) own: P,
}

impl<P> Service<P> {
    /// Its machine's id.
    pub(super) fn machine(&self) -> String {
        format!("ovh-{}", self.hostname())
    }

    /// Its host name: the first part of its name.
    pub(super) fn hostname(&self) -> &str {
        self.name.split('.').next().unwrap_or_default()
    }

    /// Its own IPv6 address.
    pub(super) fn ipv6(&self) -> String {
        format!("{}1f", self.network6)
    }

    /// The task that is not over.
    pub(super) fn busy(&self) -> Option<&Task> {
        self.tasks.values().find(|task| task.running())
    }
}

/// The names of all services of a product.
pub(super) fn names<P: Product>(held: &Held<'_>) -> Vec<String> {
    let offers = P::offers(&held.settings).iter();
    offers
        .map(|offer| P::terms(offer).name.to_owned())
        .collect()
}

/// What the settings say of the service.
pub(super) fn offer<P: Product>(held: &Held<'_>, name: &str) -> Result<P::Offer, ApiError> {
    P::offers(&held.settings)
        .iter()
        .find(|offer| P::terms(offer).name == name)
        .cloned()
        .ok_or_else(ApiError::no_service)
}

/// Finds the service that a request is about, which is served, and makes it if nobody has asked
/// for it before. Its machine comes with the first task.
pub(super) async fn enter<P: Product>(
    held: &mut Held<'_>,
    name: &str,
) -> Result<P::Offer, ApiError> {
    let offer = offer::<P>(held, name)?;
    let status = P::terms(&offer).status;
    if status != ServiceStatus::Ok {
        return Err(ApiError::expired(name, status.word()));
    }
    if !P::book(&held.ovh).services.contains_key(name) {
        let service = fresh::<P>(held, &offer)?;
        let book = P::book_mut(&mut held.ovh);
        book.services.insert(name.to_owned(), service);
        held.keep().await?;
    }
    Ok(offer)
}

fn fresh<P: Product>(held: &mut Held<'_>, offer: &P::Offer) -> Result<Service<P>, ApiError> {
    let terms = P::terms(offer);
    let ipv4 = held.free_address().ok_or_else(|| {
        ApiError::new(
            500,
            "Server::InternalServerError",
            "the sandbox has no address left",
        )
    })?;
    let number = held.ovh.next_number();
    Ok(Service {
        name: terms.name.to_owned(),
        id: opaque(&["iam", P::KIND, terms.name]),
        number: 3_000_000 + number,
        since: held.now,
        display_name: terms.name.to_owned(),
        labels: Labels::new(),
        ipv4,
        network6: held.network.ipv6(number),
        image: terms.image.to_owned(),
        tasks: BTreeMap::new(),
        mails: Vec::new(),
        own: P::fresh(offer),
    })
}

/// The service of this name, which was entered.
pub(super) fn service<'a, P: Product>(
    held: &'a Held<'_>,
    name: &str,
) -> Result<&'a Service<P>, ApiError> {
    let book = P::book(&held.ovh);
    book.services.get(name).ok_or_else(ApiError::no_service)
}

/// The same, to be changed.
pub(super) fn service_mut<'a, P: Product>(
    held: &'a mut Held<'_>,
    name: &str,
) -> Result<&'a mut Service<P>, ApiError> {
    let book = P::book_mut(&mut held.ovh);
    book.services.get_mut(name).ok_or_else(ApiError::no_service)
}

/// A point in time, as the vendor writes it.
pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}
