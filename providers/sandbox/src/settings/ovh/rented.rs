//! Servers that the account rents for a term: VPS and dedicated.

use crate::machine::{DiskBus, Firmware};
use serde::{Deserialize, Serialize};

/// A VPS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vps {
    /// The service's name, like `vps-0a1b2c3d.vps.ovh.net`.
    pub name: String,
    /// Where it is, in the vendor's words.
    #[serde(default = "vps_zone")]
    pub zone: String,
    /// Number of cores.
    #[serde(default = "two")]
    pub vcore: u32,
    /// Memory in MiB.
    #[serde(default = "four_gib")]
    pub memory_mib: u64,
    /// Its disk in GiB.
    #[serde(default = "forty")]
    pub disk_gib: u64,
    /// What boots it.
    #[serde(default = "bios")]
    pub firmware: Firmware,
    /// What its own disks are plugged into: `scsi`, `virtio`, `nvme` or `sata`; the vendor's
    /// usual when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disks: Option<DiskBus>,
    /// The image that its owner had put on it, by name.
    #[serde(default = "debian")]
    pub image: String,
    /// Whether the contract holds.
    #[serde(default)]
    pub status: ServiceStatus,
    /// A change of `netbootMode` reboots it at once, as part of the same task.
    #[serde(default)]
    pub netboot_reboots: bool,
}

/// A dedicated server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dedicated {
    /// The service's name, like `ns3000001.ip-203-0-113.eu`.
    pub name: String,
    /// Which of the vendor's companies runs it: ids of netboots and names of rescue systems
    /// differ.
    #[serde(default)]
    pub region: Region,
    /// The vendor's word for the building.
    #[serde(default = "datacenter")]
    pub datacenter: String,
    /// What boots it.
    #[serde(default = "bios")]
    pub firmware: Firmware,
    /// What its own disks are plugged into: `scsi`, `virtio`, `nvme` or `sata`; the vendor's
    /// usual when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disks: Option<DiskBus>,
    /// Memory in MiB.
    #[serde(default = "thirty_two_gib")]
    pub memory_mib: u64,
    /// Its disks in GiB, the one that it boots first.
    #[serde(default = "one_disk")]
    pub disks_gib: Vec<u64>,
    /// Whether what runs on it (but for what is installed by hand) configures IPv6 by itself.
    #[serde(default)]
    pub auto6: bool,
    /// The image that its owner had put on it, by name.
    #[serde(default = "debian")]
    pub image: String,
    /// Whether the contract holds.
    #[serde(default)]
    pub status: ServiceStatus,
}

/// One of the vendor's companies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Region {
    /// Europe.
    #[default]
    Eu,
    /// Canada.
    Ca,
    /// The United States.
    Us,
}

impl Region {
    /// As it stands in the names of rescue systems.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Eu => "eu",
            Self::Ca => "ca",
            Self::Us => "us",
        }
    }
}

/// Whether a contract holds, in the vendor's words. All but `ok` refuse everything except to be
/// listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ServiceStatus {
    /// It does.
    #[default]
    Ok,
    /// Its term is over.
    Expired,
    /// It was not paid.
    UnPaid,
    /// Something else of the account's was not paid.
    PendingDebt,
}

impl ServiceStatus {
    /// The vendor's word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Expired => "expired",
            Self::UnPaid => "unPaid",
            Self::PendingDebt => "pendingDebt",
        }
    }
}

/// An image that can be put on a rented server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RentedImage {
    /// As VPSs have it, like `Debian 13`.
    pub name: String,
    /// As dedicated servers have it, like `debian13_64`.
    pub template: String,
    /// The `ID` of its os-release.
    pub os: String,
    /// The `VERSION_ID` of its os-release.
    pub version: String,
    /// Who gets the login key, and may become root.
    pub user: String,
}

fn vps_zone() -> String {
    "Region OpenStack: os-gra2".to_owned()
}

fn datacenter() -> String {
    "gra3".to_owned()
}

fn debian() -> String {
    "Debian 12".to_owned()
}

fn bios() -> Firmware {
    Firmware::Bios
}

fn two() -> u32 {
    2
}

fn forty() -> u64 {
    40
}

fn four_gib() -> u64 {
    4096
}

fn thirty_two_gib() -> u64 {
    32 * 1024
}

fn one_disk() -> Vec<u64> {
    vec![960]
}

pub(super) fn vps() -> Vec<Vps> {
    ["vps-0a1b2c3d.vps.ovh.net", "vps-0a1b2c3e.vps.ovh.net"]
        .map(|name| Vps {
            name: name.to_owned(),
            zone: vps_zone(),
            vcore: two(),
            memory_mib: four_gib(),
            disk_gib: forty(),
            firmware: bios(),
            disks: None,
            image: debian(),
            status: ServiceStatus::Ok,
            netboot_reboots: false,
        })
        .to_vec()
}

pub(super) fn dedicated() -> Vec<Dedicated> {
    let legacy = Dedicated {
        name: "ns3000001.ip-203-0-113.eu".to_owned(),
        region: Region::Eu,
        datacenter: datacenter(),
        firmware: Firmware::Bios,
        disks: None,
        memory_mib: thirty_two_gib(),
        disks_gib: one_disk(),
        auto6: true,
        image: debian(),
        status: ServiceStatus::Ok,
    };
    let uefi = Dedicated {
        name: "ns3000002.ip-198-51-100.eu".to_owned(),
        region: Region::Ca,
        datacenter: "bhs8".to_owned(),
        firmware: Firmware::Uefi,
        disks_gib: vec![480, 480],
        auto6: false,
        ..legacy.clone()
    };
    vec![legacy, uefi]
}

pub(super) fn images() -> Vec<RentedImage> {
    [
        ("Debian 12", "debian12_64", "debian", "12"),
        ("Debian 13", "debian13_64", "debian", "13"),
        ("Ubuntu 22.04", "ubuntu2204-server_64", "ubuntu", "22.04"),
        ("Ubuntu 24.04", "ubuntu2404-server_64", "ubuntu", "24.04"),
    ]
    .map(|(name, template, os, version)| RentedImage {
        name: name.to_owned(),
        template: template.to_owned(),
        os: os.to_owned(),
        version: version.to_owned(),
        user: os.to_owned(),
    })
    .to_vec()
}

/// Whether names are good and images known.
pub(super) fn check(
    vps: &[Vps],
    dedicated: &[Dedicated],
    images: &[RentedImage],
) -> Result<(), String> {
    let servers = vps
        .iter()
        .map(|v| ("vps", &v.name, &v.image))
        .chain(dedicated.iter().map(|d| ("dedicated", &d.name, &d.image)));
    for (list, name, image) in servers {
        let good = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
        if name.is_empty() || name.starts_with('.') || !name.chars().all(good) {
            return Err(format!(
                "ovh.{list} has the name {name:?}, which is no host name"
            ));
        }
        if images.iter().all(|known| known.name != *image) {
            return Err(format!(
                "ovh.{list} has {name} with the image {image:?}, which ovh.rented_images does not have"
            ));
        }
    }
    match dedicated.iter().find(|d| d.disks_gib.is_empty()) {
        Some(bare) => Err(format!("ovh.dedicated has {} without a disk", bare.name)),
        None => Ok(()),
    }
}
