//! What hangs on a server or outlives it: keys, addresses, volumes.

use super::page::page;
use super::{Labels, or_default};
use serde::Deserialize;

/// A login key.
#[derive(Debug, Deserialize)]
pub(crate) struct Key {
    pub(crate) id: u64,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) name: String,
    /// MD5, in pairs with colons.
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) fingerprint: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) labels: Labels,
}

/// The answer to `POST /ssh_keys`.
#[derive(Debug, Deserialize)]
pub(crate) struct KeyAnswer {
    pub(crate) ssh_key: Key,
}

/// A public address that can outlive its server.
#[derive(Debug, Deserialize)]
pub(crate) struct PrimaryIp {
    pub(crate) id: u64,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) labels: Labels,
    #[serde(default)]
    pub(crate) created: Option<String>,
    /// Whether it is deleted with its server.
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) auto_delete: bool,
    #[serde(default)]
    pub(crate) assignee_id: Option<u64>,
}

/// A disk that outlives its server.
#[derive(Debug, Deserialize)]
pub(crate) struct Volume {
    pub(crate) id: u64,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) labels: Labels,
    /// The server that it is attached to.
    #[serde(default)]
    pub(crate) server: Option<u64>,
}

/// `GET /volumes/{id}` and `GET /primary_ips/{id}`
#[derive(Debug, Deserialize)]
pub(crate) struct Held {
    #[serde(default)]
    volume: Option<Volume>,
    #[serde(default)]
    primary_ip: Option<PrimaryIp>,
}

impl Held {
    /// The server that it hangs on.
    pub(crate) fn by(&self) -> Option<u64> {
        let volume = self.volume.as_ref().and_then(|volume| volume.server);
        volume.or_else(|| {
            self.primary_ip
                .as_ref()
                .and_then(|address| address.assignee_id)
        })
    }
}

page! {
    /// `GET /ssh_keys`
    Keys, ssh_keys: Key
}
page! {
    /// `GET /primary_ips`
    PrimaryIps, primary_ips: PrimaryIp
}
page! {
    /// `GET /volumes`
    Volumes, volumes: Volume
}
