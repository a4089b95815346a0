//! JSON that both rented products have in common, read with tolerance.
//!
//! Only what is used is named, unknown fields are skipped, enumerations stay text, and `null`
//! is as good as absence. Source: the vendor's `OpenAPI` documents of `/vps` and
//! `/dedicated/server`.

use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

/// What the vendor's access management knows of a service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Iam {
    /// `urn:v1:eu:resource:vps:vps-….vps.ovh.net`
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) urn: String,
    /// Real labels; keys that begin with `ovh:` are the vendor's own.
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) tags: BTreeMap<String, String>,
}

/// `GET …/serviceInfos`
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Contract {
    /// `ok`, `expired`, `unPaid`, `pendingDebt`…
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) status: String,
    /// The day on which it began (`2026-05-04`).
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) creation: String,
    /// The last day that is paid for.
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) expiration: String,
}

/// A task of either product: they differ in what they call things.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Task {
    #[serde(alias = "taskId")]
    pub(crate) id: u64,
    /// The vendor's word for it (`rebootVm`, `hardReboot`).
    #[serde(
        default,
        rename = "type",
        alias = "function",
        deserialize_with = "or_default"
    )]
    pub(crate) kind: String,
    #[serde(default, alias = "status", deserialize_with = "or_default")]
    pub(crate) state: String,
    /// Percent; VPS only.
    #[serde(default)]
    pub(crate) progress: Option<f64>,
    /// Why it is as it is; dedicated servers only.
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) comment: String,
}

/// Reads `null` as the default.
pub(crate) fn or_default<'de, D, T>(source: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(source)?.unwrap_or_default())
}
