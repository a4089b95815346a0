//! What a machine is made of, and how its vendor's platform shapes it.

use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

/// What a machine is made of; does not change while it exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spec {
    /// Unique among all machines of the world, and safe as a file name (`hetzner-1234`).
    pub id: String,
    /// The host name that the vendor's image takes.
    pub hostname: String,
    /// Loopback address of its own.
    pub ipv4: Ipv4Addr,
    /// The first address of its IPv6 network; shown inside, never listened on. Empty: it has none.
    pub ipv6: String,
    /// The SSH port that all machines of the world listen on.
    pub ssh_port: u16,
    /// `x86_64` or `aarch64`.
    pub arch: String,
    /// What its firmware boots.
    pub firmware: Firmware,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// Its own (first) disk, in GiB.
    pub disk_gib: u64,
    /// What the vendor's platform makes different; Hetzner Cloud's when not given.
    #[serde(default)]
    pub platform: Platform,
}

impl Spec {
    /// The hardware address of its one network card.
    pub(crate) fn mac(&self) -> [u8; 6] {
        let maker = match self.platform.board {
            Board::HetznerCloud => [0x96, 0x00, 0x04],
            Board::OpenStack => [0xfa, 0x16, 0x3e],
            Board::Metal => [0xa8, 0xa1, 0x59],
        };
        let own = self.ipv4.octets();
        [maker[0], maker[1], maker[2], own[1], own[2], own[3]]
    }

    /// The same as it is written.
    pub(crate) fn mac_words(&self) -> String {
        self.mac().map(|byte| format!("{byte:02x}")).join(":")
    }
}

/// What boots the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Firmware {
    /// Legacy BIOS: the first disk's boot sector.
    Bios,
    /// UEFI: the removable path on an EFI system partition, unless the boot names another.
    Uefi,
}

/// How a vendor's platform shapes its machines; the default is Hetzner Cloud's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Platform {
    /// What it says that it is, and where its disks are plugged in.
    pub board: Board,
    /// Its addresses' surroundings.
    pub network: Network,
    /// Its other own disks after the first one, in GiB.
    pub more_disks_gib: Vec<u64>,
    /// What its own disks are plugged into; the board's usual when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disks: Option<DiskBus>,
}

impl Platform {
    /// What its own disks are plugged into.
    pub fn disk_bus(&self) -> DiskBus {
        self.disks.unwrap_or(match self.board {
            Board::HetznerCloud | Board::OpenStack => DiskBus::Scsi,
            Board::Metal => DiskBus::Sata,
        })
    }
}

/// What a disk is plugged into: the kernel's and udev's names for it come from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiskBus {
    /// A SCSI controller of virtio's: `sda`.
    Scsi,
    /// virtio's own block device: `vda`.
    Virtio,
    /// `NVMe`: `nvme0n1`.
    Nvme,
    /// SATA: `sda`.
    Sata,
}

/// A kind of mainboard: DMI's words and the names of disks come from it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Board {
    /// A guest at Hetzner Cloud.
    #[default]
    HetznerCloud,
    /// A guest of `OpenStack` (OVH's Public Cloud and VPS).
    OpenStack,
    /// A machine without a hypervisor, with SATA disks.
    Metal,
}

impl Board {
    /// What DMI says: its maker, and what it is called.
    pub(crate) fn dmi(self) -> (&'static str, &'static str) {
        match self {
            Self::HetznerCloud => ("Hetzner", "vServer"),
            Self::OpenStack => ("OpenStack Foundation", "OpenStack Nova"),
            Self::Metal => ("ASRockRack", "E3C252D4U"),
        }
    }
}

/// The network around a machine. Its IPv4 address is always a /32 from DHCP, with a gateway
/// outside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Network {
    /// The gateway that DHCP names.
    pub gateway4: Ipv4Addr,
    /// The length of the IPv6 prefix that is routed to it: 64, or 128 for a single address.
    pub prefix6: u8,
    /// The IPv6 gateway.
    pub gateway6: String,
    /// Whether the vendor's image, its rescue system and the installer configure IPv6 by
    /// themselves; an installed system is taken to configure what it was told.
    pub auto6: bool,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            gateway4: Ipv4Addr::new(172, 31, 1, 1),
            prefix6: 64,
            gateway6: "fe80::1".to_owned(),
            auto6: true,
        }
    }
}
