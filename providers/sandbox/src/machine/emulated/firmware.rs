//! What the firmware finds on the machine's own disk, and why it finds nothing.

use super::boot::put_host_key;
use super::disk::{Contents, Disk, Os};
use super::keys;
use super::partition::{Partition, efi_path, removable_path};
use super::state::{Kind, Running, State};
use super::{first_boot, store};
use crate::machine::{Firmware, Spec};

/// Follows the firmware to boot code, and the boot code to a system. On UEFI, a loader that is
/// named is started in place of the removable one.
pub(super) fn from_disk(
    state: &mut State,
    spec: &Spec,
    loader: Option<&str>,
) -> Result<Running, String> {
    let own = state.disks.iter().find(|d| d.is_main());
    let own = own.ok_or("no disk")?;
    let id = match (spec.firmware, loader) {
        (Firmware::Bios, _) => boot_sector(own)?,
        (Firmware::Uefi, None) => removable_loader(own, &spec.arch)?,
        (Firmware::Uefi, Some(path)) => named_loader(own, path, &spec.arch)?,
    };
    if let Some(old) = old(state, &id) {
        return old;
    }
    let wrong = state.faults.wrong_system;
    let dies = state.faults.dies_booting.clone();
    let disk = state.disks.iter_mut().find(|d| d.holds(&id));
    let contents = disk.and_then(|d| d.contents.as_mut()).ok_or_else(|| {
        "error: no such device.\nerror: unknown filesystem.\nEntering rescue mode...\ngrub rescue>"
            .to_owned()
    })?;
    let mut notes = Vec::new();
    first_boot::first_boot(contents, &mut notes)?;
    if let (Some(last), Os::Nixos { .. }) = (dies, &contents.os) {
        return Err(die(contents, &last));
    }
    let kind = match &contents.os {
        Os::Stock { os, version, .. } => Kind::Stock {
            os: os.clone(),
            version: version.clone(),
        },
        Os::Nixos { system } => Kind::Installed {
            system: if wrong {
                store::another(system)
            } else {
                system.clone()
            },
            profile: system.clone(),
        },
    };
    let mut running = Running::new(kind, &contents.hostname);
    running.root = Some(id);
    running.accounts.clone_from(&contents.accounts);
    running.mounts.clone_from(&contents.mounts);
    for note in notes {
        state.say(note);
    }
    Ok(running)
}

/// In place of an installed system, the one that was there before it, where a fault says so.
fn old(state: &State, id: &str) -> Option<Result<Running, String>> {
    let installed = state.disk_of(id)?.contents.as_ref()?;
    let (true, Os::Nixos { .. }) = (state.faults.boots_old, &installed.os) else {
        return None;
    };
    let from_image = |old: &&Running| matches!(old.kind, Kind::Stock { .. });
    let Some(before) = state.old.as_deref().filter(from_image) else {
        // what was there before a rescue system was booted is anybody's
        return Some(stranger(&installed.hostname));
    };
    let mut running = Running::new(before.kind.clone(), &before.hostname);
    running.accounts.clone_from(&before.accounts);
    if let Some(key) = &before.host_key {
        put_host_key(&mut running.memory, key, None);
    }
    Some(Ok(running))
}

/// A system that nobody here knows.
fn stranger(hostname: &str) -> Result<Running, String> {
    let kind = Kind::Stock {
        os: "debian".to_owned(),
        version: "11".to_owned(),
    };
    let mut running = Running::new(kind, hostname);
    let fresh = keys::generate(hostname).map_err(|e| format!("sshd-keygen: {e}"))?;
    put_host_key(&mut running.memory, &fresh.private, Some(fresh.public));
    Ok(running)
}

/// The installed system starts, and stops before anything answers: what its console said.
fn die(contents: &mut Contents, last: &str) -> String {
    let emergency =
        "You are in emergency mode. After logging in, type \"journalctl -xb\" to view system logs.";
    let host = &contents.hostname;
    contents.journal = vec![
        format!("Nov 23 00:57:00 {host} systemd[1]: {last}"),
        format!("Nov 23 00:57:00 {host} systemd[1]: Dependency failed for Local File Systems."),
    ];
    format!("<<< NixOS Stage 2 >>>\n\u{1b}[0;1;31m[ TIME ]\u{1b}[0m {last}\n{emergency}")
}

fn boot_sector(disk: &Disk) -> Result<String, String> {
    let core = !disk.gpt || disk.partitions.iter().any(|p| p.kind.is("EF02"));
    match &disk.boot_sector {
        Some(id) if core => Ok(id.clone()),
        Some(_) => Err(
            "Booting from Hard Disk...\nGRUB loading...\nerror: the BIOS boot partition (EF02) is gone"
                .to_owned(),
        ),
        None => Err(concat!(
            "SeaBIOS: Booting from Hard Disk...\n",
            "Boot failed: not a bootable disk\n",
            "No bootable device: the disk holds no BIOS boot code"
        )
        .to_owned()),
    }
}

fn removable_loader(disk: &Disk, arch: &str) -> Result<String, String> {
    let nothing = "BdsDxe: No bootable option or device was found";
    let esp = esp(disk)
        .ok_or_else(|| format!("{nothing}: the disk has no EFI system partition (EF00)"))?;
    esp.loader.clone().ok_or_else(|| {
        format!(
            "{nothing}: the EFI system partition has no {}",
            removable_path(arch)
        )
    })
}

fn named_loader(disk: &Disk, path: &str, arch: &str) -> Result<String, String> {
    let nothing = format!("iPXE: chain {path}: No such file or directory");
    let esp = esp(disk)
        .ok_or_else(|| format!("{nothing}: the disk has no EFI system partition (EF00)"))?;
    let wanted = efi_path(path);
    let found = match &esp.loader {
        Some(id) if wanted == removable_path(arch) => Some(id),
        _ => esp.programs.get(&wanted),
    };
    found
        .cloned()
        .ok_or_else(|| format!("{nothing}: the EFI system partition has no {wanted}"))
}

fn esp(disk: &Disk) -> Option<&Partition> {
    disk.partitions.iter().find(|p| p.kind.is("EF00"))
}
