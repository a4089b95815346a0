//! `facts.json`: what Nix needs to know of the machine, and no more. An interface, schema 1.
//!
//! ```json
//! {
//!   "schema": 1,
//!   "server_id": "42",
//!   "arch": "x86_64",
//!   "firmware": "uefi",
//!   "layout": "uefi",
//!   "boot_disk": "/dev/disk/by-path/pci-0000:06:00.0-scsi-0:0:0:0",
//!   "network": {
//!     "mac": "96:00:02:aa:bb:cc",
//!     "dhcp4": true,
//!     "addresses": ["2001:db8:1::1/64"],
//!     "gateways": [{ "via": "fe80::1", "on_link": true }]
//!   }
//! }
//! ```

mod file;
mod network;
mod word;

pub use file::FactsError;
pub use network::{Network, NextHop, Uplink};

use crate::found::{Disk, Firmware, Found};
use crate::host::Layout;
use provision_api::{Arch, ServerId};
use serde::{Deserialize, Serialize};

/// The version of the file that this program reads and writes.
pub const SCHEMA: u32 = 1;

/// What Nix needs to know of the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The vendor's id of the server that they are about.
    pub server_id: ServerId,
    /// The processor.
    pub arch: Arch,
    /// What boots it.
    pub firmware: Firmware,
    /// How the boot disk is to be cut.
    pub layout: Layout,
    /// The boot disk by a name that stays: below `/dev/disk/by-path`, else `by-id`.
    pub boot_disk: String,
    /// What networkd is to be told.
    pub network: Network,
}

impl Facts {
    /// Draws the facts from what a probe found.
    ///
    /// `uplink` is what the vendor's API tells of: a machine that has not taken an address of its
    /// IPv6 prefix yet gets its first one. `mac` is that of the interface with the default
    /// route, where known.
    ///
    /// Fails if no disk is the boot disk, or if it has no name that stays.
    pub fn of(
        server_id: &ServerId,
        found: &Found,
        layout: Layout,
        uplink: Uplink,
        mac: Option<&str>,
    ) -> Result<Self, FactsError> {
        let disk = found.boot_disks().next().ok_or(FactsError::NoBootDisk)?;
        Ok(Self {
            schema: SCHEMA,
            server_id: server_id.clone(),
            arch: found.arch.clone(),
            firmware: found.firmware,
            layout,
            boot_disk: stable_name(disk).ok_or_else(|| FactsError::NoStableName {
                disk: disk.path.clone(),
            })?,
            network: Network::of(found, uplink, mac),
        })
    }

    /// Whether they are about this server.
    pub fn is_of(&self, server: &ServerId) -> bool {
        self.server_id == *server
    }
}

/// A disk's name that is the same after every boot: by-path before by-id, because the path
/// says which slot, and an attached volume sits in another. It ends up in Nix and in scripts, so
/// one that could be read as more than a word there is none.
pub fn stable_name(disk: &Disk) -> Option<String> {
    let full = |folder: &str, name: &String| {
        if name.starts_with('/') {
            name.clone()
        } else {
            format!("/dev/disk/{folder}/{name}")
        }
    };
    let by_path = disk.by_path.iter().map(|name| full("by-path", name));
    let by_id = disk.by_id.iter().map(|name| full("by-id", name));
    by_path.chain(by_id).find(|name| word::is_device(name))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::found::{Address, DiskRole, Gateway, RunningSystem};

    pub(crate) fn found() -> Found {
        let address = |address: &str, prefix, dynamic| Address {
            interface: "eth0".into(),
            address: address.parse().unwrap(),
            prefix,
            dynamic,
        };
        Found {
            boot_id: "b".into(),
            hostname: "rescue".into(),
            system: RunningSystem::Rescue,
            arch: Arch::X86_64,
            firmware: Firmware::Bios,
            memory_mib: 3800,
            disks: vec![Disk {
                path: "/dev/sda".into(),
                by_path: vec!["pci-0000:06:00.0-scsi-0:0:0:0".into()],
                by_id: vec!["scsi-0QEMU_HARDDISK_1".into()],
                size: 40 << 30,
                serial: None,
                role: DiskRole::Boot,
            }],
            addresses: vec![
                address("203.0.113.7", 32, true),
                address("2001:db8:1::1", 64, false),
                address("fe80::9400:ff:fe00:1", 64, false),
            ],
            mac: None,
            gateways: vec![
                Gateway {
                    interface: "eth0".into(),
                    via: "172.31.1.1".parse().unwrap(),
                    on_link: true,
                },
                Gateway {
                    interface: "eth0".into(),
                    via: "fe80::1".parse().unwrap(),
                    on_link: true,
                },
            ],
        }
    }

    pub(crate) fn facts(id: &str, layout: Layout) -> Facts {
        Facts::of(
            &ServerId::new(id),
            &found(),
            layout,
            Uplink::default(),
            None,
        )
        .unwrap()
    }

    #[test]
    fn the_boot_disk_is_named_by_what_stays() {
        let mut found = found();
        let of = |found: &Found| {
            Facts::of(
                &ServerId::new("1"),
                found,
                Layout::Bios,
                Uplink::default(),
                None,
            )
            .map(|facts| facts.boot_disk)
            .map_err(|error| error.to_string())
        };
        let path = "/dev/disk/by-path/pci-0000:06:00.0-scsi-0:0:0:0";
        assert_eq!(of(&found).as_deref(), Ok(path));
        found.disks[0].by_path = vec![path.into()];
        assert_eq!(of(&found).as_deref(), Ok(path));
        found.disks[0].by_path.clear();
        assert_eq!(
            of(&found).as_deref(),
            Ok("/dev/disk/by-id/scsi-0QEMU_HARDDISK_1")
        );
        found.disks[0].by_path = vec!["pci-$(id)".into()];
        assert_eq!(
            of(&found).as_deref(),
            Ok("/dev/disk/by-id/scsi-0QEMU_HARDDISK_1")
        );
        found.disks[0].by_id = vec!["../../sda".into()];
        assert!(of(&found).unwrap_err().contains("/dev/sda"));
        found.disks[0].role = DiskRole::Volume;
        assert!(of(&found).unwrap_err().contains("boot disk"));
    }
}
