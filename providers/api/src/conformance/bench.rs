//! What the suite works with: what to order, how to wait, and how to clean up.

use super::Finding;
use crate::wait::{Deadline, TaskWaiter};
use crate::{
    Accepted, Backoff, Capabilities, HostName, Intent, KeyId, LoginKey, Marks, Order, OwnedServer,
    Owner, Phase, Provider, Role, RunId, Server, ServerId, Stage,
};
use secrecy::SecretString;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What to order, and on whose behalf.
#[derive(Debug, Clone)]
pub struct Bench {
    /// The provider's name, for the waiter.
    pub name: &'static str,
    /// Whose the server will be. Nothing else may bear this mark.
    pub owner: Owner,
    /// Somebody else.
    pub stranger: Owner,
    /// A login key that the project does not know yet.
    pub key: LoginKey,
    /// A type that can be had.
    pub server_type: String,
    /// Where it can be had.
    pub location: String,
    /// An image that it takes.
    pub image: String,
    /// Where servers cannot be created: one that nobody has marked and that may be taken through
    /// all this. It stays, and bears no mark afterwards.
    pub server: Option<Server>,
    /// How long any one task may take.
    pub patience: Duration,
    /// How often to look.
    pub pace: Backoff,
}

/// A run of the suite.
pub(super) struct Case {
    pub(super) provider: Arc<dyn Provider>,
    pub(super) bench: Bench,
    pub(super) key: Option<KeyId>,
    pub(super) server: Option<OwnedServer>,
    pub(super) done: Accepted,
    waiter: TaskWaiter,
}

impl Case {
    pub(super) fn new(provider: Arc<dyn Provider>, bench: Bench) -> Self {
        Self {
            waiter: TaskWaiter::new(bench.name, Arc::clone(&provider), bench.pace),
            provider,
            bench,
            key: None,
            server: None,
            done: Accepted::default(),
        }
    }

    /// The server that the suite ordered, as it was last seen.
    pub(super) fn server(&self) -> Finding<&OwnedServer> {
        self.server
            .as_ref()
            .ok_or_else(|| "no server was ordered".to_owned())
    }

    /// The order that the whole suite stands on.
    pub(super) fn order(&self) -> Finding<Order> {
        let named = |error: crate::NameError| error.to_string();
        let host: HostName = "conformance".parse().map_err(named)?;
        let run: RunId = "first-run".parse().map_err(named)?;
        Ok(Order {
            name: "conformance".to_owned(),
            server_type: self.bench.server_type.clone(),
            location: self.bench.location.clone(),
            image: self.bench.image.clone(),
            keys: self.key.iter().cloned().collect(),
            user_data: SecretString::from("#cloud-config\n"),
            marks: Marks {
                owner: self.bench.owner.clone(),
                run,
                host,
                role: Role::Test,
                phase: Phase::Created,
                expires: None,
                host_key: None,
                lease: None,
            },
            powered_off: true,
        })
    }

    pub(super) async fn wait(&self, accepted: &Accepted) -> Finding {
        let deadline = Deadline::after(self.bench.patience);
        let cancel = CancellationToken::new();
        let waited = self
            .waiter
            .wait(&accepted.tasks, deadline, &cancel, |_, _| {})
            .await;
        waited.map_err(|error| error.to_string())
    }

    /// Takes the server all the way to what is wanted, and looks at it again.
    pub(super) async fn fulfil(&mut self, intent: &Intent) -> Finding<Option<Server>> {
        self.drive(&self.server()?.clone(), intent).await?;
        self.look().await
    }

    pub(super) fn able(&self) -> Capabilities {
        self.provider.capabilities()
    }

    pub(super) async fn drive(&self, server: &OwnedServer, intent: &Intent) -> Finding {
        let mut stage = Stage(0);
        // no vendor needs more stages than this; one that does goes in circles
        for _ in 0..10 {
            let accepted = self.provider.drive(server, intent, stage).await;
            let accepted = accepted.map_err(|error| error.to_string())?;
            self.wait(&accepted).await?;
            match accepted.next {
                Some(next) => stage = next,
                None => return Ok(()),
            }
        }
        Err(format!("{intent:?} does not end"))
    }

    /// The ordered server as the list has it now; the suite goes on with what it shows.
    pub(super) async fn look(&mut self) -> Finding<Option<Server>> {
        let id = self.server()?.id().clone();
        let found = self.find(&id).await?;
        if let Some(server) = &found {
            let owned = OwnedServer::claim(server.clone(), &self.bench.owner);
            self.server = Some(owned.map_err(|error| error.to_string())?);
        }
        Ok(found)
    }

    pub(super) async fn find(&self, id: &ServerId) -> Finding<Option<Server>> {
        let servers = self
            .provider
            .servers()
            .await
            .map_err(|error| error.to_string())?;
        Ok(servers.into_iter().find(|server| server.id == *id))
    }

    /// Removes whatever bears the owner's mark, and names what could not be.
    pub(super) async fn clean_up(&self) -> Vec<String> {
        let mut remains = Vec::new();
        if let Err(why) = self.remove_servers(&mut remains).await {
            remains.push(format!("perhaps servers: {why}"));
        }
        match self.provider.leftovers(&self.bench.owner).await {
            Err(error) => remains.push(format!("perhaps leftovers: {error}")),
            Ok(all) => {
                for leftover in all {
                    if let Err(error) = self.provider.remove(&leftover).await {
                        remains.push(format!("{:?} {}: {error}", leftover.kind, leftover.name));
                    }
                }
            }
        }
        remains
    }

    async fn remove_servers(&self, remains: &mut Vec<String>) -> Finding {
        for server in self.ours().await? {
            let intent = if self.able().create {
                Intent::Gone
            } else {
                Intent::Released { reset: false }
            };
            if let Err(why) = self.drive(&server, &intent).await {
                tracing::warn!(server = %server.id(), why, "cannot remove it");
            }
        }
        // what is still there counts, not what was answered
        let left = self.ours().await?.into_iter();
        remains.extend(left.map(|server| format!("server {}", server.id())));
        Ok(())
    }

    /// Every server with the owner's mark that the suite made.
    async fn ours(&self) -> Finding<Vec<OwnedServer>> {
        let servers = self
            .provider
            .servers()
            .await
            .map_err(|error| error.to_string())?;
        let owner = &self.bench.owner;
        let ours = servers
            .into_iter()
            .filter_map(|server| OwnedServer::claim(server, owner).ok());
        Ok(ours.collect())
    }
}

/// A finding, if the condition does not hold.
pub(super) fn expect(holds: bool, why: impl FnOnce() -> String) -> Finding {
    if holds { Ok(()) } else { Err(why()) }
}
