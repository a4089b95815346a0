//! Which disks there are, and what each is to its machine.

use crate::found::{Disk, DiskRole, RunningSystem};
use serde::Deserialize;

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

pub(super) fn disks(
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
