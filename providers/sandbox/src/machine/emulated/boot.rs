//! Which system comes up when a machine starts, and why none does.

use super::disk::{self, Contents, Disk, Os};
use super::file::File;
use super::keys::{self, Secret};
use super::state::{Account, Kind, Running, State};
use super::{cloud_init, store};
use crate::machine::{Boot, Firmware, Spec};
use std::collections::BTreeMap;

/// Where sshd keeps its ed25519 key.
pub(crate) const HOST_KEY: &str = "/etc/ssh/ssh_host_ed25519_key";

/// Starts a machine that is off: afterwards something runs, be it only firmware that finds
/// nothing to boot.
pub(crate) fn start(state: &mut State, spec: &Spec, boot: &Boot, now: i64) {
    state.unplugged.iter_mut().for_each(|d| d.name = None);
    disk::enumerate(&mut state.disks);
    let again = state.boots > 0;
    state.boots += 1;
    let outcome = if again && state.faults.no_return {
        Err("sandbox: fault: this machine does not come back".to_owned())
    } else {
        match boot {
            Boot::Rescue {
                authorized_keys,
                password,
            } => rescue(authorized_keys, password.as_deref()),
            Boot::Disk => from_disk(state, spec),
        }
    };
    let mut running = outcome.unwrap_or_else(|why| {
        for line in why.lines() {
            state.say(line);
        }
        Running::new(Kind::Dead, &spec.hostname)
    });
    running.since = now;
    state.running = Some(running);
    start_sshd(state);
}

/// The new kernel takes over: the installer, with the host key and root's login keys of what ran
/// before, and those of the user who asked for it.
pub(crate) fn kexec(state: &mut State, asked_by: &str, now: i64) {
    let Some(before) = state.running.take() else {
        return;
    };
    disk::enumerate(&mut state.disks);
    let mut installer = Running::new(Kind::Installer, "nixos-installer");
    let mut lines: Vec<String> = Vec::new();
    for account in &before.accounts {
        if account.name == "root" || account.name == asked_by {
            lines.extend(account.keys.iter().cloned());
        }
    }
    lines.dedup();
    installer.accounts.push(Account::root(lines));
    if let Some(private) = &before.host_key {
        put_host_key(&mut installer.memory, private, None);
    }
    installer.since = now;
    state.say("kexec_core: Starting new kernel");
    state.running = Some(installer);
    start_sshd(state);
}

impl Running {
    /// A system that has just begun to start.
    fn new(kind: Kind, hostname: &str) -> Self {
        Self {
            kind,
            root: None,
            boot_id: keys::random_uuid(),
            since: 0,
            up: false,
            leaving: None,
            hostname: hostname.to_owned(),
            accounts: Vec::new(),
            memory: BTreeMap::new(),
            mounts: Vec::new(),
            host_key: None,
        }
    }
}

fn rescue(authorized_keys: &[String], password: Option<&str>) -> Result<Running, String> {
    let mut running = Running::new(Kind::Rescue, "rescue");
    let mut root = Account::root(authorized_keys.to_vec());
    root.password = password.map(|p| Secret(p.to_owned()));
    running.accounts.push(root);
    let fresh = keys::generate("rescue").map_err(|e| format!("sshd-keygen: {e}"))?;
    put_host_key(&mut running.memory, &fresh.private, Some(fresh.public));
    Ok(running)
}

