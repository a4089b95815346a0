//! A machine's power: what runs comes and goes, and with it the SSH port.

use super::Latency;
use super::boot;
use super::disk::Disk;
use super::port::{Live, close};
use super::state::{Kind, State};
use crate::machine::{Boot, Faults, Image, MachineError, Spec};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// A machine, shared by its handle, its port and its logins.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) spec: Spec,
    pub(crate) latency: Latency,
    state: Mutex<State>,
    /// Held while the power changes.
    gate: tokio::sync::Mutex<Live>,
    /// Ends everything when the machine is abandoned.
    root: CancellationToken,
    /// The other machine that answers in place of this one when a fault says so.
    impostor: OnceLock<Arc<Inner>>,
    /// Its faults are others than before.
    pub(super) told_anew: Notify,
    /// Whether it has a port of its own; an impostor answers on another's.
    pub(super) has_port: bool,
}

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|d| i64::try_from(d.as_secs()).ok())
        .unwrap_or(0)
}

impl Inner {
    /// A new machine, off, its disk empty.
    pub(crate) fn new(spec: Spec, latency: Latency) -> Arc<Self> {
        let state = State {
            disks: Disk::all(&spec),
            ..State::default()
        };
        Self::kept(spec, latency, state)
    }

    /// A machine with a state that was kept; nothing of it lives yet.
    pub(crate) fn kept(spec: Spec, latency: Latency, state: State) -> Arc<Self> {
        Arc::new(Self::with_port(spec, latency, state, true))
    }

    fn with_port(spec: Spec, latency: Latency, state: State, has_port: bool) -> Self {
        Self {
            has_port,
            spec,
            latency,
            state: Mutex::new(state),
            gate: tokio::sync::Mutex::default(),
            root: CancellationToken::new(),
            impostor: OnceLock::new(),
            told_anew: Notify::new(),
        }
    }

    /// Its state; held for moments only.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps its power as it is, until the guard is dropped.
    pub(crate) async fn gate(&self) -> tokio::sync::MutexGuard<'_, Live> {
        self.gate.lock().await
    }

    /// An error of this machine.
    pub(crate) fn error(&self, message: impl Into<String>) -> MachineError {
        MachineError {
            machine: self.spec.id.clone(),
            message: message.into(),
        }
    }

    /// Nothing of it shall live any more.
    pub(crate) fn abandon(&self) {
        self.root.cancel();
    }

    /// Switches it on.
    pub(crate) async fn power_on(self: &Arc<Self>, boot: &Boot) -> Result<(), MachineError> {
        let mut live = self.gate.lock().await;
        if self.state().running.is_some() {
            return Ok(());
        }
        // a port that cannot be had is told now, not on a console when the boot is done
        drop(self.bind().await?);
        self.start(&mut live, |state| {
            boot::start(state, &self.spec, boot, now());
        })
        .await
    }

    /// Switches it off; everything that lived ends.
    pub(crate) async fn power_off(&self) {
        let mut live = self.gate.lock().await;
        self.stop(&mut live).await;
        self.be_off();
    }

    /// Nothing runs any more.
    pub(super) fn be_off(&self) {
        let mut state = self.state();
        state.running = None;
        state.disks.iter_mut().for_each(|d| d.name = None);
    }

    /// Whether something runs that listens to the power button.
    pub(crate) fn answers_the_button(&self) -> bool {
        let state = self.state();
        let running = state.running.as_ref();
        running.is_some_and(|r| r.up && r.kind != Kind::Dead)
    }

    /// The id of the boot that runs.
    pub(crate) fn boot_id(&self) -> Option<String> {
        self.state().running.as_ref().map(|r| r.boot_id.clone())
    }

    /// Goes on where a snapshot was taken: a boot that was under way is done, and a system that
    /// was going down is gone.
    pub(crate) async fn resume(self: &Arc<Self>) -> Result<(), MachineError> {
        let mut live = self.gate.lock().await;
        let leaving = match &self.state().running {
            None => return Ok(()),
            Some(running) => running.leaving.clone(),
        };
        live.life = self.root.child_token();
        match leaving {
            Some(effect) => self.go(&mut live, effect).await,
            None => self.come_up(&mut live).await,
        }
    }

    /// How it misbehaves from now on.
    pub(crate) async fn misbehave(self: &Arc<Self>, faults: Faults) -> Result<(), MachineError> {
        let mut live = self.gate.lock().await;
        {
            let mut state = self.state();
            state.faults = faults;
            state.turn(None);
        }
        self.told_anew.notify_waiters();
        self.answer_as_told(&mut live).await
    }

    /// The other machine that a fault puts in place of this one: booted, with a host key of its
    /// own, and nothing of this one's.
    pub(crate) fn impostor(&self) -> Arc<Self> {
        let make = || {
            let mut disk = Disk::own(self.spec.disk_gib);
            let image = Image {
                os: "debian".into(),
                version: "12".into(),
                user_data: None,
                authorized_keys: Vec::new(),
                user: None,
            };
            disk.write_stock(image, &self.spec.hostname, &self.spec.arch);
            let mut state = State {
                disks: vec![disk],
                ..State::default()
            };
            boot::start(&mut state, &self.spec, &Boot::Disk, now());
            let spec = self.spec.clone();
            Arc::new(Self::with_port(spec, Latency::default(), state, false))
        };
        self.impostor.get_or_init(make).clone()
    }

    /// Starts something and opens the port once its boot is done.
    pub(super) async fn start(
        self: &Arc<Self>,
        live: &mut Live,
        begin: impl FnOnce(&mut State),
    ) -> Result<(), MachineError> {
        live.life = self.root.child_token();
        let wait = {
            let mut state = self.state();
            begin(&mut state);
            self.boot_time(&state)
        };
        if wait.is_zero() {
            return self.come_up(live).await;
        }
        let booting = Arc::clone(self).boot_slowly(wait, live.life.clone());
        tokio::spawn(booting);
        Ok(())
    }

    /// Comes up after a while, unless the power goes before that.
    async fn boot_slowly(self: Arc<Self>, wait: Duration, power: CancellationToken) {
        tokio::select! {
            () = power.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
        let mut live = self.gate.lock().await;
        if power.is_cancelled() {
            return;
        }
        if let Err(error) = self.come_up(&mut live).await {
            self.state().say(error.to_string());
        }
    }

    fn boot_time(&self, state: &State) -> Duration {
        match state.running.as_ref().map(|r| &r.kind) {
            Some(Kind::Stock { .. }) => self.latency.stock,
            Some(Kind::Rescue) => self.latency.rescue,
            Some(Kind::Installer) => self.latency.kexec,
            Some(Kind::Installed { .. }) => self.latency.disk,
            Some(Kind::Dead) | None => Duration::ZERO,
        }
    }

    async fn come_up(self: &Arc<Self>, live: &mut Live) -> Result<(), MachineError> {
        {
            let mut state = self.state();
            if let Some(running) = &mut state.running {
                running.up = true;
            }
            state.turn(None);
        }
        self.answer_as_told(live).await
    }

    /// Ends what lives, and waits until the port is free again.
    pub(super) async fn stop(&self, live: &mut Live) {
        live.life.cancel();
        close(live).await;
    }
}

#[cfg(test)]
#[path = "inner_tests.rs"]
mod tests;
