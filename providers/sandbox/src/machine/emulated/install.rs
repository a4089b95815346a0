//! What the installation of a system does to the disks.

use super::boot::HOST_KEY;
use super::disk::{Contents, Disk, Os};
use super::parcel::{Grub, Parcel};
use super::partition::efi_path;
use super::state::{Mount, State};
use super::{disko, keys};
use crate::machine::{Firmware, Spec};

/// Copies the closure and the files, and installs the boot loaders; the result is what
/// nixos-install prints.
pub(crate) fn install(state: &mut State, spec: &Spec, parcel: Parcel) -> Result<String, String> {
    let mounts: Vec<Mount> = state
        .running
        .iter()
        .flat_map(|r| r.mounts.clone())
        .collect();
    let root = mounts
        .iter()
        .find(|m| m.at == "/mnt")
        .ok_or("stand-in: nothing is mounted at /mnt: run the phase disko first")?
        .clone();
    let system = parcel.system;
    if system.arch != spec.arch {
        return Err(format!(
            "{}/bin/switch-to-configuration: cannot execute binary file: Exec format error (the system is for {}, the machine is {})",
            system.system, system.arch, spec.arch
        ));
    }
    let mut files = parcel.files;
    if parcel.copy_host_keys {
        let own = state.running.as_ref().map(|r| r.memory.clone());
        for (path, file) in own.into_iter().flatten() {
            if path.starts_with(HOST_KEY) {
                files.entry(path).or_insert(file);
            }
        }
    }
    let disk = state.disks.iter_mut().find(|d| d.serial == root.serial);
    let disk = disk.ok_or("stand-in: the disk at /mnt is gone")?;
    let old = disk.contents.take();
    let id = old
        .as_ref()
        .map_or_else(|| keys::random_hex(16), |o| o.id.clone());
    let mut kept = old.map(|o| o.files).unwrap_or_default();
    kept.extend(files);
    disk.contents = Some(Contents {
        id: id.clone(),
        os: Os::Nixos {
            system: system.system.clone(),
        },
        hostname: system.hostname.clone(),
        arch: system.arch.clone(),
        accounts: system.accounts(),
        mounts: fstab(&mounts),
        files: kept,
        journal: Vec::new(),
    });
    let loaders = install_loaders(state, spec, &system.grub, &mounts, &id)?;
    Ok(format!(
        "copying channel...\ninstalling the boot loader...\n{loaders}installation finished!\n"
    ))
}

/// What is mounted below `/mnt`, as the installed system mounts it.
fn fstab(mounts: &[Mount]) -> Vec<Mount> {
    let below = mounts.iter().filter_map(|m| {
        let at = m.at.strip_prefix("/mnt")?;
        Some(Mount {
            at: if at.is_empty() { "/" } else { at }.to_owned(),
            ..m.clone()
        })
    });
    below.collect()
}

fn install_loaders(
    state: &mut State,
    spec: &Spec,
    grub: &Grub,
    mounts: &[Mount],
    id: &str,
) -> Result<String, String> {
    let mut said = String::new();
    for device in grub.devices.iter().filter(|d| *d != "nodev") {
        let serial = disko::find(state, spec, device).map_err(|_| {
            format!("grub-install: error: cannot find a GRUB drive for {device}.  Check your device.map.")
        })?;
        let disk = state.disks.iter_mut().find(|d| d.serial == serial);
        let disk = disk.ok_or("grub-install: error: the disk is gone")?;
        write_boot_sector(disk, device, id)?;
        said.push_str(
            "Installing for i386-pc platform.\nInstallation finished. No error reported.\n",
        );
    }
    if !grub.efi_support {
        return Ok(said);
    }
    let esp = mounts
        .iter()
        .find(|m| m.at == "/mnt/boot")
        .and_then(|m| partition(state, m))
        .filter(|p| p.filesystem.as_ref().is_some_and(|f| f.kind == "vfat"))
        .ok_or("grub-install: error: /boot doesn't look like an EFI partition.")?;
    if grub.efi_install_as_removable {
        esp.loader = Some(id.to_owned());
    } else if spec.firmware == Firmware::Bios {
        return Err("grub-install: error: EFI variables are not supported on this system.".into());
    } else {
        // only a firmware variable points to it, and no vendor keeps one: the firmware finds it
        // when it is told this path, and not by itself
        let program = match spec.arch.as_str() {
            "aarch64" => r"\EFI\NixOS-boot\grubaa64.efi",
            _ => r"\EFI\NixOS-boot\grubx64.efi",
        };
        esp.programs.insert(efi_path(program), id.to_owned());
    }
    said.push_str("Installing for EFI platform.\nInstallation finished. No error reported.\n");
    Ok(said)
}

fn write_boot_sector(disk: &mut Disk, device: &str, id: &str) -> Result<(), String> {
    if disk.gpt && !disk.partitions.iter().any(|p| p.kind.is("EF02")) {
        return Err(format!(
            concat!(
                "grub-install: warning: this GPT partition label contains no BIOS Boot Partition; ",
                "embedding won't be possible.\n",
                "grub-install: error: will not proceed with blocklists.\n",
                "failed to install GRUB on {}"
            ),
            device
        ));
    }
    disk.boot_sector = Some(id.to_owned());
    Ok(())
}

fn partition<'a>(
    state: &'a mut State,
    mount: &Mount,
) -> Option<&'a mut super::partition::Partition> {
    state
        .disks
        .iter_mut()
        .find(|d| d.serial == mount.serial)?
        .partitions
        .iter_mut()
        .find(|p| p.number == mount.partition)
}
