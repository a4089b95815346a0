//! VPS: rented servers that are adopted, never created.

use crate::client::Client;
use crate::{Config, VPS};
use provision_api::Result;
use std::fmt;

/// The VPS of an account.
#[derive(Debug)]
pub struct Vps {
    client: Client,
}

impl Vps {
    /// An adapter for one account. Credentials that cannot be right and an endpoint that must
    /// not be spoken to are refused; nothing is sent yet.
    pub fn new(config: Config) -> Result<Self> {
        let client = Client::new(config, VPS)?;
        Ok(Self { client })
    }

    /// HTTP requests sent so far.
    pub fn requests(&self) -> u64 {
        self.client.requests()
    }
}

impl fmt::Display for Vps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(VPS)
    }
}