/// Follows the firmware to boot code, and the boot code to a system.
fn from_disk(state: &mut State, spec: &Spec) -> Result<Running, String> {
    let own = state.disks.iter().find(|d| d.volume.is_none());
    let own = own.ok_or("no disk")?;
    let id = match spec.firmware {
        Firmware::Bios => boot_sector(own)?,
        Firmware::Uefi => removable_loader(own, &spec.arch)?,
    };
    let wrong = state.faults.wrong_system;
    let disk = state.disks.iter_mut().find(|d| d.holds(&id));
    let contents = disk.and_then(|d| d.contents.as_mut()).ok_or_else(|| {
        "error: no such device.\nerror: unknown filesystem.\nEntering rescue mode...\ngrub rescue>"
            .to_owned()
    })?;
    let mut notes = Vec::new();
    first_boot(contents, &mut notes)?;
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
    let path = match arch {
        "aarch64" => r"\EFI\BOOT\BOOTAA64.EFI",
        _ => r"\EFI\BOOT\BOOTX64.EFI",
    };
    let Some(esp) = disk.partitions.iter().find(|p| p.kind.is("EF00")) else {
        return Err(
            "BdsDxe: No bootable option or device was found: the disk has no EFI system partition (EF00)"
                .to_owned(),
        );
    };
    esp.loader.clone().ok_or_else(|| {
        format!(
            "BdsDxe: No bootable option or device was found: the EFI system partition has no {path}"
        )
    })
}

/// What a system does on its first boot only.
fn first_boot(contents: &mut Contents, notes: &mut Vec<String>) -> Result<(), String> {
    let generated = |name: &str| keys::generate(name).map_err(|e| format!("sshd-keygen: {e}"));
    match &mut contents.os {
        Os::Stock { seed, .. } => {
            let Some(image) = seed.take() else {
                return Ok(());
            };
            let config = cloud_init::read(image.user_data.as_deref().unwrap_or_default());
            if let Some(name) = config.hostname {
                contents.hostname = name;
            }
            let mut root = Account::root(image.authorized_keys);
            root.keys.extend(config.root_keys);
            root.turned_away = config.root_turned_away;
            contents.accounts = vec![root];
            contents.accounts.extend(config.accounts);
            let (private, public) = if let Some(private) = config.private {
                (private, config.public)
            } else {
                let fresh = generated(&contents.hostname)?;
                (fresh.private, Some(fresh.public))
            };
            let public = cloud_init::public_of(&private, public);
            put_host_key(&mut contents.files, &private, Some(public));
            notes.extend(config.notes);
        }
        Os::Nixos { .. } if !contents.files.contains_key(HOST_KEY) => {
            let fresh = generated(&contents.hostname)?;
            put_host_key(&mut contents.files, &fresh.private, Some(fresh.public));
        }
        Os::Nixos { .. } => {}
    }
    Ok(())
}

fn put_host_key(files: &mut BTreeMap<String, File>, private: &Secret, public: Option<String>) {
    let public = cloud_init::public_of(private, public);
    files.insert(HOST_KEY.to_owned(), File::data(private.0.as_str(), 0o600));
    files.insert(format!("{HOST_KEY}.pub"), File::data(public, 0o644));
}

/// sshd reads its key, or says why it does not start (its rule: a private key of root's that
/// others may read is not used).
fn start_sshd(state: &mut State) {
    let alive = state.running.as_ref().is_some_and(|r| r.kind != Kind::Dead);
    let file = state.files().and_then(|files| files.get(HOST_KEY)).cloned();
    if !alive {
        return;
    }
    let key = match file {
        None => Err(format!("sshd: Unable to load host key: {HOST_KEY}")),
        Some(file) if file.uid == 0 && file.mode & 0o077 != 0 => Err(format!(
            "sshd: Permissions {:04o} for '{HOST_KEY}' are too open.",
            file.mode & 0o7777
        )),
        Some(file) => file
            .contents()
            .filter(|bytes| keys::host_key(bytes).is_some())
            .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
            .ok_or_else(|| format!("sshd: error in libcrypto: {HOST_KEY} is no ed25519 key")),
    };
    match key {
        Ok(pem) => {
            if let Some(running) = &mut state.running {
                running.host_key = Some(Secret(pem));
            }
        }
        Err(why) => {
            state.say(why);
            state.say("sshd: no hostkeys available -- exiting.");
        }
    }
}

#[cfg(test)]
#[path = "boot_tests.rs"]
mod tests;
