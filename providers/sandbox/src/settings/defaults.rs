//! A table like the vendor's: types, places and images of 2026, with prices in EUR.
//!
//! Numbers are realistic, not authoritative: the real ones come from the real cloud.

use super::catalog::{
    Architecture, CpuType, Deprecation, Location, Offer, ServerType, SystemImage,
};
use super::money::Money;
use crate::machine::Firmware;
use jiff::Timestamp;

struct Row {
    id: u64,
    name: &'static str,
    size: (u32, u32, u32),
    hourly: &'static str,
    monthly: &'static str,
    places: &'static [&'static str],
}

const EUROPE: &[&str] = &["fsn1", "nbg1", "hel1"];
const ALL: &[&str] = &["fsn1", "nbg1", "hel1", "ash", "hil", "sin"];
const OVERSEAS: &[&str] = &["ash", "hil", "sin"];

#[rustfmt::skip]
const ROWS: &[Row] = &[
    Row { id: 45, name: "cax11", size: (2, 4, 40), hourly: "0.0053", monthly: "3.29", places: EUROPE },
    Row { id: 93, name: "cax21", size: (4, 8, 80), hourly: "0.0096", monthly: "5.99", places: EUROPE },
    Row { id: 94, name: "cax31", size: (8, 16, 160), hourly: "0.0192", monthly: "11.99", places: EUROPE },
    Row { id: 96, name: "ccx13", size: (2, 8, 80), hourly: "0.02", monthly: "12.49", places: ALL },
    Row { id: 97, name: "ccx23", size: (4, 16, 160), hourly: "0.0392", monthly: "24.49", places: ALL },
    Row { id: 108, name: "cpx22", size: (2, 4, 80), hourly: "0.0096", monthly: "5.99", places: EUROPE },
    Row { id: 109, name: "cpx32", size: (4, 8, 160), hourly: "0.0168", monthly: "10.49", places: EUROPE },
    Row { id: 22, name: "cpx11", size: (2, 2, 40), hourly: "0.0072", monthly: "4.49", places: OVERSEAS },
    Row { id: 24, name: "cpx31", size: (4, 8, 160), hourly: "0.025", monthly: "15.59", places: OVERSEAS },
    Row { id: 114, name: "cx23", size: (2, 4, 40), hourly: "0.0048", monthly: "2.99", places: EUROPE },
    Row { id: 115, name: "cx33", size: (4, 8, 80), hourly: "0.008", monthly: "4.99", places: EUROPE },
    Row { id: 116, name: "cx43", size: (8, 16, 160), hourly: "0.0144", monthly: "8.99", places: EUROPE },
    Row { id: 117, name: "cx53", size: (16, 32, 320), hourly: "0.0272", monthly: "16.99", places: EUROPE },
];

/// An amount of the table; the test below reads every one of them.
fn amount(text: &str) -> Money {
    text.parse().unwrap_or(Money::NOTHING)
}

pub(super) fn server_types() -> Vec<ServerType> {
    ROWS.iter().map(server_type).collect()
}

fn server_type(row: &Row) -> ServerType {
    let family = row.name.trim_end_matches(|c: char| c.is_ascii_digit());
    let (architecture, cpu_type, firmware, category) = match family {
        "cax" => (
            Architecture::Arm,
            CpuType::Shared,
            Firmware::Uefi,
            "Cost-Optimized",
        ),
        "ccx" => (
            Architecture::X86,
            CpuType::Dedicated,
            Firmware::Uefi,
            "General Purpose",
        ),
        "cpx" => (
            Architecture::X86,
            CpuType::Shared,
            Firmware::Bios,
            "Regular Performance",
        ),
        _ => (
            Architecture::X86,
            CpuType::Shared,
            Firmware::Bios,
            "Cost-Optimized",
        ),
    };
    ServerType {
        id: row.id,
        name: row.name.to_owned(),
        cores: row.size.0,
        memory: row.size.1,
        disk: row.size.2,
        architecture,
        cpu_type,
        category: category.to_owned(),
        firmware,
        disks: None,
        locations: row.places.iter().map(|place| offer(row, place)).collect(),
    }
}

