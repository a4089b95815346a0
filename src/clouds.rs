//! The providers by name, and what one run shares of each.

use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::identity::KeyFile;
use provision_api::wait::TaskWaiter;
use provision_api::{KeyId, LoginKey, OwnedServer, Owner, Provider, Server};
use provision_hetzner::{Config, Hetzner};
use secrecy::SecretString;
use std::sync::Arc;
use tokio::sync::OnceCell;

/// The names that host.toml and `--provider` may give.
pub const NAMES: &[&str] = &["hetzner"];

/// A provider, and what one run shares of it among all hosts.
#[derive(Debug)]
pub struct Cloud {
    name: &'static str,
    /// The adapter.
    pub provider: Arc<dyn Provider>,
    /// The one waiter for what the vendor accepted.
    pub waiter: TaskWaiter,
    login: OnceCell<KeyId>,
}

impl Cloud {
    /// Opens the provider of that name with the user's credentials, or with the sandbox's.
    pub fn open(context: &Context, name: &str) -> Outcome<Arc<Self>> {
        let (name, provider): (_, Arc<dyn Provider>) = match name {
            "hetzner" => ("hetzner", Arc::new(hetzner(context)?)),
            other => {
                return Err(Failure::new(
                    Exit::Config,
                    format!("there is no provider {other:?}"),
                    format!("this provision knows {}", NAMES.join(", ")),
                )
                .mend("name one with --provider, or in host.toml"));
            }
        };
        Ok(Arc::new(Self {
            name,
            waiter: waiter(context, name, &provider),
            provider,
            login: OnceCell::new(),
        }))
    }

    /// Every provider that there are credentials for.
    pub fn all(context: &Context) -> Outcome<Vec<Arc<Self>>> {
        let wanted = context.global.provider.as_deref();
        let names: Vec<&str> = wanted.map_or_else(|| NAMES.to_vec(), |one| vec![one]);
        names
            .into_iter()
            .map(|name| Self::open(context, name))
            .collect()
    }

    /// The provider's name, as `host.toml` gives it.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The login key's id at the vendor; made known once in a run.
    pub async fn login(&self, owner: &Owner, key: &KeyFile) -> Result<KeyId, provision_api::Error> {
        let fingerprint = key.fingerprint().to_label();
        let wanted = LoginKey {
            name: format!("provision-{owner}-{}", &fingerprint[..8]),
            public: key.public_line(),
            owner: owner.clone(),
        };
        self.login
            .get_or_try_init(|| self.provider.trust(&wanted))
            .await
            .cloned()
    }

    /// All servers of the owner.
    pub async fn ours(&self, owner: &Owner) -> Outcome<Vec<OwnedServer>> {
        let all = self.servers().await?;
        Ok(all
            .into_iter()
            .filter_map(|server| OwnedServer::claim(server, owner).ok())
            .collect())
    }

    /// All servers that the credentials can see.
    pub async fn servers(&self) -> Outcome<Vec<Server>> {
        self.provider
            .servers()
            .await
            .map_err(|e| Failure::provider("cannot list the servers", &e))
    }
}

/// Without latencies the sandbox is done at once; a second's pause would be most of the wait.
fn waiter(context: &Context, name: &'static str, provider: &Arc<dyn Provider>) -> TaskWaiter {
    let pace = match &context.sandbox {
        Some(sandbox) if !sandbox.access().has_latency => TaskWaiter::PACE.scaled(0.05),
        _ => TaskWaiter::PACE,
    };
    TaskWaiter::new(name, Arc::clone(provider), pace)
}

fn hetzner(context: &Context) -> Outcome<Hetzner> {
    let config = match &context.sandbox {
        Some(sandbox) => {
            let access = sandbox.access();
            let endpoint = url::Url::parse(&access.endpoint_hetzner)
                .map_err(|e| Failure::new(Exit::Other, "the sandbox has no endpoint", e))?;
            Config::new(endpoint, SecretString::from(access.token_hetzner.clone()))
        }
        None => Config::from_environment(
            |name| std::env::var(name).ok(),
            etcetera::home_dir().ok().as_deref(),
        )
        .map_err(|e| Failure::new(Exit::Denied, "there is no access to Hetzner Cloud", e))?,
    };
    Hetzner::new(config)
        .map_err(|e| Failure::new(Exit::Denied, "there is no access to Hetzner Cloud", e))
}
