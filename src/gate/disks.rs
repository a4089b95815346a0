//! Whether the disks that the flake wipes are there, are the machine's own, and are large
//! enough.

use super::UNPROBED_DISK;
use super::refusal::{Refusal, RefusalKind};
use super::wanted::{Wanted, WantedDisk};
use crate::facts::stable_name;
use crate::found::{Disk, DiskRole, Found};

/// What is left for a partition that takes the rest: a small NixOS and its next generation.
const REST_LEAST: u64 = 4 << 30;

/// The disks that would be wiped, by the kernel's names, and what speaks against it.
pub(super) fn check(found: &Found, wanted: &Wanted) -> (Vec<String>, Vec<Refusal>) {
    let mut wipes: Vec<String> = Vec::new();
    let mut refusals = Vec::new();
    if wanted.disks.is_empty() {
        refusals.push(Refusal::new(
            RefusalKind::NoDisk,
            "the flake names no disk to install on (disko.devices.disk is empty)",
            "import a layout of hosts/layouts in the host's disko.nix",
        ));
    }
    for disk in &wanted.disks {
        let here = find(found, &disk.device);
        refusals.extend(name(found, disk, here));
        let Some(here) = here else { continue };
        if wipes.contains(&here.path) {
            refusals.push(twice(disk, here));
        }
        wipes.push(here.path.clone());
        refusals.extend(role(found, disk, here));
        refusals.extend(size(disk, here));
    }
    for device in &wanted.grub.devices {
        if !wanted
            .disks
            .iter()
            .any(|disk| same(found, device, &disk.device))
        {
            refusals.push(Refusal::new(
                RefusalKind::GrubTarget,
                format!("GRUB goes into {device}, which is not one of the disks that are cut"),
                "leave boot.loader.grub.devices to the layout",
            ));
        }
    }
    (wipes, refusals)
}

/// Whether two names mean the same disk of the machine.
pub(super) fn same(found: &Found, one: &str, other: &str) -> bool {
    one == other
        || match (find(found, one), find(found, other)) {
            (Some(one), Some(other)) => one.path == other.path,
            _ => false,
        }
}

fn find<'a>(found: &'a Found, device: &str) -> Option<&'a Disk> {
    let listed = |names: &[String], folder: &str| {
        let bare = device.strip_prefix(folder);
        names
            .iter()
            .any(|name| name == device || Some(name.as_str()) == bare)
    };
    found.disks.iter().find(|disk| {
        disk.path == device
            || listed(&disk.by_path, "/dev/disk/by-path/")
            || listed(&disk.by_id, "/dev/disk/by-id/")
    })
}

/// The kernel's own names are handed out in the order in which disks answer.
fn is_unstable(device: &str) -> bool {
    device
        .strip_prefix("/dev/")
        .is_some_and(|name| !name.contains('/'))
}

fn name(found: &Found, disk: &WantedDisk, here: Option<&Disk>) -> Option<Refusal> {
    let WantedDisk { name, device, .. } = disk;
    // what to write instead: this very disk if it may be wiped, else the one that may
    let own = here.filter(|disk| disk.role == DiskRole::Boot);
    let better = own
        .or_else(|| found.boot_disks().next())
        .and_then(stable_name);
    let mend = match better {
        Some(better) => format!("write {better}, or leave it to the layout (facts.boot_disk)"),
        None => "look which disks the machine has (lsblk, ls -l /dev/disk/by-path)".to_owned(),
    };
    if device == UNPROBED_DISK {
        return Some(Refusal::new(
            RefusalKind::DiskMissing,
            format!("disk {name} is not known yet: there is no facts.json for this machine"),
            mend,
        ));
    }
    if is_unstable(device) {
        return Some(Refusal::new(
            RefusalKind::DiskUnstable,
            format!("disk {name} is {device}, which may be another disk after the next boot"),
            mend,
        ));
    }
    here.is_none().then(|| {
        Refusal::new(
            RefusalKind::DiskMissing,
            format!("disk {name} is {device}, which the machine does not have"),
            mend,
        )
    })
}

fn twice(disk: &WantedDisk, here: &Disk) -> Refusal {
    Refusal::new(
        RefusalKind::DiskTwice,
        format!(
            "disk {} is {}, which is {}, and so is another disk of the flake",
            disk.name, disk.device, here.path
        ),
        "give each disk in disko.devices.disk a device of its own",
    )
}

fn role(found: &Found, disk: &WantedDisk, here: &Disk) -> Option<Refusal> {
    if here.role == DiskRole::Boot {
        return None;
    }
    let what = here.role.told();
    let mend = match found.boot_disks().next().and_then(stable_name) {
        Some(own) => format!("write {own}, the machine's own disk"),
        None => "detach what is not the machine's own, and probe again".to_owned(),
    };
    Some(Refusal::new(
        RefusalKind::DiskNotOurs,
        format!(
            "disk {} is {} ({}), which is {what}",
            disk.name, disk.device, here.path
        ),
        mend,
    ))
}

fn size(disk: &WantedDisk, here: &Disk) -> Option<Refusal> {
    let sizes = disk
        .partitions
        .iter()
        .map(|partition| bytes(&partition.size));
    let needed = sizes.fold(0u64, |sum, size| {
        sum.saturating_add(size.unwrap_or(REST_LEAST))
    });
    (here.size < needed).then(|| {
        Refusal::new(
            RefusalKind::DiskSmall,
            format!(
                "disk {} ({}) has {} MiB, and its partitions need {}",
                disk.name,
                here.path,
                here.size >> 20,
                needed >> 20
            ),
            "make the partitions smaller, or take a larger type of server",
        )
    })
}

/// A size as disko has it: gdisk's binary units, bare numbers are sectors; none for one that
/// takes the rest (`100%`, `0`, nothing).
fn bytes(size: &str) -> Option<u64> {
    let split = size
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(size.len());
    let (number, unit) = size.split_at(split);
    let number: u64 = number.parse().ok()?;
    let shift = match unit {
        "" => 9,
        "K" => 10,
        "M" => 20,
        "G" => 30,
        "T" => 40,
        "P" => 50,
        _ => return None,
    };
    (number > 0).then(|| number.saturating_mul(1 << shift))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_gdisks() {
        for (text, want) in [
            ("1M", Some(1 << 20)),
            ("512M", Some(512 << 20)),
            ("2048", Some(1 << 20)),
            ("3G", Some(3 << 30)),
            ("100%", None),
            ("0", None),
            ("", None),
            ("10E", None),
            ("99999999999999999999G", None),
        ] {
            assert_eq!(bytes(text), want, "{text}");
        }
    }

    #[test]
    fn kernel_names_are_unstable() {
        for device in [
            "/dev/sda",
            "/dev/vdb",
            "/dev/nvme0n1",
            "/dev/xvda",
            "/dev/md0",
        ] {
            assert!(is_unstable(device), "{device}");
        }
        for device in ["/dev/disk/by-path/x", "/dev/disk/by-id/x", "/dev/mapper/x"] {
            assert!(!is_unstable(device), "{device}");
        }
    }
}