fn offer(row: &Row, place: &str) -> Offer {
    let europe = EUROPE.contains(&place);
    Offer {
        location: place.to_owned(),
        hourly: amount(row.hourly),
        monthly: amount(row.monthly),
        traffic_tb: if europe { 20 } else { 1 },
        traffic_price: amount(if place == "sin" { "7.4" } else { "1" }),
        recommended: europe,
        available: true,
        // one that is announced to go, and can still be ordered
        deprecation: (row.name == "cpx31").then(|| Deprecation {
            announced: midnight(2025, 12, 1),
            unavailable_after: midnight(2099, 1, 1),
        }),
    }
}

fn midnight(year: i16, month: i8, day: i8) -> Timestamp {
    jiff::civil::date(year, month, day)
        .to_zoned(jiff::tz::TimeZone::UTC)
        .map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp())
}

pub(super) fn locations() -> Vec<Location> {
    let place = |id,
                 name: &str,
                 description: &str,
                 country: &str,
                 city: &str,
                 at: (f64, f64),
                 zone: &str| Location {
        id,
        name: name.to_owned(),
        description: description.to_owned(),
        country: country.to_owned(),
        city: city.to_owned(),
        latitude: at.0,
        longitude: at.1,
        network_zone: zone.to_owned(),
    };
    vec![
        place(
            1,
            "fsn1",
            "Falkenstein DC Park 1",
            "DE",
            "Falkenstein",
            (50.476_12, 12.370_071),
            "eu-central",
        ),
        place(
            2,
            "nbg1",
            "Nuremberg DC Park 1",
            "DE",
            "Nuremberg",
            (49.452_102, 11.076_665),
            "eu-central",
        ),
        place(
            3,
            "hel1",
            "Helsinki DC Park 1",
            "FI",
            "Helsinki",
            (60.169_855, 24.938_379),
            "eu-central",
        ),
        place(
            4,
            "ash",
            "Ashburn, VA",
            "US",
            "Ashburn, VA",
            (39.045_821, -77.487_073),
            "us-east",
        ),
        place(
            5,
            "hil",
            "Hillsboro, OR",
            "US",
            "Hillsboro, OR",
            (45.542_3, -122.906_9),
            "us-west",
        ),
        place(
            6,
            "sin",
            "Singapore",
            "SG",
            "Singapore",
            (1.283_333, 103.833_333),
            "ap-southeast",
        ),
    ]
}

pub(super) fn images() -> Vec<SystemImage> {
    const IMAGES: &[(&str, &str, &str, &str, u64, u64)] = &[
        (
            "debian-12",
            "Debian 12",
            "debian",
            "12",
            114_690_387,
            114_690_389,
        ),
        (
            "debian-13",
            "Debian 13",
            "debian",
            "13",
            310_557_660,
            310_557_683,
        ),
        (
            "ubuntu-22.04",
            "Ubuntu 22.04",
            "ubuntu",
            "22.04",
            67_794_396,
            103_908_130,
        ),
        (
            "ubuntu-24.04",
            "Ubuntu 24.04",
            "ubuntu",
            "24.04",
            161_547_269,
            161_547_270,
        ),
    ];
    IMAGES
        .iter()
        .flat_map(|&(name, description, flavor, version, x86, arm)| {
            [(Architecture::X86, x86), (Architecture::Arm, arm)].map(|(architecture, id)| {
                SystemImage {
                    id,
                    name: name.to_owned(),
                    architecture,
                    description: description.to_owned(),
                    os_flavor: flavor.to_owned(),
                    os_version: version.to_owned(),
                    deprecated: None,
                }
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_amount_of_the_table_is_one() {
        for row in ROWS {
            for text in [row.hourly, row.monthly] {
                assert!(
                    text.parse::<Money>()
                        .is_ok_and(|money| money > Money::NOTHING),
                    "{}",
                    row.name
                );
            }
        }
    }

    #[test]
    fn the_families_have_the_firmware_of_their_family() {
        for (name, firmware) in [
            ("cx23", Firmware::Bios),
            ("cpx22", Firmware::Bios),
            ("ccx13", Firmware::Uefi),
            ("cax11", Firmware::Uefi),
        ] {
            let found = server_types().into_iter().find(|t| t.name == name).unwrap();
            assert_eq!(found.firmware, firmware, "{name}");
        }
    }
}
