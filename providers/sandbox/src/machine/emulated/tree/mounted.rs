//! What is on a disk that a rescue system has mounted below `/run` for a look.

use super::Tree;
use crate::machine::emulated::disk::{Contents, Disk, Os};
use crate::machine::emulated::file::File;
use crate::machine::emulated::partition::{Partition, efi_path, removable_path};
use crate::machine::emulated::state::{Mount, Running, State};

pub(super) fn fill(tree: &mut Tree, state: &State, running: &Running, arch: &str) {
    let looked_at = running.mounts.iter().filter(|m| m.at.starts_with("/run/"));
    for mount in looked_at {
        tree.put(&mount.at, File::dir());
        let Some(disk) = state.disks.iter().find(|d| d.serial == mount.serial) else {
            continue;
        };
        let part = disk.partitions.iter().find(|p| p.number == mount.partition);
        if let Some(part) = part {
            programs(tree, &mount.at, part, arch);
        }
        if let Some(contents) = &disk.contents {
            system(tree, mount, contents, disk);
        }
    }
}

/// The EFI programs of a partition.
fn programs(tree: &mut Tree, at: &str, part: &Partition, arch: &str) {
    let removable = part.loader.as_ref().map(|_| efi_path(removable_path(arch)));
    for path in removable.iter().chain(part.programs.keys()) {
        let path = path.replace('\\', "/");
        tree.put(&format!("{at}{path}"), File::data("", 0o700));
    }
}

/// The part of a system that is on this partition.
fn system(tree: &mut Tree, mount: &Mount, contents: &Contents, disk: &Disk) {
    let at = mount.at.as_str();
    let holds = |place: &str| {
        contents
            .mounts
            .iter()
            .any(|m| m.at == place && m.serial == disk.serial && m.partition == mount.partition)
    };
    let is_root = holds("/");
    if is_root {
        for (path, file) in &contents.files {
            tree.put(&format!("{at}{path}"), file.clone());
        }
        if !contents.journal.is_empty() {
            tree.put(&format!("{at}/var/log/journal"), File::dir());
        }
    }
    let has_boot = contents.mounts.iter().any(|m| m.at == "/boot");
    let grub = match (holds("/boot"), is_root && !has_boot) {
        (true, _) => format!("{at}/grub/grub.cfg"),
        (false, true) => format!("{at}/boot/grub/grub.cfg"),
        (false, false) => return,
    };
    if let Os::Nixos { system } = &contents.os {
        let menu = format!(
            "set timeout=5\nmenuentry \"NixOS - Default\" {{\n  linux {system}/kernel\n}}\n"
        );
        tree.text(&grub, menu);
    }
}
