//! The providers by name, and what one run shares of each.

mod access;

use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::identity::KeyFile;
use provision_api::wait::TaskWaiter;
use provision_api::{KeyId, LoginKey, OwnedServer, Owner, Provider, Server};
use std::sync::Arc;
use tokio::sync::OnceCell;

/// The names that host.toml and `--provider` may give.
pub const NAMES: &[&str] = &["hetzner", "ovh", "ovh-vps", "ovh-dedicated"];

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
        let Some(name) = NAMES.iter().copied().find(|known| *known == name) else {
            return Err(Failure::new(
                Exit::Config,
                format!("there is no provider {name:?}"),
                format!("this provision knows {}", NAMES.join(", ")),
            )
            .mend("name one with --provider, or in host.toml"));
        };
        let provider = access::provider(context, name)?;
        Ok(Arc::new(Self {
            name,
            waiter: waiter(context, name, &provider),
            provider,
            login: OnceCell::new(),
        }))
    }

    /// Every provider that there are credentials for, or the one that is named; and why others,
    /// whose credentials cannot be used, are missing.
    pub fn all(context: &Context) -> Outcome<(Vec<Arc<Self>>, Vec<Failure>)> {
        if let Some(one) = context.global.provider.as_deref() {
            return Ok((vec![Self::open(context, one)?], Vec::new()));
        }
        let (present, mut unusable) = access::present(context)?;
        let mut clouds = Vec::new();
        for name in present {
            match Self::open(context, name) {
                Ok(cloud) => clouds.push(cloud),
                Err(failure) => unusable.push(failure),
            }
        }
        Ok((clouds, unusable))
    }

    /// The provider's name, as `host.toml` gives it.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Whose it is: products of one vendor share their credentials.
    pub fn vendor(&self) -> &'static str {
        self.name.split('-').next().unwrap_or(self.name)
    }

    /// Whether its servers are rented elsewhere, and not ours to create or to cancel.
    pub fn is_rented(&self) -> bool {
        !self.provider.capabilities().create
    }

    /// The likeliest user of a fresh image.
    pub fn first_user(&self) -> &'static str {
        let users = self.provider.capabilities().first_users;
        users.first().copied().unwrap_or("root")
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
