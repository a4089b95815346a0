//! Public Cloud: instances that are created and removed by API.

use crate::client::Client;
use crate::{Config, PUBLIC_CLOUD};
use provision_api::Result;
use std::fmt;

/// A Public Cloud project.
#[derive(Debug)]
pub struct PublicCloud {
    client: Client,
}

impl PublicCloud {
    /// An adapter for one project. Credentials that cannot be right and an endpoint that must
    /// not be spoken to are refused; nothing is sent yet.
    pub fn new(config: Config) -> Result<Self> {
        let client = Client::new(config, PUBLIC_CLOUD)?;
        Ok(Self { client })
    }

    /// HTTP requests sent so far.
    pub fn requests(&self) -> u64 {
        self.client.requests()
    }
}

impl fmt::Display for PublicCloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(PUBLIC_CLOUD)
    }
}
