//! JSON as the vendor has it, read with tolerance.
//!
//! Only what is used is named, unknown fields are skipped, enumerations stay text, and `null`
//! is as good as absence: what the vendor adds or renames tomorrow must not fail a call. What
//! an answer makes no sense without (ids, names) is required.
//!
//! Source: Hetzner's `OpenAPI` document of 2026-07-08.

mod account;
mod action;
mod catalog;
mod page;
mod problem;
mod server;

pub(crate) use account::{Held, Key, KeyAnswer, Keys, PrimaryIp, PrimaryIps, Volume, Volumes};
pub(crate) use action::{Action, ActionAnswer, Actions, ConsoleAnswer};
pub(crate) use catalog::{PlacePrice, Pricing, PricingAnswer, ServerType, ServerTypes, Sold};
pub(crate) use page::Page;
pub(crate) use problem::Problem;
pub(crate) use server::{CreateAnswer, CreateServer, Server, ServerAnswer, Servers};

use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

/// Labels as the vendor keeps them.
pub(crate) type Labels = BTreeMap<String, String>;

/// Reads `null` as the default.
fn or_default<'de, D, T>(source: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(source)?.unwrap_or_default())
}
