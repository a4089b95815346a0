//! What a dedicated server is made of, and where it is connected.

use super::{Dedicated, GATEWAY4, gateway6};
use crate::machine::Firmware;
use crate::ovh::call::{Answer, Call, ok};
use crate::ovh::rented::{enter, service};
use serde_json::{Value, json};

/// Disks of one size are one group.
fn groups(disks: &[u64]) -> Vec<Value> {
    let mut sizes: Vec<(u64, usize)> = Vec::new();
    for size in disks {
        match sizes.iter_mut().find(|(known, _)| known == size) {
            Some((_, count)) => *count += 1,
            None => sizes.push((*size, 1)),
        }
    }
    let group = |(number, (size, count)): (usize, (u64, usize))| {
        json!({
            "diskGroupId": number,
            "diskSize": {"unit": "GB", "value": size},
            "diskType": "SATA",
            "numberOfDisks": count,
            "description": format!("{count} X Disk SATA {size} GB"),
            "raidController": null,
            "defaultHardwareRaidSize": null,
            "defaultHardwareRaidType": null,
        })
    };
    (1..).zip(sizes).map(group).collect()
}

pub(super) async fn hardware(call: Call) -> Answer {
    call.query(&[])?;
    let mut held = call.hold().await?;
    let offer = enter::<Dedicated>(&mut held, call.path("service")).await?;
    Ok(ok(&json!({
        "bootMode": match offer.firmware {
            Firmware::Bios => "legacy",
            Firmware::Uefi => "uefi",
        },
        "memorySize": {"unit": "MB", "value": offer.memory_mib},
        "diskGroups": groups(&offer.disks_gib),
        "processorArchitecture": "x86_64",
        "processorName": "Xeon E-2386G",
        "numberOfProcessors": 1,
        "coresPerProcessor": 6,
        "threadsPerProcessor": 12,
        "description": "ADVANCE-1 | Intel Xeon-E 2386G",
        "motherboard": "E3C252D4U",
        "formFactor": "1u",
        "expansionCards": null,
        "usbKeys": null,
        "defaultHardwareRaidSize": null,
        "defaultHardwareRaidType": null,
    })))
}

pub(super) async fn network(call: Call) -> Answer {
    call.query(&[])?;
    let mut held = call.hold().await?;
    enter::<Dedicated>(&mut held, call.path("service")).await?;
    let service = service::<Dedicated>(&held, call.path("service"))?;
    let speed = |value: u64| json!({"unit": "Mbps", "value": value});
    Ok(ok(&json!({
        "routing": {
            "ipv4": {
                "ip": service.ipv4.to_string(),
                "gateway": GATEWAY4.to_string(),
                "network": format!("{}/32", service.ipv4),
            },
            "ipv6": {
                "ip": format!("{}/64", service.network6),
                "gateway": gateway6(&service.ipv6()),
                "network": format!("{}/64", service.network6),
            },
        },
        "bandwidth": {
            "InternetToOvh": speed(1000),
            "OvhToInternet": speed(1000),
            "OvhToOvh": speed(1000),
            "type": "included",
        },
        "connection": speed(1000),
        "ola": {"available": false, "availableModes": [], "supportedModes": null},
        "switching": {"name": null},
        "traffic": null,
        "vmac": {"quota": 0, "supported": false},
        "vrack": null,
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disks_of_one_size_are_a_group() {
        let found = groups(&[480, 480, 2000]);
        let told: Vec<_> = found
            .iter()
            .map(|g| (g["diskGroupId"].as_u64(), g["numberOfDisks"].as_u64()))
            .collect();
        assert_eq!(told, [(Some(1), Some(2)), (Some(2), Some(1))]);
        assert_eq!(found[1]["diskSize"]["value"], 2000);
    }
}
