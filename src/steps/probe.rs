//! What a machine is, asked in one connection.
//!
//! The script is a list of plain commands, each under a head of its own, with no pipe, no
//! substitution and no variable: any POSIX shell reads it, and so does an emulator that knows a
//! closed table of commands.

mod disks;
mod network;

use crate::found::{Firmware, Found, RunningSystem};
use disks::disks;
use network::{addresses, gateways, links_of, mac};
use provision_api::Arch;
use std::collections::BTreeMap;

/// What each part is called, and the command that answers it.
const PARTS: &[(&str, &str)] = &[
    ("boot-id", "cat /proc/sys/kernel/random/boot_id"),
    ("hostname", "uname -n"),
    ("arch", "uname -m"),
    (
        "firmware",
        "test -d /sys/firmware/efi && echo uefi || echo bios",
    ),
    ("memory", "cat /proc/meminfo"),
    ("os", "cat /etc/os-release"),
    ("system", "readlink -f /run/current-system 2>/dev/null"),
    (
        "disks",
        "lsblk --json --bytes --output NAME,PATH,TYPE,SIZE,SERIAL,MODEL,RO,MOUNTPOINTS",
    ),
    ("by-path", "ls -l /dev/disk/by-path 2>/dev/null"),
    ("by-id", "ls -l /dev/disk/by-id 2>/dev/null"),
    ("addresses", "ip -json address show"),
    ("route4", "ip -json route show default"),
    ("route6", "ip -6 -json route show default"),
];

const HEAD: &str = "==provision==";

/// The script; it ends well even where a part is missing.
pub fn script() -> String {
    let mut script = String::new();
    for (part, command) in PARTS {
        script.push_str(&format!("echo '{HEAD} {part}'; {command}\n"));
    }
    script.push_str("true\n");
    script
}

/// Reads what the script printed; names the part that makes no sense.
pub fn read(printed: &str) -> Result<Found, String> {
    let parts = split(printed);
    let part = |name: &str| parts.get(name).copied().unwrap_or_default().trim();
    let need = |name: &str| match part(name) {
        "" => Err(format!("the machine does not tell its {name}")),
        text => Ok(text.to_owned()),
    };
    let os = os_release(part("os"));
    let hostname = need("hostname")?;
    let system = running_system(&os, &hostname, part("system"));
    let links = links_of(part("addresses"))?;
    let addresses = addresses(&links);
    let gateways = gateways(part("route4"), part("route6"), &addresses)?;
    Ok(Found {
        boot_id: need("boot-id")?,
        arch: Arch::from(need("arch")?),
        firmware: match part("firmware") {
            "uefi" => Firmware::Uefi,
            "bios" => Firmware::Bios,
            other => return Err(format!("the machine tells no firmware: {other:?}")),
        },
        memory_mib: memory_mib(part("memory")).ok_or("the machine does not tell its memory")?,
        disks: disks(part("disks"), part("by-path"), part("by-id"), &system)?,
        mac: gateways.first().and_then(|g| mac(&links, &g.interface)),
        gateways,
        addresses,
        hostname,
        system,
    })
}

fn split(printed: &str) -> BTreeMap<&str, &str> {
    let mut parts = BTreeMap::new();
    for piece in printed.split(HEAD).skip(1) {
        let (name, text) = piece.split_once('\n').unwrap_or((piece, ""));
        parts.insert(name.trim(), text);
    }
    parts
}

fn os_release(text: &str) -> BTreeMap<&str, &str> {
    text.lines()
        .filter_map(|line| line.split_once('='))
        .map(|(key, value)| (key.trim(), value.trim().trim_matches('"')))
        .collect()
}

fn running_system(os: &BTreeMap<&str, &str>, hostname: &str, closure: &str) -> RunningSystem {
    let id = os.get("ID").copied().unwrap_or("unknown");
    if id == "nixos" {
        return if os.get("VARIANT_ID") == Some(&"installer") {
            RunningSystem::Installer
        } else {
            RunningSystem::NixOs {
                closure: closure.to_owned(),
            }
        };
    }
    if hostname == "rescue" || hostname.starts_with("rescue-") {
        RunningSystem::Rescue
    } else {
        RunningSystem::Stock { id: id.to_owned() }
    }
}

fn memory_mib(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|l| l.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib / 1024)
}

#[cfg(test)]
mod tests;
