//! The account that a world has at the vendor's, as it is kept.

use super::{cloud, dedicated, vps};
use crate::world::Due;
use crate::world::document::secret;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

/// An account and everything in it. No `Debug`: keys and passwords are in it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) credentials: Credentials,
    /// `OAuth2` tokens that were given.
    pub(super) tokens: Vec<Token>,
    next_number: u64,
    pub(crate) cloud: cloud::Project,
    #[serde(default)]
    pub(crate) vps: vps::Rented,
    #[serde(default)]
    pub(crate) dedicated: dedicated::Rented,
}

/// What clients log in with, drawn for each world.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Credentials {
    pub(crate) application_key: String,
    pub(crate) application_secret: String,
    pub(crate) consumer_key: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Token {
    pub(super) token: String,
    pub(super) until: Timestamp,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            credentials: Credentials {
                application_key: secret(16),
                application_secret: secret(32),
                consumer_key: secret(32),
                client_id: format!("EU.{}", secret(16).to_lowercase()),
                client_secret: secret(32),
            },
            tokens: Vec::new(),
            next_number: 1,
            cloud: cloud::Project::default(),
            vps: vps::Rented::default(),
            dedicated: dedicated::Rented::default(),
        }
    }
}

impl Account {
    /// A number that nothing in the account had before: for tasks, and for IPv6 networks.
    pub(super) fn next_number(&mut self) -> u64 {
        let number = self.next_number;
        self.next_number += 1;
        number
    }

    /// When something happens by itself next.
    pub(crate) fn next_due(&self) -> Option<Due> {
        [
            self.cloud.next_due(),
            self.vps.next_due(),
            self.dedicated.next_due(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Whether a server has the address, though no machine listens there yet.
    pub(crate) fn has_address(&self, ip: Ipv4Addr) -> bool {
        self.cloud.has_address(ip) || self.vps.has_address(ip) || self.dedicated.has_address(ip)
    }
}
