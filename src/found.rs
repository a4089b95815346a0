//! What a probe found out about a machine.

use provision_api::Arch;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;

/// A machine as it was found, before anything on it was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// `/proc/sys/kernel/random/boot_id`: another after every boot.
    pub boot_id: String,
    /// `uname -n`.
    pub hostname: String,
    /// Which kind of system runs on it now.
    pub system: RunningSystem,
    /// `uname -m`.
    pub arch: Arch,
    /// Whether `/sys/firmware/efi` is there.
    pub firmware: Firmware,
    /// `MemTotal` in MiB.
    pub memory_mib: u64,
    /// All disks, in the kernel's order.
    pub disks: Vec<Disk>,
    /// Addresses with their prefix, as the machine has them now.
    pub addresses: Vec<Address>,
    /// Default routes.
    pub gateways: Vec<Gateway>,
    /// The hardware address of the interface with the default route (`02:00:00:00:00:01`).
    #[serde(default)]
    pub mac: Option<String>,
}

/// What runs on the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunningSystem {
    /// The vendor's image, or any other Linux.
    Stock {
        /// `ID` of os-release.
        id: String,
    },
    /// The vendor's rescue system.
    Rescue,
    /// A NixOS installer in memory (after kexec).
    Installer,
    /// NixOS from a disk.
    NixOs {
        /// What `/run/current-system` points at.
        closure: String,
    },
}

/// What boots a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Firmware {
    /// Legacy BIOS.
    Bios,
    /// UEFI.
    Uefi,
}

impl fmt::Display for Firmware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Bios => "bios",
            Self::Uefi => "uefi",
        })
    }
}

/// A disk of the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    /// The kernel's name now (`/dev/sda`); may be another after the next boot.
    pub path: String,
    /// Names below `/dev/disk/by-path`, best first.
    pub by_path: Vec<String>,
    /// Names below `/dev/disk/by-id`, best first.
    pub by_id: Vec<String>,
    /// Bytes.
    pub size: u64,
    /// The serial number, if it has one.
    pub serial: Option<String>,
    /// What it is to this machine.
    pub role: DiskRole,
}

/// What a disk is to its machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DiskRole {
    /// The machine's own disk, which it boots from and which an installation may wipe.
    Boot,
    /// A volume that was attached; never wiped.
    Volume,
    /// The rescue system's own disk; never wiped.
    Rescue,
    /// It cannot be told what it is; never wiped.
    Unknown,
}

impl DiskRole {
    /// In words.
    pub fn told(self) -> &'static str {
        match self {
            Self::Boot => "the machine's own disk",
            Self::Volume => "an attached volume",
            Self::Rescue => "the rescue system's own disk",
            Self::Unknown => "not known to be the machine's own",
        }
    }
}

impl Disk {
    /// Whether this is one of its names that stay, or its serial number. `/dev/sda` is none:
    /// another disk may be called that after the next boot.
    fn is_called(&self, name: &str) -> bool {
        let mut names = self.by_path.iter().chain(&self.by_id);
        let last = |one: &str| one.rsplit('/').next() == Some(name);
        names.any(|one| one == name || last(one)) || self.serial.as_deref() == Some(name)
    }
}

/// An address on an interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// The interface (`eth0`).
    pub interface: String,
    /// The address.
    pub address: IpAddr,
    /// The length of its prefix.
    pub prefix: u8,
    /// It came by DHCP.
    pub dynamic: bool,
}

/// A default route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gateway {
    /// The interface (`eth0`).
    pub interface: String,
    /// The next hop.
    pub via: IpAddr,
    /// It lies outside the prefix of the interface's address.
    pub on_link: bool,
}

impl Found {
    /// The same machine, where `host.toml` says which disk is to be installed on: by a name that
    /// stays, or by its serial number. A volume and the rescue system's disk cannot be named.
    pub fn with_disk(&self, wanted: &str) -> Result<Self, String> {
        let mut found = self.clone();
        let is_meant = |disk: &Disk| disk.is_called(wanted);
        match found.disks.iter().filter(|disk| is_meant(disk)).count() {
            1 => {}
            0 => {
                return Err(format!(
                    "no disk is called {wanted}; there are {}",
                    self.told()
                ));
            }
            _ => {
                return Err(format!(
                    "several disks are called {wanted}: {}",
                    self.told()
                ));
            }
        }
        for disk in &mut found.disks {
            disk.role = match (disk.is_called(wanted), disk.role) {
                (true, role @ (DiskRole::Volume | DiskRole::Rescue)) => {
                    return Err(format!("{wanted} is {}", role.told()));
                }
                (true, _) => DiskRole::Boot,
                (false, DiskRole::Boot) => DiskRole::Unknown,
                (false, role) => role,
            };
        }
        Ok(found)
    }

    /// Every disk by the name that stays, its size and serial number.
    pub fn told(&self) -> String {
        let told = self.disks.iter().map(|disk| {
            let name = disk.by_path.first().or(disk.by_id.first());
            let serial = disk.serial.as_deref().unwrap_or("-");
            format!(
                "{} ({}, {} GiB, serial {serial}, {})",
                name.unwrap_or(&disk.path),
                disk.path,
                disk.size >> 30,
                disk.role.told()
            )
        });
        told.collect::<Vec<_>>().join("; ")
    }

    /// The disks that an installation may wipe.
    pub fn boot_disks(&self) -> impl Iterator<Item = &Disk> {
        self.disks.iter().filter(|d| d.role == DiskRole::Boot)
    }
}
