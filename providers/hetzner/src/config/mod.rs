//! What the adapter is made of: where the API is, and on whose behalf it is asked.

mod context;
mod environment;
mod token;

use provision_api::http::{Limits, PlainHttp, Witness};
use secrecy::SecretString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use url::Url;

pub(crate) use token::check;

/// Where Hetzner's API is.
pub const ENDPOINT: &str = "https://api.hetzner.cloud/v1";

/// What [`crate::Hetzner::new`] needs.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the API is, version included (`https://api.hetzner.cloud/v1`).
    pub endpoint: Url,
    /// Where the endpoint came from.
    pub endpoint_source: Source,
    /// The token of the project: 64 letters and digits.
    pub token: SecretString,
    /// Where the token came from.
    pub token_source: Source,
    /// How long and how often.
    pub limits: Limits,
    /// Whether plain HTTP is allowed elsewhere than on loopback.
    pub plain: PlainHttp,
    /// Who sees every exchange, in tests.
    pub witness: Option<Arc<dyn Witness>>,
}

impl Config {
    /// With that token at that place, and the usual limits.
    pub fn new(endpoint: Url, token: SecretString) -> Self {
        Self {
            endpoint,
            endpoint_source: Source::Given,
            token,
            token_source: Source::Given,
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
    Environment(&'static str),
    /// A context of the `hcloud` program's configuration.
    Context {
        /// The context's name.
        name: String,
        /// The file it is in.
        file: PathBuf,
    },
    /// The preferences for all contexts of the `hcloud` program's configuration.
    Preferences {
        /// The file they are in.
        file: PathBuf,
    },
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given => f.write_str("the caller"),
            Self::Default => f.write_str("the default"),
            Self::Environment(name) => write!(f, "the environment variable {name}"),
            Self::Context { name, file } => write!(f, "context {name:?} of {}", file.display()),
            Self::Preferences { file } => write!(f, "the preferences in {}", file.display()),
        }
    }
}
