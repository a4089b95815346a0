//! What the vendors' faces need of a machine, whatever it is made of.
//!
//! The faces (`hetzner`, later `ovh`) own ids, tasks, prices and quotas; a machine owns power,
//! firmware, disks and what answers on its SSH port. A second kind (QEMU) can stand in for the
//! emulated one without the faces noticing.

pub mod emulated;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::fmt::{self, Debug};
use std::net::Ipv4Addr;
use std::sync::Arc;

/// What a machine is made of; does not change while it exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spec {
    /// Unique among all machines of the world, and safe as a file name (`hetzner-1234`).
    pub id: String,
    /// The host name that the vendor's image takes.
    pub hostname: String,
    /// Loopback address of its own.
    pub ipv4: Ipv4Addr,
    /// The first address of its IPv6 network; shown inside, never listened on.
    pub ipv6: String,
    /// The SSH port that all machines of the world listen on.
    pub ssh_port: u16,
    /// `x86_64` or `aarch64`.
    pub arch: String,
    /// What its firmware boots.
    pub firmware: Firmware,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// Its own disk, in GiB.
    pub disk_gib: u64,
}

/// What boots the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Firmware {
    /// Legacy BIOS: the first disk's boot sector.
    Bios,
    /// UEFI: the removable path on an EFI system partition.
    Uefi,
}

/// The vendor's image written to the machine's own disk.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// `debian`, `ubuntu`, …: the `ID` of its os-release.
    pub os: String,
    /// The `VERSION_ID` of its os-release.
    pub version: String,
    /// cloud-init's user data as it was given.
    pub user_data: Option<String>,
    /// Root's login keys that the vendor puts in, as OpenSSH public key lines.
    pub authorized_keys: Vec<String>,
}

// user data may hold a host's private key: it is never shown
impl Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Image")
            .field("os", &self.os)
            .field("version", &self.version)
            .field("user_data", &self.user_data.as_ref().map(|_| "<hidden>"))
            .field("authorized_keys", &self.authorized_keys)
            .finish()
    }
}

/// What the machine boots next.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Boot {
    /// Its own disk, as its firmware can.
    Disk,
    /// The vendor's rescue system from the network, with these login keys for root.
    Rescue {
        /// OpenSSH public key lines.
        authorized_keys: Vec<String>,
        /// Root's password, as the vendor answered it.
        password: Option<String>,
    },
}

impl Debug for Boot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disk => f.write_str("Disk"),
            Self::Rescue {
                authorized_keys,
                password,
            } => f
                .debug_struct("Rescue")
                .field("authorized_keys", authorized_keys)
                .field("password", &password.as_ref().map(|_| "<hidden>"))
                .finish(),
        }
    }
}

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

/// Faults on demand; the default is none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// What its SSH port does instead of answering.
    pub ssh: Option<SshFault>,
    /// The stage of the installation that fails (`kexec`, `disko`, `install`).
    pub phase_fails: Option<String>,
    /// The stage of the installation that never ends.
    pub phase_hangs: Option<String>,
    /// The installed system comes up with failed units of these names.
    pub failed_units: Vec<String>,
    /// The installed system boots the wrong generation: `/run/current-system` is another.
    pub wrong_system: bool,
    /// After the next reboot it never answers again.
    pub no_return: bool,
    /// Told from inside to reboot, to power off or to kexec, it goes on answering for at least so
    /// many milliseconds.
    pub reboot_late_ms: Option<u64>,
}

/// What an SSH port does instead of answering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SshFault {
    /// Connections are refused.
    Refuse,
    /// Connections are accepted and nothing is ever said.
    Hang,
    /// Connections are closed after the version line.
    Close,
    /// Another machine answers: another host key, every login taken.
    Impostor,
    /// Only passwords are taken.
    Password,
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
}
