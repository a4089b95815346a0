//! A world that is open: its document, its machines, and the clock that moves both.

mod clock;
pub(crate) mod document;
pub(crate) mod kind;
mod open;

use crate::error::SandboxError;
use crate::faults::OnAction;
use crate::files;
use crate::machine::{Machine, MachineError, Maker, Spec};
use document::Document;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{Mutex, MutexGuard, Notify};
use tokio_util::sync::CancellationToken;

/// How often machines are asked whether they changed by themselves.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// How soon a server that was told to reboot is looked at again.
const GLANCE: Duration = Duration::from_millis(20);

/// When a part of the world has to be looked at again, the sooner the less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Due {
    /// As soon as is decent: a machine is on its way down.
    Soon,
    /// Then.
    At(Timestamp),
}

/// A world that is open in this process.
#[derive(Debug)]
pub(crate) struct World {
    folder: PathBuf,
    maker: Arc<dyn Maker>,
    state: Mutex<State>,
    changed: Notify,
    /// Nothing is written any more: another may have the folder.
    sealed: AtomicBool,
}

struct State {
    document: Document,
    machines: BTreeMap<String, Arc<dyn Machine>>,
    /// What the file holds.
    kept: Vec<u8>,
}

// the document holds secrets
impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("machines", &self.machines.keys())
            .finish_non_exhaustive()
    }
}

/// The world in one pair of hands: everything that is due has happened, and nothing else
/// happens until it is let go.
pub(crate) struct Held<'a> {
    world: &'a World,
    state: MutexGuard<'a, State>,
    /// When it was taken.
    pub(crate) now: Timestamp,
    /// What hits the action that is begun next.
    pub(crate) on_action: OnAction,
}

impl World {
    /// Takes the world, after everything that is due has happened and is kept.
    pub(crate) async fn hold(&self) -> Result<Held<'_>, SandboxError> {
        let state = self.state.lock().await;
        let mut held = Held {
            world: self,
            now: state.document.settings.now(),
            state,
            on_action: OnAction::default(),
        };
        let mut changed = crate::hetzner::settle(&mut held).await;
        changed |= crate::ovh::settle(&mut held).await;
        if changed {
            held.keep().await?;
        }
        Ok(held)
    }

    /// The folder is let go: from now on nothing is written to it.
    pub(crate) fn seal(&self) {
        self.sealed.store(true, Ordering::SeqCst);
    }

    /// Moves the world on by itself until it is told to stop: actions end when they are due
    /// though nobody asks, and what machines did is kept.
    pub(crate) async fn live(&self, stop: CancellationToken) {
        let mut asked = tokio::time::Instant::now();
        loop {
            let pause = match self.beat(asked.elapsed() >= HEARTBEAT).await {
                Ok((pause, kept)) => {
                    if kept {
                        asked = tokio::time::Instant::now();
                    }
                    pause
                }
                Err(error) => {
                    tracing::error!(%error, "the sandbox's world could not be kept");
                    HEARTBEAT
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.changed.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    async fn beat(&self, keep: bool) -> Result<(Duration, bool), SandboxError> {
        let mut held = self.hold().await?;
        if keep {
            held.keep().await?;
        }
        let due = [held.hetzner.next_due(), held.ovh.next_due()];
        let pause = match due.into_iter().flatten().min() {
            Some(Due::Soon) => GLANCE,
            Some(Due::At(at)) => {
                Duration::try_from(at.duration_since(held.now)).unwrap_or(Duration::ZERO)
            }
            None => HEARTBEAT,
        };
        Ok((pause.min(HEARTBEAT), keep))
    }
}

impl Held<'_> {
    /// Keeps the world as it is now: on disk before this returns.
    pub(crate) async fn keep(&mut self) -> Result<(), SandboxError> {
        let state = &mut *self.state;
        let mut machines = BTreeMap::new();
        for (id, machine) in &state.machines {
            machines.insert(id.clone(), machine.snapshot().await);
        }
        state.document.machines = machines;
        let path = self.world.folder.join("world.json");
        let content =
            serde_json::to_vec(&state.document).map_err(|error| SandboxError::Malformed {
                path: path.clone(),
                message: error.to_string(),
            })?;
        if content != state.kept && !self.world.sealed.load(Ordering::SeqCst) {
            let to_write = content.clone();
            let target = path.clone();
            tokio::task::spawn_blocking(move || files::replace(&target, &to_write))
                .await
                .map_err(|error| {
                    SandboxError::file("cannot write", path)(std::io::Error::other(error))
                })??;
            state.kept = content;
        }
        self.world.changed.notify_one();
        Ok(())
    }

    /// The machine of that id, once it is made.
    pub(crate) fn machine(&self, id: &str) -> Option<Arc<dyn Machine>> {
        self.state.machines.get(id).cloned()
    }

    /// The ids of all machines.
    pub(crate) fn machine_ids(&self) -> Vec<String> {
        self.state.machines.keys().cloned().collect()
    }

    /// Makes a machine, with the faults that the settings have for its name.
    pub(crate) async fn make(&mut self, spec: Spec) -> Result<Arc<dyn Machine>, MachineError> {
        let id = spec.id.clone();
        let faults = self
            .settings
            .machine_faults
            .iter()
            .find(|rule| rule.fit(&spec.hostname))
            .map(|rule| rule.faults.clone());
        let machine = self.world.maker.make(spec).await?;
        self.state.machines.insert(id, Arc::clone(&machine));
        if let Some(faults) = faults {
            machine.misbehave(faults).await?;
        }
        Ok(machine)
    }

    /// The machine is gone, if it was there.
    pub(crate) async fn destroy(&mut self, id: &str) -> Result<(), MachineError> {
        match self.state.machines.remove(id) {
            Some(machine) => machine.destroy().await,
            None => Ok(()),
        }
    }

    /// A volume that the world does not know any more is gone with all that is on it.
    pub(crate) async fn delete_volume(&self, id: &str) {
        if let Err(error) = self.world.maker.delete_volume(id).await {
            // what is left is swept when the world is opened next
            tracing::warn!(%error, "a volume could not be removed whole");
        }
    }

    /// A loopback address that nothing in the world has.
    pub(crate) fn free_address(&mut self) -> Option<Ipv4Addr> {
        let mut network = self.network;
        let found = network.next(|ip| {
            self.hetzner.has_address(ip) || self.ovh.has_address(ip) || self.address_in_use(ip)
        });
        self.network = network;
        found
    }

    /// Whether a machine that exists has that address.
    pub(crate) fn address_in_use(&self, address: Ipv4Addr) -> bool {
        self.state
            .machines
            .values()
            .any(|machine| machine.spec().ipv4 == address)
    }
}

impl Deref for Held<'_> {
    type Target = Document;

    fn deref(&self) -> &Document {
        &self.state.document
    }
}

impl DerefMut for Held<'_> {
    fn deref_mut(&mut self) -> &mut Document {
        &mut self.state.document
    }
}
