//! What the adapters are made of: where the API is, and on whose behalf it is asked.

mod check;
mod environment;
mod error;
mod files;
mod places;
#[cfg(test)]
mod tests;

pub use error::ConfigError;
pub(crate) use places::Places;
pub use places::{ENDPOINT_CA, ENDPOINT_EU, ENDPOINT_US};

use provision_api::http::{Limits, PlainHttp, Witness};
use secrecy::SecretString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use url::Url;

/// What [`crate::PublicCloud::new`], [`crate::Vps::new`] and [`crate::Dedicated::new`] need.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the API is, version included (`https://eu.api.ovh.com/1.0`).
    pub endpoint: Url,
    /// Where the endpoint came from.
    pub endpoint_source: Source,
    /// On whose behalf requests come.
    pub credentials: Credentials,
    /// Where each of the credentials came from, by the names that the vendor's files use.
    pub credentials_sources: Vec<(&'static str, Source)>,
    /// The Public Cloud project; where there is only one, it need not be named.
    pub project: Option<String>,
    /// How long and how often.
    pub limits: Limits,
    /// Whether plain HTTP is allowed elsewhere than on loopback.
    pub plain: PlainHttp,
    /// Who sees every exchange, in tests; not those that get tokens.
    pub witness: Option<Arc<dyn Witness>>,
}

/// One of the vendor's two methods. Keys and secrets are shown nowhere.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// Every request is signed.
    Signature {
        /// Names the application.
        application_key: String,
        /// Signs together with the consumer key.
        application_secret: SecretString,
        /// Says whose account it is, and what may be done with it.
        consumer_key: SecretString,
    },
    /// A service account, for which tokens are fetched.
    OAuth2 {
        /// Names the service account.
        client_id: String,
        /// Its secret.
        client_secret: SecretString,
    },
}

impl Config {
    /// With these credentials at that place, and the usual limits.
    pub fn new(endpoint: Url, credentials: Credentials) -> Self {
        let names = credentials.parts().map(|(name, _)| (name, Source::Given));
        Self {
            endpoint,
            endpoint_source: Source::Given,
            credentials_sources: names.collect(),
            credentials,
            project: None,
            limits: Limits::default(),
            plain: PlainHttp::default(),
            witness: None,
        }
    }
}

/// Where a setting came from. Shown in errors; never holds the setting itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The program chose it.
    Given,
    /// It is the default.
    Default,
    /// An environment variable.
    Environment(String),
    /// A file of the vendor's clients.
    File {
        /// The file.
        file: PathBuf,
        /// The section in it (`ovh-eu`).
        section: String,
    },
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given => f.write_str("the caller"),
            Self::Default => f.write_str("the default"),
            Self::Environment(name) => write!(f, "the environment variable {name}"),
            Self::File { file, section } => write!(f, "[{section}] in {}", file.display()),
        }
    }
}
