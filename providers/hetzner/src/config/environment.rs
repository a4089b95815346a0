//! Finds token and endpoint where the `hcloud` program finds them, in its order.
//!
//! The environment before the context, the context before the preferences for all contexts. An
//! empty variable is as good as none. Source: hetznercloud/cli, `internal/state/config`.

use super::context::{CliToml, Context};
use super::{Config, ENDPOINT, Source};
use crate::dialect::PROVIDER;
use provision_api::{Error, ErrorKind, Result};
use secrecy::SecretString;
use std::path::{Path, PathBuf};
use url::Url;

impl Config {
    /// From the environment (`lookup`) and the files of the user at `home`.
    ///
    /// * token: `HCLOUD_TOKEN`, else that of the context named by `HCLOUD_CONTEXT`, else that of
    ///   the active context;
    /// * endpoint: `HCLOUD_ENDPOINT`, else what the context or the preferences say, else
    ///   Hetzner's;
    /// * contexts: in the file `HCLOUD_CONFIG`, else `hcloud/cli.toml` in `XDG_CONFIG_HOME` if
    ///   it is there, else in `.config` at home.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Denied`] if there is no token or it cannot be one; nothing is sent.
    pub fn from_environment(
        lookup: impl Fn(&str) -> Option<String>,
        home: Option<&Path>,
    ) -> Result<Self> {
        let lookup = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let file = file(&lookup, home);
        let cli = file
            .as_deref()
            .map(CliToml::read)
            .transpose()?
            .unwrap_or_default();
        let file = file.unwrap_or_default();
        let given = lookup("HCLOUD_TOKEN");
        let context = context(&cli, lookup("HCLOUD_CONTEXT"), &file, given.is_some())?;

        let (token, token_source) = match given {
            Some(token) => (
                SecretString::from(token),
                Source::Environment("HCLOUD_TOKEN"),
            ),
            None => from_context(context, &file)?,
        };
        super::check(&token, &token_source)?;
        let (endpoint, endpoint_source) = endpoint(&cli, context, lookup("HCLOUD_ENDPOINT"), &file);
        let endpoint = Url::parse(&endpoint).map_err(|error| {
            let message = format!("the endpoint from {endpoint_source} is no URL: {error}");
            Error::new(ErrorKind::Invalid, PROVIDER, "find the endpoint", message)
        })?;
        Ok(Self {
            endpoint_source,
            token_source,
            ..Self::new(endpoint, token)
        })
    }
}

fn file(lookup: &impl Fn(&str) -> Option<String>, home: Option<&Path>) -> Option<PathBuf> {
    let below = |folder: PathBuf| folder.join("hcloud").join("cli.toml");
    let named = lookup("HCLOUD_CONFIG").map(PathBuf::from);
    let xdg = || lookup("XDG_CONFIG_HOME").map(|folder| below(folder.into()));
    named
        .or_else(|| xdg().filter(|file| file.exists()))
        .or_else(|| home.map(|home| below(home.join(".config"))))
        .or_else(xdg)
}

/// The context in force. One that is named and not there is an error, unless there is a token
/// without it: then `hcloud` goes on too.
fn context<'a>(
    cli: &'a CliToml,
    named: Option<String>,
    file: &Path,
    has_token: bool,
) -> Result<Option<&'a Context>> {
    let from_environment = named.is_some();
    let name = named.unwrap_or_else(|| cli.active_context.clone());
    let found = cli.contexts.iter().find(|context| context.name == name);
    if found.is_some() || name.is_empty() || has_token {
        return Ok(found);
    }
    let wanted_by = if from_environment {
        "HCLOUD_CONTEXT"
    } else {
        "active_context"
    };
    let known: Vec<_> = cli
        .contexts
        .iter()
        .map(|context| context.name.as_str())
        .collect();
    let known = if known.is_empty() {
        "none".to_owned()
    } else {
        known.join(", ")
    };
    Err(no_token(format!(
        "{wanted_by} names the context {name:?}, but {} has {known}; choose one of them, or set \
         HCLOUD_TOKEN",
        file.display()
    )))
}

fn from_context(context: Option<&Context>, file: &Path) -> Result<(SecretString, Source)> {
    let Some(context) = context else {
        return Err(no_token(
            "no token: set HCLOUD_TOKEN (made in the project's console under Security, API \
             tokens), or make a context with `hcloud context create`"
                .to_owned(),
        ));
    };
    let source = Source::Context {
        name: context.name.clone(),
        file: file.to_owned(),
    };
    match &context.token {
        Some(token) => Ok((token.clone(), source)),
        None => Err(no_token(format!(
            "{source} has no token; set HCLOUD_TOKEN instead"
        ))),
    }
}

