//! Machines that are QEMU guests: they boot, and what would not boot on a real machine does not.
//!
//! A guest outlives the process that started it: it belongs to its folder, where its disks, its
//! console, its events and its process id are. Whoever opens the world next takes charge of it,
//! or starts it again if it is gone, as after a power failure.

mod after;
mod command;
mod disks;
mod events;
mod faults;
mod folder;
mod image;
mod inner;
mod kvm;
mod plugs;
mod qmp;
mod serial;
mod start;
mod state;
mod sweep;
mod told;
mod tools;
mod volumes;
mod watch;

pub use sweep::{stop, sweep};
pub use tools::missing;
pub use volumes::sweep as sweep_volumes;

use super::{Boot, Faults, Image, Machine, MachineError, Maker, Spec};
use crate::images::Images;
use async_trait::async_trait;
use folder::Folder;
use inner::Inner;
use kvm::Accelerator;
use state::{Saved, State};
use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::OnceCell;
use volumes::Volumes;

/// What all real machines of a world have in common.
#[derive(Debug, Clone)]
pub struct QemuOptions {
    /// What they boot. A machine without them is what it was, but cannot be made, written or
    /// started.
    pub images: Option<Images>,
    /// Where each has a folder of its own.
    pub folder: PathBuf,
}

/// Makes QEMU guests. It and its machines belong to the tokio runtime that calls them; the guests
/// do not.
#[derive(Debug, Clone)]
pub struct Qemu {
    options: QemuOptions,
    accelerator: Arc<OnceCell<Accelerator>>,
}

impl Qemu {
    /// A maker of machines with these options.
    pub fn new(options: QemuOptions) -> Self {
        Self {
            options,
            accelerator: Arc::default(),
        }
    }

    /// Makes the folder of its machines, by a path that QEMU can be told.
    fn make_folder(&self) -> Result<(), String> {
        let folder = &self.options.folder;
        crate::files::private_folder(folder).map_err(|error| error.to_string())?;
        let whole = folder.canonicalize();
        let whole = whole.map_err(|e| format!("{} cannot be used: {e}", folder.display()))?;
        if whole.to_str().is_none() {
            return Err(format!(
                "{} is no UTF-8: use another state folder",
                whole.display()
            ));
        }
        Ok(())
    }

    fn inner(&self, spec: Spec, state: State) -> Result<Arc<Inner>, MachineError> {
        self.make_folder().map_err(|why| of(&spec.id, why))?;
        let options = self.options.clone();
        Inner::new(spec, options, Arc::clone(&self.accelerator), state).map(Arc::new)
    }
}

#[async_trait]
impl Maker for Qemu {
    async fn make(&self, spec: Spec) -> Result<Arc<dyn Machine>, MachineError> {
        let state = State::new(&spec);
        let inner = self.inner(spec, state)?;
        let lacking = missing();
        if !lacking.is_empty() {
            return Err(inner.error(format!(
                "this computer lacks {}: install it",
                lacking.join(", ")
            )));
        }
        // what is left of one that had its name is nobody's
        inner.end_left().await.map_err(|why| inner.error(why))?;
        inner.images().map_err(|why| inner.error(why))?;
        let fresh = inner.folder.remove().and_then(|()| inner.make_disks());
        fresh.map_err(|why| inner.error(why))?;
        inner.keep().await?;
        Ok(Arc::new(QemuMachine { inner }))
    }

    async fn restore(&self, snapshot: serde_json::Value) -> Result<Arc<dyn Machine>, MachineError> {
        // what serde says of a snapshot could quote a key in it, so only the place is told
        let unknown = || MachineError {
            machine: "of a snapshot".into(),
            message: "the snapshot cannot be read: it is not of this version, or of emulated \
                      machines"
                .into(),
        };
        let saved: Saved = serde_json::from_value(snapshot).map_err(|_| unknown())?;
        if !saved.is_known() {
            return Err(unknown());
        }
        let newer = Folder::of(&self.options.folder, &saved.spec.id).newer_than(&saved);
        let inner = self.inner(saved.spec, newer.unwrap_or(saved.state))?;
        inner.resume().await?;
        Ok(Arc::new(QemuMachine { inner }))
    }

