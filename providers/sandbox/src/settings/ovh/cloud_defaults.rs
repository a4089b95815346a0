//! A Public Cloud like the vendor's: some of its regions, flavors and images, in the form of 2026.
//!
//! Numbers are realistic, not authoritative: the real ones come from the real cloud.

use super::cloud::{Flavor, Image, Region, linux};
use crate::machine::Firmware;

const REGIONS: &[&str] = &["GRA11", "SBG5", "DE1", "WAW1", "UK1", "BHS5"];
const DISCOVERY: &[&str] = &["GRA11", "SBG5", "DE1", "BHS5"];

struct Row {
    name: &'static str,
    /// Cores, MB of memory, GB of disk.
    size: (u32, u32, u32),
    family: &'static str,
    hourly: &'static str,
    regions: &'static [&'static str],
}

#[rustfmt::skip]
const ROWS: &[Row] = &[
    Row { name: "d2-2", size: (1, 2000, 25), family: "ovh.vps-ssd", hourly: "0.0108", regions: DISCOVERY },
    Row { name: "d2-4", size: (2, 4000, 50), family: "ovh.vps-ssd", hourly: "0.0197", regions: DISCOVERY },
    Row { name: "d2-8", size: (4, 8000, 50), family: "ovh.vps-ssd", hourly: "0.0365", regions: DISCOVERY },
    Row { name: "b3-8", size: (2, 8000, 50), family: "ovh.general", hourly: "0.0508", regions: REGIONS },
    Row { name: "b3-16", size: (4, 16000, 100), family: "ovh.general", hourly: "0.1017", regions: REGIONS },
    Row { name: "c3-4", size: (2, 4000, 50), family: "ovh.cpu", hourly: "0.0453", regions: REGIONS },
    Row { name: "r3-16", size: (2, 16000, 50), family: "ovh.ram", hourly: "0.0612", regions: REGIONS },
];

pub(super) fn regions() -> Vec<Region> {
    REGIONS
        .iter()
        .map(|&name| Region {
            name: name.to_owned(),
        })
        .collect()
}

pub(super) fn flavors() -> Vec<Flavor> {
    let mut flavors: Vec<Flavor> = ROWS
        .iter()
        .map(|row| Flavor {
            name: row.name.to_owned(),
            vcpus: row.size.0,
            ram: row.size.1,
            disk: row.size.2,
            family: row.family.to_owned(),
            disks: None,
            os_type: linux(),
            hourly: row.hourly.parse().ok(),
            regions: row.regions.iter().map(|&name| name.to_owned()).collect(),
        })
        .collect();
    // the same machine under another licence, which nobody wants by mistake
    let windows: Vec<Flavor> = flavors
        .iter()
        .filter(|flavor| flavor.name == "b3-8")
        .map(|flavor| Flavor {
            name: format!("win-{}", flavor.name),
            os_type: "windows".to_owned(),
            hourly: "0.1428".parse().ok(),
            ..flavor.clone()
        })
        .collect();
    flavors.extend(windows);
    flavors
}

pub(super) fn images() -> Vec<Image> {
    const IMAGES: &[(&str, &str, &str, Firmware)] = &[
        ("Debian 12", "debian", "12", Firmware::Bios),
        ("Debian 13", "debian", "13", Firmware::Bios),
        ("Debian 13 - UEFI", "debian", "13", Firmware::Uefi),
        ("Ubuntu 22.04", "ubuntu", "22.04", Firmware::Bios),
        ("Ubuntu 24.04", "ubuntu", "24.04", Firmware::Bios),
    ];
    let mut images: Vec<Image> = IMAGES
        .iter()
        .map(|&(name, os, version, firmware)| Image {
            name: name.to_owned(),
            os: os.to_owned(),
            version: version.to_owned(),
            user: os.to_owned(),
            os_type: linux(),
            firmware,
            min_disk: 0,
        })
        .collect();
    images.push(Image {
        name: "Windows Server 2022 Standard (Desktop)".to_owned(),
        os: "windows".to_owned(),
        version: "2022".to_owned(),
        user: "admin".to_owned(),
        os_type: "windows".to_owned(),
        firmware: Firmware::Bios,
        min_disk: 50,
    });
    images
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::money::Money;

    #[test]
    fn every_flavor_has_a_price_and_the_regions_are_known() {
        for flavor in flavors() {
            assert!(
                flavor.hourly.is_some_and(|hourly| hourly > Money::NOTHING),
                "{}",
                flavor.name
            );
            assert!(
                flavor
                    .regions
                    .iter()
                    .all(|name| REGIONS.contains(&name.as_str()))
            );
        }
        assert_eq!(flavors().len(), ROWS.len() + 1);
    }
}