fn endpoint(
    cli: &CliToml,
    context: Option<&Context>,
    given: Option<String>,
    file: &Path,
) -> (String, Source) {
    let file = file.to_owned();
    if let Some(endpoint) = given {
        return (endpoint, Source::Environment("HCLOUD_ENDPOINT"));
    }
    let set = context.and_then(|context| Some((context, context.preferences.endpoint.clone()?)));
    if let Some((context, endpoint)) = set {
        let name = context.name.clone();
        return (endpoint, Source::Context { name, file });
    }
    match cli.preferences.endpoint.clone() {
        Some(endpoint) => (endpoint, Source::Preferences { file }),
        None => (ENDPOINT.to_owned(), Source::Default),
    }
}

fn no_token(message: String) -> Error {
    Error::new(ErrorKind::Denied, PROVIDER, "find the token", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;
    use std::collections::HashMap;

    const FILE: &str = r#"
        active_context = "prod"
        [preferences]
        endpoint = "https://everywhere.example/v1"
        [[contexts]]
        name = "prod"
        token = "PPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPP"
        [[contexts]]
        name = "lab"
        token = "LLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLL"
        [contexts.preferences]
        endpoint = "https://lab.example/v1"
        quiet = true
        [[contexts]]
        name = "bare"
    "#;

    /// Reads with these variables, and with FILE at home.
    fn read(variables: &[(&str, &str)]) -> Result<Config> {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join(".config/hcloud");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("cli.toml"), FILE).unwrap();
        let variables: HashMap<_, _> = variables.iter().copied().collect();
        let lookup = |name: &str| variables.get(name).map(|value| (*value).to_owned());
        Config::from_environment(lookup, Some(home.path()))
    }

    #[test]
    fn the_order_is_that_of_hcloud() {
        let env = &*"E".repeat(64);
        let cases = [
            (&[][..] as &[(&str, &str)], 'P', "everywhere"),
            (&[("HCLOUD_TOKEN", "")], 'P', "everywhere"),
            (&[("HCLOUD_CONTEXT", "lab")], 'L', "lab"),
            (&[("HCLOUD_TOKEN", env)], 'E', "everywhere"),
            (
                &[("HCLOUD_TOKEN", env), ("HCLOUD_CONTEXT", "lab")],
                'E',
                "lab",
            ),
            (
                &[
                    ("HCLOUD_CONTEXT", "lab"),
                    ("HCLOUD_ENDPOINT", "https://env.example/"),
                ],
                'L',
                "env",
            ),
        ];
        for (variables, token, endpoint) in cases {
            let config = read(variables).unwrap();
            assert!(
                config.token.expose_secret().starts_with(token),
                "{variables:?}"
            );
            let host = config.endpoint.host_str().unwrap();
            assert_eq!(host, format!("{endpoint}.example"), "{variables:?}");
        }
    }

    #[test]
    fn the_source_is_told_and_the_token_is_not() {
        let config = read(&[("HCLOUD_CONTEXT", "lab")]).unwrap();
        let source = config.token_source.to_string();
        assert!(
            source.starts_with("context \"lab\" of ") && source.ends_with("cli.toml"),
            "{source}"
        );
        assert!(!format!("{config:?}").contains("LLLL"));
    }

    #[test]
    fn what_is_missing_is_named() {
        for (variables, expected) in [
            (&[("HCLOUD_CONTEXT", "nope")][..], "prod, lab, bare"),
            (&[("HCLOUD_CONTEXT", "bare")], "has no token"),
            (&[("HCLOUD_TOKEN", "short")], "5 characters"),
            (
                &[("HCLOUD_CONFIG", "/nonexistent/x.toml")],
                "set HCLOUD_TOKEN",
            ),
            (
                &[("HCLOUD_ENDPOINT", "nowhere")],
                "HCLOUD_ENDPOINT is no URL",
            ),
        ] {
            let error = read(variables).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        let error = Config::from_environment(|_| None, None)
            .unwrap_err()
            .to_string();
        assert!(error.contains("hcloud context create"), "{error}");
    }

    #[test]
    fn a_broken_file_is_named_and_not_shown() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("x.toml");
        std::fs::write(
            &file,
            "active_context = \"a\"\n[[contexts]]\ntoken = \"t0psecret\n",
        )
        .unwrap();
        let name = file.display().to_string();
        let lookup = |key: &str| (key == "HCLOUD_CONFIG").then(|| name.clone());
        let error = Config::from_environment(lookup, None)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("line 3") && !error.contains("t0psecret"),
            "{error}"
        );
    }

    #[test]
    fn xdg_is_read_where_it_has_the_file() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("hcloud")).unwrap();
        std::fs::write(folder.path().join("hcloud/cli.toml"), FILE).unwrap();
        let name = folder.path().display().to_string();
        let lookup = |key: &str| (key == "XDG_CONFIG_HOME").then(|| name.clone());
        let config = Config::from_environment(lookup, Some(Path::new("/nonexistent"))).unwrap();
        assert!(config.token.expose_secret().starts_with('P'));
    }
}
