//! A machine's power: the guest's process comes and goes, and outlives whoever started it.

use super::folder::Folder;
use super::kvm::Accelerator;
use super::qmp::Qmp;
use super::state::{Saved, State};
use super::tools::{self, Uefi};
use super::{QemuOptions, serial};
use crate::images::Images;
use crate::machine::{Boot, Firmware, Machine, MachineError, Spec};
use crate::process::Process;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

/// How long it may take to end after it was told to.
const QUITTING: Duration = Duration::from_secs(5);

/// A machine, shared by its handle and by who watches its guest.
#[derive(Debug)]
pub(super) struct Inner {
    pub(super) spec: Spec,
    pub(super) options: QemuOptions,
    pub(super) folder: Folder,
    /// The firmware of a machine that has this kind.
    pub(super) uefi: Option<Uefi>,
    pub(super) accelerator: Arc<OnceCell<Accelerator>>,
    state: Mutex<State>,
    /// Held while the power changes.
    gate: tokio::sync::Mutex<Live>,
    /// Held while the state is written.
    keeping: tokio::sync::Mutex<()>,
    /// Ends what watches when the machine is let go.
    pub(super) root: CancellationToken,
}

/// What lives while the machine is on.
#[derive(Debug, Default)]
pub(super) struct Live {
    pub(super) guest: Option<Guest>,
    /// What answers at its address in place of the guest when a fault says so.
    pub(super) other: Option<Arc<dyn Machine>>,
}

/// A guest that runs.
#[derive(Debug)]
pub(super) struct Guest {
    pub(super) process: Process,
    pub(super) qmp: Qmp,
}

impl Inner {
    /// A machine; nothing of it is made or looked for yet.
    pub(super) fn new(
        spec: Spec,
        options: QemuOptions,
        accelerator: Arc<OnceCell<Accelerator>>,
        state: State,
    ) -> Result<Self, MachineError> {
        let uefi = (spec.firmware == Firmware::Uefi)
            .then(tools::uefi)
            .flatten();
        let inner = Self {
            folder: Folder::of(&options.folder, &spec.id),
            uefi,
            spec,
            options,
            accelerator,
            state: Mutex::new(state),
            gate: tokio::sync::Mutex::default(),
            keeping: tokio::sync::Mutex::default(),
            root: CancellationToken::new(),
        };
        if inner.spec.arch != "x86_64" {
            return Err(inner.error(format!(
                "real machines are x86_64 and it is {}: take another server type, or emulated \
                 machines",
                inner.spec.arch
            )));
        }
        if inner.spec.firmware == Firmware::Uefi && inner.uefi.is_none() {
            return Err(inner.error(
                "it boots by UEFI and this computer has no OVMF: install Debian's package ovmf",
            ));
        }
        Ok(inner)
    }

    /// What it boots.
    pub(super) fn images(&self) -> Result<&Images, String> {
        self.options.images.as_ref().ok_or_else(|| {
            "the images that it boots are not there, or are of another version: provision sandbox \
             image build makes them"
                .to_owned()
        })
    }

    /// Its state; held for moments only.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps its power as it is, until the guard is dropped.
    pub(super) async fn gate(&self) -> tokio::sync::MutexGuard<'_, Live> {
        self.gate.lock().await
    }

    /// An error of this machine.
    pub(super) fn error(&self, message: impl Into<String>) -> MachineError {
        MachineError {
            machine: self.spec.id.clone(),
            message: message.into(),
        }
    }

    /// Nobody watches it any more; the guest goes on.
    pub(super) fn let_go(&self) {
        self.root.cancel();
    }

    /// Says something on its console.
    pub(super) fn say(&self, line: &str) {
        serial::say(&self.folder.serial(), line);
    }

    /// The machine as it is kept.
    pub(super) fn saved(&self) -> Saved {
        Saved::new(self.spec.clone(), self.state().clone())
    }

    /// Keeps its state in its folder.
    pub(super) async fn keep(&self) -> Result<(), MachineError> {
        let _one_after_the_other = self.keeping.lock().await;
        self.state().turn += 1;
        let (folder, saved) = (self.folder.clone(), self.saved());
        let kept = tokio::task::spawn_blocking(move || folder.keep(&saved)).await;
        kept.unwrap_or_else(|error| Err(error.to_string()))
            .map_err(|why| self.error(why))
    }

    /// Switches it on.
    pub(super) async fn power_on(self: &Arc<Self>, boot: Boot) -> Result<(), MachineError> {
        let mut live = self.gate().await;
        if live.guest.is_some() {
            return Ok(());
        }
        self.start(&mut live, boot).await
    }

    /// Switches it off. It is off in its state before it is in truth: whoever opens the world in
    /// between ends the guest.
    pub(super) async fn power_off(&self) -> Result<(), MachineError> {
        let mut live = self.gate().await;
        let was_on = self.state().running.take().is_some();
        // a full disk must not keep it on
        let kept = if was_on { self.keep().await } else { Ok(()) };
        self.put_away(&mut live).await?;
        if was_on {
            self.say("the power is off");
        }
        kept
    }

    /// Switches it off for good: what is kept of it goes next, and need not be right.
    pub(super) async fn end(&self) -> Result<(), MachineError> {
        let mut live = self.gate().await;
        self.state().running = None;
        self.put_away(&mut live).await
    }

    /// Ends a guest that another process started and this one has not taken charge of.
    pub(super) async fn end_left(&self) -> Result<(), String> {
        match self.folder.process() {
            Some(left) => end(left).await,
            None => Ok(()),
        }
    }

    /// Ends whatever runs or answers.
    pub(super) async fn put_away(&self, live: &mut Live) -> Result<(), MachineError> {
        self.end_other(live).await;
        let process = match live.guest.take() {
            None => self.folder.process(),
            Some(guest) => {
                // one that does not listen is ended below
                drop(tokio::time::timeout(QUITTING, guest.qmp.call("quit", None)).await);
                guest.process.gone(QUITTING).await;
                Some(guest.process)
            }
        };
        match process {
            Some(process) => end(process).await.map_err(|why| self.error(why)),
            None => Ok(()),
        }
    }

    /// Tells the guest's QEMU what to do when the system inside reboots.
    pub(super) async fn steer(&self, live: &Live) -> Result<(), String> {
        let action = {
            let state = self.state();
            let Some(running) = &state.running else {
                return Ok(());
            };
            if state.reboots_in_place(&running.boot) {
                "reset"
            } else {
                "shutdown"
            }
        };
        let Some(guest) = &live.guest else {
            return Ok(());
        };
        let arguments = serde_json::json!({ "reboot": action });
        guest
            .qmp
            .call("set-action", Some(arguments))
            .await
            .map(drop)
    }

    /// Changes what it boots next, and keeps it.
    pub(super) async fn decide(&self, change: impl FnOnce(&mut State)) {
        let live = self.gate().await;
        change(&mut self.state());
        if let Err(error) = self.steer(&live).await {
            tracing::warn!(machine = self.spec.id, error, "a guest cannot be steered");
        }
        if let Err(error) = self.keep().await {
            tracing::warn!(%error, "a machine's state cannot be kept");
        }
    }
}

/// Ends a guest, or says that it goes on.
pub(super) async fn end(guest: Process) -> Result<(), String> {
    if guest.end().await {
        return Ok(());
    }
    Err(format!(
        "its guest, process {}, does not end: end it by hand",
        guest.pid
    ))
}
