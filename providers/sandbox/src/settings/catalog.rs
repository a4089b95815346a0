//! What the vendor sells: the shapes of types, places and images, as a world's settings give them.

use super::money::Money;
use crate::machine::{DiskBus, Firmware};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A processor's architecture, as the vendor names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Architecture {
    /// `x86_64`.
    X86,
    /// `aarch64`.
    Arm,
}

impl Architecture {
    /// The vendor's word.
    pub(crate) fn vendor(self) -> &'static str {
        match self {
            Self::X86 => "x86",
            Self::Arm => "arm",
        }
    }

    /// The kernel's word.
    pub(crate) fn kernel(self) -> &'static str {
        match self {
            Self::X86 => "x86_64",
            Self::Arm => "aarch64",
        }
    }
}

/// Whether the cores are one's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CpuType {
    /// Shared with other servers.
    Shared,
    /// One's own.
    Dedicated,
}

/// A server type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerType {
    /// The vendor's number for it.
    pub id: u64,
    /// Unique, like `cx23`.
    pub name: String,
    /// Number of cores.
    pub cores: u32,
    /// Memory in GB.
    pub memory: u32,
    /// Own disk in GB.
    pub disk: u32,
    /// `x86` or `arm`.
    pub architecture: Architecture,
    /// `shared` or `dedicated`.
    pub cpu_type: CpuType,
    /// The vendor's word for the family, like "Cost-Optimized".
    pub category: String,
    /// What boots its servers: no vendor field tells it, the machine does.
    pub firmware: Firmware,
    /// What its servers' own disks are plugged into: `scsi`, `virtio`, `nvme` or `sata`; the
    /// vendor's usual when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disks: Option<DiskBus>,
    /// Where it is sold and for how much.
    pub locations: Vec<Offer>,
}

/// A server type at a location.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// The location's name.
    pub location: String,
    /// Net price of an hour.
    pub hourly: Money,
    /// Net price of a month, which is never exceeded.
    pub monthly: Money,
    /// Traffic that is included each month, in TB of 2^40 bytes.
    pub traffic_tb: u64,
    /// Net price of each further TB.
    pub traffic_price: Money,
    /// The vendor recommends it here.
    #[serde(default)]
    pub recommended: bool,
    /// It can be ordered here now; see also `sold_out`.
    #[serde(default = "yes")]
    pub available: bool,
    /// It will go, or is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deprecation: Option<Deprecation>,
}

fn yes() -> bool {
    true
}

/// When something goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deprecation {
    /// When it was said.
    pub announced: Timestamp,
    /// From when it cannot be ordered any more.
    pub unavailable_after: Timestamp,
}

/// A place with data centres.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Location {
    /// The vendor's number for it.
    pub id: u64,
    /// Unique, like `fsn1`.
    pub name: String,
    /// For people.
    pub description: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// City, with the state where that is usual.
    pub city: String,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// Like `eu-central`.
    pub network_zone: String,
}

/// An image of the vendor's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SystemImage {
    /// The vendor's number for it.
    pub id: u64,
    /// Unique for each architecture, like `debian-13`.
    pub name: String,
    /// `x86` or `arm`.
    pub architecture: Architecture,
    /// For people.
    pub description: String,
    /// The vendor's word for the system, which is also the `ID` of its os-release.
    pub os_flavor: String,
    /// The `VERSION_ID` of its os-release.
    pub os_version: String,
    /// From when it should not be used for new servers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deprecated: Option<Timestamp>,
}
