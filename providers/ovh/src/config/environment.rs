//! Finds endpoint and credentials where the vendor's clients find them, in their order.
//!
//! Key by key: the environment, then `ovh.conf` here, `.ovh.conf` at home, `/etc/ovh.conf`. An
//! empty value is as good as none. Source: python-ovh and go-ovh.

use super::files::Files;
use super::places::{endpoint, is_url};
use super::{Config, ConfigError, Credentials, Source};
use std::path::{Path, PathBuf};

/// Where administrators put what is good for everybody on a machine.
const EVERYBODYS: &str = "/etc/ovh.conf";
const SIGNATURE: [&str; 3] = ["application_key", "application_secret", "consumer_key"];
const OAUTH2: [&str; 2] = ["client_id", "client_secret"];
/// What Terraform's provider calls the project.
const PROJECT: &str = "OVH_CLOUD_PROJECT_SERVICE";

impl Config {
    /// From the environment (`env`), and the files in the folder `cwd`, of the user at `home`,
    /// and of the machine.
    ///
    /// # Errors
    ///
    /// If there are no credentials, or not all of them, or of both kinds; nothing is sent.
    pub fn from_environment(
        env: impl Fn(&str) -> Option<String>,
        home: Option<&Path>,
        cwd: &Path,
    ) -> Result<Self, ConfigError> {
        let mut files = vec![cwd.join("ovh.conf")];
        files.extend(home.map(|home| home.join(".ovh.conf")));
        files.push(PathBuf::from(EVERYBODYS));
        Self::from_files(env, &files)
    }

    /// The same with other files, the first of them first in force. The first one is the
    /// folder's, which may be somebody else's work: it chooses among the vendor's own endpoints
    /// for any credentials, and any other URL only for those that it has itself.
    pub fn from_files(
        env: impl Fn(&str) -> Option<String>,
        files: &[PathBuf],
    ) -> Result<Self, ConfigError> {
        let env = |name: &str| env(name).filter(|value| !value.is_empty());
        let from_env = |name: &str| {
            let name = format!("OVH_{}", name.to_uppercase());
            Some((env(&name)?, Source::Environment(name)))
        };
        let read = Files::read(files);
        let (name, endpoint_source) = from_env("endpoint")
            .or_else(|| read.get("default", "endpoint"))
            .unwrap_or_else(|| ("ovh-eu".to_owned(), Source::Default));
        let endpoint = endpoint(&name, &endpoint_source)?;
        let find = |part: &'static str| {
            let (value, source) = from_env(part).or_else(|| read.get(&name, part))?;
            Some((part, value, source))
        };
        let signature: Vec<_> = SIGNATURE.into_iter().filter_map(find).collect();
        let oauth2: Vec<_> = OAUTH2.into_iter().filter_map(find).collect();
        let told = |found: &[(&'static str, String, Source)]| -> Vec<_> {
            let all = found.iter();
            all.map(|(name, _, source)| (*name, source.clone()))
                .collect()
        };
        let sources = [told(&signature), told(&oauth2)].concat();
        let credentials = match (credentials(signature), credentials(oauth2)) {
            (Found::Nothing, Found::Nothing) => {
                return Err(ConfigError::None {
                    section: name,
                    files: files.to_vec(),
                    troubles: read.troubles,
                });
            }
            (Found::All(credentials), Found::Nothing)
            | (Found::Nothing, Found::All(credentials)) => credentials,
            (Found::Some(missing), Found::Nothing) | (Found::Nothing, Found::Some(missing)) => {
                return Err(ConfigError::Incomplete {
                    found: sources,
                    missing,
                    troubles: read.troubles,
                });
            }
            _ => return Err(ConfigError::Mixed { found: sources }),
        };
        if is_url(&name) && is_lent(files, &endpoint_source, &sources) {
            return Err(ConfigError::Elsewhere {
                from: endpoint_source,
                found: sources,
            });
        }
        Ok(Self {
            endpoint_source,
            credentials_sources: sources,
            project: env(PROJECT),
            ..Self::new(endpoint, credentials)
        })
    }
}

/// Whether the folder's file, the first, chose an endpoint for credentials from elsewhere.
fn is_lent(files: &[PathBuf], endpoint: &Source, credentials: &[(&str, Source)]) -> bool {
    let is_here = |source: &Source| match source {
        Source::File { file, .. } => files.first() == Some(file),
        _ => false,
    };
    is_here(endpoint) && !credentials.iter().all(|(_, source)| is_here(source))
}

/// How much of one kind of credentials there is.
enum Found {
    Nothing,
    Some(Vec<&'static str>),
    All(Credentials),
}

fn credentials(found: Vec<(&'static str, String, Source)>) -> Found {
    let Some((first, _, _)) = found.first() else {
        return Found::Nothing;
    };
    let wanted: &[&str] = if OAUTH2.contains(first) {
        &OAUTH2
    } else {
        &SIGNATURE
    };
    let has = |name: &&&str| found.iter().any(|(found, _, _)| found == *name);
    let missing: Vec<_> = wanted.iter().filter(|name| !has(name)).copied().collect();
    let mut values = found.into_iter().map(|(_, value, _)| value);
    match (wanted.len(), values.next(), values.next(), values.next()) {
        (3, Some(key), Some(secret), Some(consumer)) => Found::All(Credentials::Signature {
            application_key: key,
            application_secret: secret.into(),
            consumer_key: consumer.into(),
        }),
        (2, Some(id), Some(secret), None) => Found::All(Credentials::OAuth2 {
            client_id: id,
            client_secret: secret.into(),
        }),
        _ => Found::Some(missing),
    }
}
