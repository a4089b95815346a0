//! Why there is no access: told before anything is sent.

use super::Source;
use provision_api::{Error, ErrorKind};
use std::path::PathBuf;

/// Why no configuration was found. Names what came from where, never what it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// There are no credentials at all.
    #[error(
        "no credentials: set OVH_APPLICATION_KEY, OVH_APPLICATION_SECRET and OVH_CONSUMER_KEY \
         (or OVH_CLIENT_ID and OVH_CLIENT_SECRET of a service account), or write them under \
         [{section}] in one of {}{}", named(.files), besides(.troubles)
    )]
    None {
        /// The section that was looked for.
        section: String,
        /// The files that were looked into.
        files: Vec<PathBuf>,
        /// What could not be read.
        troubles: Vec<String>,
    },
    /// A part is missing.
    #[error(
        "incomplete credentials: {} without {}; set what is missing, or remove the rest{}",
        told(.found), .missing.join(" and "), besides(.troubles)
    )]
    Incomplete {
        /// What there is, and where it came from.
        found: Vec<(&'static str, Source)>,
        /// What there is not.
        missing: Vec<&'static str>,
        /// What could not be read.
        troubles: Vec<String>,
    },
    /// Both methods at once.
    #[error(
        "two kinds of credentials at once: {}; keep the keys or the service account, and remove \
         the other", told(.found)
    )]
    Mixed {
        /// What there is, and where it came from.
        found: Vec<(&'static str, Source)>,
    },
    /// A folder's file would send credentials that it has not got to an address of its own.
    #[error(
        "the endpoint is a URL from {from}, and the credentials are not: {}; name the endpoint in \
         OVH_ENDPOINT if they are meant for it, or remove it from that file", told(.found)
    )]
    Elsewhere {
        /// Where the endpoint came from.
        from: Source,
        /// Where the credentials came from.
        found: Vec<(&'static str, Source)>,
    },
    /// The endpoint is none.
    #[error("the endpoint from {from} is {why}; name ovh-eu, ovh-ca, ovh-us or a URL")]
    Endpoint {
        /// Where it came from.
        from: Source,
        /// What is wrong with it.
        why: String,
    },
}

impl ConfigError {
    /// As an error of the provider of that name.
    pub fn of(self, provider: &'static str) -> Error {
        let kind = match self {
            Self::Endpoint { .. } | Self::Elsewhere { .. } => ErrorKind::Invalid,
            _ => ErrorKind::Denied,
        };
        Error::new(kind, provider, "find the credentials", self.to_string())
    }
}

fn named(files: &[PathBuf]) -> String {
    let names: Vec<_> = files.iter().map(|f| f.display().to_string()).collect();
    names.join(", ")
}

fn told(found: &[(&'static str, Source)]) -> String {
    let each: Vec<_> = found
        .iter()
        .map(|(name, source)| format!("{name} from {source}"))
        .collect();
    each.join(", ")
}

fn besides(troubles: &[String]) -> String {
    if troubles.is_empty() {
        return String::new();
    }
    format!(" ({})", troubles.join("; "))
}
