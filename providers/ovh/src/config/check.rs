//! Credentials that cannot be right are named before any request.

use super::{Config, Credentials, Source};
use provision_api::{Error, ErrorKind, Result};
use secrecy::ExposeSecret;

impl Credentials {
    /// The parts, by the names that the vendor's files use.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let parts = match self {
            Self::Signature {
                application_key,
                application_secret,
                consumer_key,
            } => vec![
                ("application_key", application_key.as_str()),
                ("application_secret", application_secret.expose_secret()),
                ("consumer_key", consumer_key.expose_secret()),
            ],
            Self::OAuth2 {
                client_id,
                client_secret,
            } => vec![
                ("client_id", client_id.as_str()),
                ("client_secret", client_secret.expose_secret()),
            ],
        };
        parts.into_iter()
    }
}

impl Config {
    /// Refuses what cannot be a key. The error describes it and never shows any of it.
    pub(crate) fn check_credentials(&self, provider: &'static str) -> Result<()> {
        for (name, text) in self.credentials.parts() {
            if let Some(why) = fault(text) {
                let from = self.source_of(name);
                let message = format!("the {name} from {from} {why}");
                return Err(Error::new(
                    ErrorKind::Denied,
                    provider,
                    "use the credentials",
                    message,
                ));
            }
        }
        Ok(())
    }

    fn source_of(&self, name: &str) -> &Source {
        let known = self.credentials_sources.iter().find(|(n, _)| *n == name);
        known.map_or(&Source::Given, |(_, source)| source)
    }
}

/// What is wrong with a key or secret. The vendor promises no length, so none is asked for.
fn fault(text: &str) -> Option<&'static str> {
    if text.trim().is_empty() {
        Some("is empty")
    } else if text.trim() != text {
        Some("has white space (a line break, perhaps) around it; remove that")
    } else if text.contains(char::is_whitespace) {
        Some("has white space within; copy it again")
    } else if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Some("has characters that no key has; copy it again")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_named_and_not_shown() {
        for (secret, expected) in [
            ("0123456789abcdef", None),
            ("", Some("empty")),
            (" \n", Some("empty")),
            ("sEcReT\n", Some("line break")),
            ("sEc ReT", Some("within")),
            ("sEcRé", Some("characters that no key has")),
        ] {
            let credentials = Credentials::OAuth2 {
                client_id: "id".to_owned(),
                client_secret: secret.into(),
            };
            let endpoint = crate::ENDPOINT_EU.parse().unwrap();
            let config = Config::new(endpoint, credentials);
            assert!(secret.trim().is_empty() || !format!("{config:?}").contains(secret));
            match (config.check_credentials("ovh"), expected) {
                (Ok(()), None) => {}
                (Err(error), Some(expected)) => {
                    let error = error.to_string();
                    assert!(error.contains(expected), "{error}");
                    assert!(error.contains("client_secret from the caller"), "{error}");
                    assert!(!error.contains("sEc"), "{error}");
                }
                (found, _) => panic!("{secret:?}: {found:?}"),
            }
        }
    }
}
