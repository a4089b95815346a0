//! What the vendors' faces need of a machine, whatever it is made of.
//!
//! The faces (`hetzner`, `ovh`) own ids, tasks, prices and quotas; a machine owns power,
//! firmware, disks and what answers on its SSH port. A second kind (QEMU) can stand in for the
//! emulated one without the faces noticing.

mod boot;
mod broken;
pub mod emulated;
mod faults;
pub mod qemu;
mod spec;

pub(crate) use broken::Broken;

pub use boot::{Boot, Image, RescueSystem};
pub use faults::{Faults, Moment, Runs, SshFault, Turn};
pub use spec::{Board, DiskBus, Firmware, Network, Platform, Spec};

use async_trait::async_trait;
use std::fmt::Debug;
use std::sync::Arc;

/// A machine. Calls return when the effect is begun; the boot itself takes what it takes.
#[async_trait]
pub trait Machine: Debug + Send + Sync {
    /// What it is made of.
    fn spec(&self) -> &Spec;

    /// Whether it is switched on.
    async fn is_on(&self) -> bool;

    /// Writes the vendor's image over its own disk. The machine is off before and after.
    async fn write_image(&self, image: Image) -> Result<(), MachineError>;

    /// Switches it on; on already is a success and changes nothing. What is armed stays so.
    async fn power_on(&self, boot: Boot) -> Result<(), MachineError>;

    /// Pulls the plug; off already is a success.
    async fn power_off(&self) -> Result<(), MachineError>;

    /// What a reboot from inside boots, once, in place of its disk; nothing is armed at first, and
    /// nothing any more after `None`. Only the firmware looks at it: kexec does not.
    async fn arm(&self, boot: Option<Boot>);

    /// Whether what was armed still is: nothing has disarmed it, and no reboot has used it up.
    async fn armed(&self) -> bool;

    /// What every reboot from inside boots from now on, until told otherwise, unless something is
    /// armed: its disk, at first. [`Machine::power_on`] is told by itself. Only the firmware looks
    /// at it: kexec does not.
    async fn keep_booting(&self, boot: Boot);

    /// Presses the power button: the system, if one runs, shuts down by itself.
    async fn shutdown(&self) -> Result<(), MachineError>;

    /// A volume of so many GiB is plugged in; `first` gives it the first name (`/dev/sda`).
    async fn attach_volume(&self, volume: &str, gib: u64, first: bool) -> Result<(), MachineError>;

    /// It is pulled out again.
    async fn detach_volume(&self, volume: &str) -> Result<(), MachineError>;

    /// How it misbehaves from now on.
    async fn misbehave(&self, faults: Faults) -> Result<(), MachineError>;

    /// What its serial console said, oldest line first: why nothing answers on its SSH port.
    async fn console(&self) -> Vec<String> {
        Vec::new()
    }

    /// Everything that has to be kept so that the world can go on later. Private keys are in it:
    /// what it is written to is for its owner's eyes alone (0600).
    async fn snapshot(&self) -> serde_json::Value;

    /// The machine and all that is on its disks are gone.
    async fn destroy(&self) -> Result<(), MachineError>;
}

/// Something that a machine could not do.
#[derive(Debug, Clone, thiserror::Error)]
#[error("machine {machine}: {message}")]
pub struct MachineError {
    /// The machine's id.
    pub machine: String,
    /// What could not be done and why.
    pub message: String,
}

/// Makes machines of one kind.
#[async_trait]
pub trait Maker: Debug + Send + Sync {
    /// A new machine with empty disks, off.
    async fn make(&self, spec: Spec) -> Result<Arc<dyn Machine>, MachineError>;

    /// A machine as it was when [`Machine::snapshot`] was taken; one that was on is on again
    /// (with the same boot id: it was never really off).
    async fn restore(&self, snapshot: serde_json::Value) -> Result<Arc<dyn Machine>, MachineError>;

    /// Pulls the plug of a machine that cannot be restored; off already is a success. Nothing is to
    /// be done where machines do not outlive their maker.
    async fn halt(&self, _id: &str) -> Result<(), MachineError> {
        Ok(())
    }

    /// A volume is gone for good, with all that is on it; no machine has it.
    async fn delete_volume(&self, _volume: &str) -> Result<(), MachineError> {
        Ok(())
    }

    /// Removes all that is left of a machine that cannot be restored.
    async fn discard(&self, _id: &str) -> Result<(), MachineError> {
        Ok(())
    }
}