    async fn halt(&self, id: &str) -> Result<(), MachineError> {
        sweep::halt(&self.options.folder, id)
            .await
            .map_err(|why| of(id, why))
    }

    async fn discard(&self, id: &str) -> Result<(), MachineError> {
        sweep::remove(&self.options.folder, id)
            .await
            .map(drop)
            .map_err(|why| of(id, why))
    }

    async fn delete_volume(&self, volume: &str) -> Result<(), MachineError> {
        Volumes::beside(&self.options.folder)
            .remove(volume)
            .map_err(|why| of(&format!("of volume {volume}"), why))
    }
}

/// An error of the machine of that id.
fn of(id: &str, message: String) -> MachineError {
    MachineError {
        machine: id.to_owned(),
        message,
    }
}

/// A QEMU guest and its folder. When it is dropped, the guest goes on.
struct QemuMachine {
    inner: Arc<Inner>,
}

impl QemuMachine {
    /// Does something to its end, though whoever asked may go away: a guest that was started and
    /// not noted would be nobody's.
    async fn whole<F>(&self, work: impl FnOnce(Arc<Inner>) -> F) -> Result<(), MachineError>
    where
        F: Future<Output = Result<(), MachineError>> + Send + 'static,
    {
        let done = tokio::spawn(work(Arc::clone(&self.inner))).await;
        done.unwrap_or_else(|error| Err(self.inner.error(error.to_string())))
    }
}

impl Drop for QemuMachine {
    fn drop(&mut self) {
        self.inner.let_go();
    }
}

impl fmt::Debug for QemuMachine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("QemuMachine")
            .field(&self.inner.spec.id)
            .finish()
    }
}

#[async_trait]
impl Machine for QemuMachine {
    fn spec(&self) -> &Spec {
        &self.inner.spec
    }

    async fn is_on(&self) -> bool {
        self.inner.state().running.is_some()
    }

    async fn write_image(&self, image: Image) -> Result<(), MachineError> {
        self.whole(|inner| async move { inner.write_image(image).await })
            .await
    }

    async fn power_on(&self, boot: Boot) -> Result<(), MachineError> {
        self.whole(|inner| async move { inner.power_on(boot).await })
            .await
    }

    async fn power_off(&self) -> Result<(), MachineError> {
        self.whole(|inner| async move { inner.power_off().await })
            .await
    }

    async fn arm(&self, boot: Option<Boot>) {
        self.inner.decide(|state| state.armed = boot).await;
    }

    async fn armed(&self) -> bool {
        self.inner.state().armed.is_some()
    }

    async fn keep_booting(&self, boot: Boot) {
        self.inner.decide(|state| state.standing = Some(boot)).await;
    }

    async fn shutdown(&self) -> Result<(), MachineError> {
        let live = self.inner.gate().await;
        let Some(guest) = &live.guest else {
            return Ok(());
        };
        let pressed = guest.qmp.call("system_powerdown", None).await;
        pressed.map(drop).map_err(|why| {
            self.inner
                .error(format!("its button cannot be pressed: {why}"))
        })
    }

    async fn attach_volume(&self, volume: &str, gib: u64, first: bool) -> Result<(), MachineError> {
        let volume = volume.to_owned();
        self.whole(move |inner| async move { inner.attach(&volume, gib, first).await })
            .await
    }

    async fn detach_volume(&self, volume: &str) -> Result<(), MachineError> {
        let volume = volume.to_owned();
        self.whole(move |inner| async move { inner.detach(&volume).await })
            .await
    }

    async fn misbehave(&self, faults: Faults) -> Result<(), MachineError> {
        self.whole(move |inner| async move { inner.misbehave(faults).await })
            .await
    }

    async fn console(&self) -> Vec<String> {
        let file = self.inner.folder.serial();
        let read = tokio::task::spawn_blocking(move || serial::lines(&file)).await;
        read.unwrap_or_default()
    }

    async fn snapshot(&self) -> serde_json::Value {
        serde_json::to_value(self.inner.saved()).unwrap_or(serde_json::Value::Null)
    }

    async fn destroy(&self) -> Result<(), MachineError> {
        self.whole(|inner| async move {
            inner.end().await?;
            inner.let_go();
            inner.folder.remove().map_err(|why| inner.error(why))
        })
        .await
    }
}

#[cfg(test)]
mod tests;
