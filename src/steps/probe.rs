//! What a machine is, asked in one connection.
//!
//! The script is a list of plain commands, each under a head of its own, with no pipe, no
//! substitution and no variable: any POSIX shell reads it, and so does an emulator that knows a
//! closed table of commands.

use crate::found::{Address, Disk, DiskRole, Firmware, Found, Gateway, RunningSystem};
use provision_api::Arch;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::IpAddr;

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

#[derive(Deserialize)]
struct Lsblk {
    blockdevices: Vec<Block>,
}

#[derive(Deserialize)]
struct Block {
    path: String,
    #[serde(rename = "type")]
    kind: String,
    size: u64,
    serial: Option<String>,
    #[serde(default)]
    ro: bool,
    #[serde(default)]
    mountpoints: Vec<Option<String>>,
    #[serde(default)]
    children: Vec<Block>,
}

impl Block {
    fn mounts(&self) -> Vec<&str> {
        let own = self.mountpoints.iter().flatten().map(String::as_str);
        own.chain(self.children.iter().flat_map(Block::mounts))
            .collect()
    }
}

fn disks(
    lsblk: &str,
    by_path: &str,
    by_id: &str,
    system: &RunningSystem,
) -> Result<Vec<Disk>, String> {
    let list: Lsblk =
        serde_json::from_str(lsblk).map_err(|e| format!("cannot read what lsblk printed: {e}"))?;
    let by_path = links(by_path, "/dev/disk/by-path");
    let by_id = links(by_id, "/dev/disk/by-id");
    let mut disks: Vec<Disk> = list
        .blockdevices
        .iter()
        .filter(|b| b.kind == "disk" && !b.ro && b.size > 0 && !is_pseudo(&b.path))
        .map(|block| {
            let by_id = names_of(&by_id, &block.path);
            let role = role(block, &by_id, system);
            Disk {
                by_path: names_of(&by_path, &block.path),
                by_id,
                path: block.path.clone(),
                size: block.size,
                serial: block.serial.clone().filter(|s| !s.is_empty()),
                role,
            }
        })
        .collect();
    settle(&mut disks);
    Ok(disks)
}

/// Floppies, memory disks and the like are no place for a system.
fn is_pseudo(path: &str) -> bool {
    ["/dev/fd", "/dev/ram", "/dev/zram", "/dev/loop", "/dev/sr"]
        .iter()
        .any(|prefix| path.starts_with(prefix))
}

/// What is known of one disk by itself.
fn role(block: &Block, by_id: &[String], system: &RunningSystem) -> DiskRole {
    // Hetzner names its volumes (its documentation: /dev/disk/by-id/scsi-0HC_Volume_<id>)
    if by_id.iter().any(|name| name.contains("HC_Volume_")) {
        return DiskRole::Volume;
    }
    let holds_system = block
        .mounts()
        .iter()
        .any(|m| matches!(*m, "/" | "/boot" | "/boot/efi" | "/nix" | "/nix/store"));
    match (holds_system, system) {
        (true, RunningSystem::Rescue) => DiskRole::Rescue,
        (true, RunningSystem::Stock { .. } | RunningSystem::NixOs { .. }) => DiskRole::Boot,
        _ => DiskRole::Unknown,
    }
}

/// Where the running system does not tell the boot disk, the only disk left over is it.
fn settle(disks: &mut [Disk]) {
    let have_boot = disks.iter().any(|d| d.role == DiskRole::Boot);
    let unknown: Vec<usize> = (0..disks.len())
        .filter(|at| disks[*at].role == DiskRole::Unknown)
        .collect();
    if let (false, [only]) = (have_boot, unknown.as_slice()) {
        disks[*only].role = DiskRole::Boot;
    }
}

/// Pairs of a link's full name and the device it points at, from `ls -l`.
fn links(listing: &str, dir: &str) -> Vec<(String, String)> {
    listing
        .lines()
        .filter_map(|line| {
            let (left, target) = line.split_once(" -> ")?;
            let name = left.split_whitespace().last()?;
            let device = target.trim().rsplit('/').next()?;
            Some((format!("{dir}/{name}"), format!("/dev/{device}")))
        })
        .collect()
}

/// The names of a device, best first: whole words before the kernel's aliases (`-ata-1.0`
/// stands beside `-ata-1`), then alphabetically.
fn names_of(links: &[(String, String)], device: &str) -> Vec<String> {
    let mut names: Vec<String> = links
        .iter()
        .filter(|(_, target)| target == device)
        .map(|(name, _)| name.clone())
        .collect();
    names.sort_by_key(|name| (name.contains("/virtio-pci-"), name.clone()));
    names
}

#[derive(Deserialize)]
struct Link {
    ifname: String,
    address: Option<String>,
    #[serde(default)]
    addr_info: Vec<AddrInfo>,
}

#[derive(Deserialize)]
struct AddrInfo {
    local: Option<IpAddr>,
    prefixlen: u8,
    scope: Option<String>,
    #[serde(default)]
    dynamic: bool,
}

fn links_of(text: &str) -> Result<Vec<Link>, String> {
    serde_json::from_str(text).map_err(|e| format!("cannot read what ip printed: {e}"))
}

fn mac(links: &[Link], interface: &str) -> Option<String> {
    let link = links.iter().find(|link| link.ifname == interface)?;
    link.address.clone()
}

fn addresses(links: &[Link]) -> Vec<Address> {
    links
        .iter()
        .filter(|link| link.ifname != "lo")
        .flat_map(|link| {
            link.addr_info.iter().filter_map(|info| {
                (info.scope.as_deref() == Some("global")).then_some(Address {
                    interface: link.ifname.clone(),
                    address: info.local?,
                    prefix: info.prefixlen,
                    dynamic: info.dynamic,
                })
            })
        })
        .collect()
}

#[derive(Deserialize)]
struct Route {
    gateway: Option<IpAddr>,
    dev: Option<String>,
}

fn gateways(v4: &str, v6: &str, addresses: &[Address]) -> Result<Vec<Gateway>, String> {
    let mut gateways: Vec<Gateway> = Vec::new();
    for text in [v4, v6] {
        if text.is_empty() {
            continue;
        }
        let routes: Vec<Route> = serde_json::from_str(text)
            .map_err(|e| format!("cannot read what ip route printed: {e}"))?;
        for route in routes {
            let (Some(via), Some(interface)) = (route.gateway, route.dev) else {
                continue;
            };
            let inside = addresses.iter().any(|a| {
                a.interface == interface
                    && ipnet::IpNet::new(a.address, a.prefix).is_ok_and(|net| net.contains(&via))
            });
            let link_local = matches!(via, IpAddr::V6(v6) if v6.is_unicast_link_local());
            let gateway = Gateway {
                on_link: !inside && !link_local,
                interface,
                via,
            };
            if !gateways.contains(&gateway) {
                gateways.push(gateway);
            }
        }
    }
    Ok(gateways)
}

#[cfg(test)]
mod tests;
