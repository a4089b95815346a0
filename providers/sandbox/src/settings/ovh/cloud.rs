//! What a Public Cloud project can order, and where.

use super::cloud_defaults;
use crate::machine::{DiskBus, Firmware};
use crate::settings::money::Money;
use serde::{Deserialize, Serialize};

/// The world's Public Cloud project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cloud {
    /// Whether the vendor serves it.
    pub status: ProjectStatus,
    /// Where instances can be; merged by `name`.
    pub regions: Vec<Region>,
    /// As what they can be ordered; merged by `name`.
    pub flavors: Vec<Flavor>,
    /// The vendor's images; merged by `name`.
    pub images: Vec<Image>,
    /// How many instances the project may have in each region.
    pub quota_instances: u32,
    /// What cannot be had at the moment.
    pub sold_out: Vec<SoldOut>,
    /// The public price list.
    pub catalog: Catalog,
}

impl Default for Cloud {
    fn default() -> Self {
        Self {
            status: ProjectStatus::Ok,
            regions: cloud_defaults::regions(),
            flavors: cloud_defaults::flavors(),
            images: cloud_defaults::images(),
            quota_instances: 20,
            sold_out: Vec::new(),
            catalog: Catalog::default(),
        }
    }
}

/// Whether the vendor serves a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProjectStatus {
    /// It does.
    Ok,
    /// Not until something is paid: everything below the project is refused.
    Suspended,
}

impl ProjectStatus {
    /// The vendor's word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Suspended => "suspended",
        }
    }
}

/// A region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// Like `GRA11`.
    pub name: String,
}

/// A kind of instance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flavor {
    /// Like `d2-2`; its id is another one in each region.
    pub name: String,
    /// Number of cores.
    pub vcpus: u32,
    /// Memory in MB.
    pub ram: u32,
    /// Own disk in GB.
    pub disk: u32,
    /// The vendor's word for the family, like `ovh.general`.
    #[serde(rename = "type")]
    pub family: String,
    /// What its instances' own disks are plugged into: `scsi`, `virtio`, `nvme` or `sata`; the
    /// vendor's usual when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disks: Option<DiskBus>,
    /// `linux` or `windows`.
    #[serde(default = "linux")]
    pub os_type: String,
    /// Net price of an hour; none when the price list does not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hourly: Option<Money>,
    /// Where it is sold.
    pub regions: Vec<String>,
}

pub(super) fn linux() -> String {
    "linux".to_owned()
}

/// An image of the vendor's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// Like `Debian 13`; its id is another one in each region.
    pub name: String,
    /// The `ID` of its os-release.
    pub os: String,
    /// The `VERSION_ID` of its os-release.
    pub version: String,
    /// Who gets the login key.
    pub user: String,
    /// `linux` or `windows`.
    #[serde(default = "linux")]
    pub os_type: String,
    /// What its instances boot by: the platform follows the image.
    #[serde(default = "bios")]
    pub firmware: Firmware,
    /// The least disk that it fits on, in GB.
    #[serde(default)]
    pub min_disk: u32,
}

fn bios() -> Firmware {
    Firmware::Bios
}

/// A flavor that cannot be had at the moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SoldOut {
    /// The flavor's name.
    pub flavor: String,
    /// The region's name; all of them when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// How it shows.
    #[serde(default)]
    pub shows: Shows,
}

/// How it shows that a region has no room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shows {
    /// The flavor is listed with `available: false`, and orders are refused.
    #[default]
    Listed,
    /// The flavor is listed as available, orders are taken, and the instance ends in `ERROR`.
    Accepted,
}

/// The public price list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Catalog {
    /// Whether it is served at all.
    pub served: bool,
    /// ISO 4217.
    pub currency: String,
    /// Tax on top of every net amount, in percent.
    pub tax_rate: u32,
}

impl Default for Catalog {
    fn default() -> Self {
        Self {
            served: true,
            currency: "EUR".to_owned(),
            tax_rate: 20,
        }
    }
}

impl Cloud {
    pub(super) fn check(&self) -> Result<(), String> {
        let known = |name: &str| self.regions.iter().any(|region| region.name == name);
        for flavor in &self.flavors {
            if let Some(place) = flavor.regions.iter().find(|place| !known(place)) {
                return Err(format!(
                    "flavor {} is sold in {place}, which is no region",
                    flavor.name
                ));
            }
        }
        for gone in &self.sold_out {
            let Some(found) = self.flavors.iter().find(|f| f.name == gone.flavor) else {
                return Err(format!(
                    "ovh.cloud.sold_out names the flavor {}, which is not sold",
                    gone.flavor
                ));
            };
            if let Some(place) = &gone.region
                && !found.regions.contains(place)
            {
                return Err(format!(
                    "ovh.cloud.sold_out names {} in {place}, where it is not sold",
                    gone.flavor
                ));
            }
        }
        Ok(())
    }

    /// How it shows that the region has no room for the flavor; none when it has.
    pub(crate) fn sold_out(&self, flavor: &str, region: &str) -> Option<Shows> {
        self.sold_out
            .iter()
            .find(|gone| {
                gone.flavor == flavor && gone.region.as_deref().is_none_or(|place| place == region)
            })
            .map(|gone| gone.shows)
    }
}
