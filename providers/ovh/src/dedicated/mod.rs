//! Dedicated servers: rented ones that are adopted, never created.

use crate::client::Client;
use crate::{Config, DEDICATED};
use provision_api::Result;
use std::fmt;

/// The dedicated servers of an account.
#[derive(Debug)]
pub struct Dedicated {
    client: Client,
}

impl Dedicated {
    /// An adapter for one account. Credentials that cannot be right and an endpoint that must
    /// not be spoken to are refused; nothing is sent yet.
    pub fn new(config: Config) -> Result<Self> {
        let client = Client::new(config, DEDICATED)?;
        Ok(Self { client })
    }

    /// HTTP requests sent so far.
    pub fn requests(&self) -> u64 {
        self.client.requests()
    }
}

impl fmt::Display for Dedicated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(DEDICATED)
    }
}
