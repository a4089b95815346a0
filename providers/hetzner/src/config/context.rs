//! The configuration of the `hcloud` program (`cli.toml`), as far as it concerns us.

use crate::dialect::PROVIDER;
use provision_api::{Error, ErrorKind, Result};
use secrecy::SecretString;
use serde::Deserialize;
use std::io;
use std::path::Path;

/// `cli.toml`
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct CliToml {
    pub(super) active_context: String,
    pub(super) preferences: Preferences,
    pub(super) contexts: Vec<Context>,
}

/// A project's token under a name.
#[derive(Debug, Deserialize)]
pub(super) struct Context {
    pub(super) name: String,
    #[serde(default)]
    pub(super) token: Option<SecretString>,
    #[serde(default)]
    pub(super) preferences: Preferences,
}

/// What can be set for all contexts or for one.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Preferences {
    pub(super) endpoint: Option<String>,
}

impl CliToml {
    /// Reads the file; one that is not there is an empty one.
    pub(super) fn read(file: &Path) -> Result<Self> {
        let refuse = |why: String| {
            let message = format!("{}: {why}", file.display());
            Err(Error::new(
                ErrorKind::Denied,
                PROVIDER,
                "find the token",
                message,
            ))
        };
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return refuse(error.to_string()),
        };
        // the parser's own text would quote the line, and the line may be the token's
        toml::from_str(&text).or_else(|error: toml::de::Error| {
            let before = error.span().map_or(0, |span| span.start).min(text.len());
            let line = text.get(..before).unwrap_or_default().matches('\n').count() + 1;
            refuse(format!(
                "line {line} is not what hcloud writes there: {}",
                without_value(error.message())
            ))
        })
    }
}

/// What the parser says, without what it found: that may be the token, in the wrong place.
fn without_value(message: &str) -> String {
    let message = message.trim_end().replace('\n', "; ");
    match message.split_once(", expected ") {
        Some((_, expected)) => format!("expected {expected}"),
        None if message.starts_with("missing field") => message,
        None if message.contains(['"', '`']) => "it is something else".to_owned(),
        None => message,
    }
}
