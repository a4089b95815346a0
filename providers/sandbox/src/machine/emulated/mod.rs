//! Machines that live in this process: a state, an SSH server each, and no code of theirs run.
//!
//! A machine's disks, boot code, systems and users are data; its SSH server answers a closed
//! table of commands from them. What a real machine would refuse to boot does not boot here.

mod boot;
mod cloud_init;
mod devices;
mod disk;
mod disko;
mod file;
mod firmware;
mod first_boot;
mod inner;
mod install;
mod keys;
mod leaving;
mod logins;
mod names;
mod net;
mod parcel;
mod partition;
mod plugs;
mod port;
mod shell;
mod ssh;
mod state;
mod store;
mod system;
mod tree;
mod turn;

use super::{Boot, Faults, Image, Machine, MachineError, Maker, Spec};
use async_trait::async_trait;
use inner::Inner;
use serde::{Deserialize, Serialize};
use state::State;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How long what takes long on a real machine takes here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Latency {
    /// From power to SSH on the vendor's image.
    pub stock: Duration,
    /// From power to SSH on the rescue system.
    pub rescue: Duration,
    /// From the end of the old system to SSH on the installer.
    pub kexec: Duration,
    /// How long a system that goes down by itself answers until it is gone; at least 300 ms.
    pub down: Duration,
    /// From power to SSH on an installed system.
    pub disk: Duration,
    /// The formatting of the disks.
    pub disko: Duration,
    /// The copy of the closure and the installation.
    pub install: Duration,
}

impl Latency {
    /// About what users of small cloud servers report.
    pub const REALISTIC: Self = Self {
        stock: Duration::from_secs(12),
        rescue: Duration::from_secs(20),
        kexec: Duration::from_secs(30),
        down: Duration::from_secs(2),
        disk: Duration::from_secs(15),
        disko: Duration::from_secs(8),
        install: Duration::from_secs(60),
    };
}

/// What all emulated machines of a world have in common.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EmulatedOptions {
    /// How long boots and phases take; nothing by default.
    pub latency: Latency,
}

/// Makes emulated machines. It and its machines belong to the tokio runtime that calls them.
#[derive(Debug, Clone, Default)]
pub struct Emulated {
    options: EmulatedOptions,
}

impl Emulated {
    /// A maker of machines with these options.
    pub fn new(options: EmulatedOptions) -> Self {
        Self { options }
    }
}

/// The version of a machine's snapshot.
const SCHEMA: u32 = 1;

/// A machine as it is kept.
#[derive(Serialize, Deserialize)]
struct Saved {
    schema: u32,
    spec: Spec,
    state: State,
}

#[async_trait]
impl Maker for Emulated {
    async fn make(&self, spec: Spec) -> Result<Arc<dyn Machine>, MachineError> {
        let inner = Inner::new(spec, self.options.latency);
        Ok(Arc::new(EmulatedMachine { inner }))
    }

    async fn restore(&self, snapshot: serde_json::Value) -> Result<Arc<dyn Machine>, MachineError> {
        // what serde says of a snapshot could quote a key in it, so only the place is told
        let saved: Saved = serde_json::from_value(snapshot).map_err(|_| MachineError {
            machine: "of a snapshot".into(),
            message: "the snapshot cannot be read: it is not of this version".into(),
        })?;
        let inner = Inner::kept(saved.spec, self.options.latency, saved.state);
        if saved.schema != SCHEMA {
            return Err(inner.error(format!(
                "its snapshot has version {}, not {SCHEMA}",
                saved.schema
            )));
        }
        inner.resume().await?;
        Ok(Arc::new(EmulatedMachine { inner }))
    }
}

/// An emulated machine. When it is dropped, its port is closed.
struct EmulatedMachine {
    inner: Arc<Inner>,
}

impl Drop for EmulatedMachine {
    fn drop(&mut self) {
        self.inner.abandon();
    }
}

impl fmt::Debug for EmulatedMachine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EmulatedMachine")
            .field(&self.inner.spec.id)
            .finish()
    }
}

#[async_trait]
impl Machine for EmulatedMachine {
    fn spec(&self) -> &Spec {
        &self.inner.spec
    }

    async fn is_on(&self) -> bool {
        self.inner.state().running.is_some()
    }

    async fn write_image(&self, image: Image) -> Result<(), MachineError> {
        self.inner.write_image(image).await
    }

    async fn power_on(&self, boot: Boot) -> Result<(), MachineError> {
        self.inner.power_on(&boot).await
    }

    async fn power_off(&self) -> Result<(), MachineError> {
        self.inner.power_off().await;
        Ok(())
    }

    async fn arm(&self, boot: Option<Boot>) {
        self.inner.state().armed = boot;
    }

    async fn armed(&self) -> bool {
        self.inner.state().armed.is_some()
    }

    async fn keep_booting(&self, boot: Boot) {
        self.inner.state().standing = Some(boot);
    }

    async fn shutdown(&self) -> Result<(), MachineError> {
        if self.inner.answers_the_button() {
            self.inner.power_off().await;
        }
        Ok(())
    }

    async fn attach_volume(&self, volume: &str, gib: u64, first: bool) -> Result<(), MachineError> {
        self.inner.attach(volume, gib, first)
    }

    async fn detach_volume(&self, volume: &str) -> Result<(), MachineError> {
        self.inner.detach(volume)
    }

    async fn misbehave(&self, faults: Faults) -> Result<(), MachineError> {
        self.inner.misbehave(faults).await
    }

    async fn console(&self) -> Vec<String> {
        self.inner.state().console.clone()
    }

    async fn snapshot(&self) -> serde_json::Value {
        let saved = Saved {
            schema: SCHEMA,
            spec: self.inner.spec.clone(),
            state: self.inner.state().clone(),
        };
        serde_json::to_value(saved).unwrap_or(serde_json::Value::Null)
    }

    async fn destroy(&self) -> Result<(), MachineError> {
        self.inner.power_off().await;
        let mut state = self.inner.state();
        for disk in &mut state.disks {
            disk.wipe();
        }
        state.unplugged.clear();
        Ok(())
    }
}
