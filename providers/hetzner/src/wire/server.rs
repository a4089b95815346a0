//! Servers.

use super::page::page;
use super::{Action, Labels, or_default};
use serde::{Deserialize, Serialize};

/// A server as the vendor tells of it.
#[derive(Debug, Clone, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the vendor's names")]
pub(crate) struct Server {
    pub(crate) id: u64,
    pub(crate) name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) status: String,
    #[serde(default)]
    pub(crate) created: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) public_net: PublicNet,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) server_type: Kind,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) location: Named,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) rescue_enabled: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) locked: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) protection: Protection,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) labels: Labels,
    /// Ids of the volumes that are attached.
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) volumes: Vec<u64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct PublicNet {
    #[serde(default)]
    pub(crate) ipv4: Option<Address>,
    #[serde(default)]
    pub(crate) ipv6: Option<Address>,
}

/// An address of a server, and the primary IP that it is.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Address {
    #[serde(default)]
    pub(crate) id: Option<u64>,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) ip: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Kind {
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) architecture: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Named {
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) name: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Protection {
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) delete: bool,
}

/// `GET` and `PUT /servers/{id}`
#[derive(Debug, Deserialize)]
pub(crate) struct ServerAnswer {
    pub(crate) server: Server,
}

/// The answer to `POST /servers`.
#[derive(Debug, Deserialize)]
pub(crate) struct CreateAnswer {
    pub(crate) server: Server,
    pub(crate) action: Action,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) next_actions: Vec<Action>,
}

/// The body of `POST /servers`.
#[derive(Debug, Serialize)]
pub(crate) struct CreateServer<'a> {
    pub(crate) name: &'a str,
    pub(crate) server_type: &'a str,
    pub(crate) location: &'a str,
    pub(crate) image: &'a str,
    /// Ids, as numbers: the schema's text says so, though its type says string.
    pub(crate) ssh_keys: Vec<u64>,
    pub(crate) user_data: &'a str,
    pub(crate) labels: Labels,
    pub(crate) start_after_create: bool,
}

page! {
    /// `GET /servers`
    Servers, servers: Server
}
