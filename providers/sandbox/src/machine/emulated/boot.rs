//! Which system comes up when a machine starts, and why none does.

use super::disk::Disk;
use super::file::File;
use super::keys::{self, Secret};
use super::state::{Account, Kind, Running, State};
use super::{cloud_init, firmware, logins, names};
use crate::machine::{Boot, RescueSystem, Spec};
use std::collections::BTreeMap;

/// Where sshd keeps its ed25519 key.
pub(crate) const HOST_KEY: &str = "/etc/ssh/ssh_host_ed25519_key";

/// Starts a machine that is off: afterwards something runs, be it only firmware that finds
/// nothing to boot.
pub(crate) fn start(state: &mut State, spec: &Spec, boot: &Boot, now: i64) {
    state.unplugged.iter_mut().for_each(|d| d.name = None);
    remove_rescue_disk(state);
    names::enumerate(&mut state.disks);
    let again = state.boots > 0;
    state.boots += 1;
    let outcome = if again && state.faults.no_return {
        Err("sandbox: fault: this machine does not come back".to_owned())
    } else {
        match boot {
            Boot::Rescue {
                authorized_keys,
                password,
                system,
            } => rescue(state, spec, system).map(|running| Running {
                accounts: vec![rescuer(authorized_keys, password.as_deref())],
                ..running
            }),
            Boot::Disk => firmware::from_disk(state, spec, None),
            Boot::Chain { loader } => firmware::from_disk(state, spec, Some(loader)),
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
    let lines = logins::to_take_along(state, asked_by);
    let Some(before) = state.running.take() else {
        return;
    };
    state.say("kexec_core: Starting new kernel");
    if state.faults.kexec_lost {
        state.say("sandbox: fault: the new kernel does not come up");
        state.running = Some(Running::new(Kind::Dead, &before.hostname));
        return;
    }
    names::enumerate(&mut state.disks);
    let mut installer = Running::new(Kind::Installer, "nixos-installer");
    installer.accounts.push(Account::root(lines));
    if let Some(private) = &before.host_key {
        put_host_key(&mut installer.memory, private, None);
    }
    installer.since = now;
    state.old = Some(Box::new(before));
    state.running = Some(installer);
    start_sshd(state);
}

impl Running {
    /// A system that has just begun to start.
    pub(super) fn new(kind: Kind, hostname: &str) -> Self {
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

/// The disk of the last rescue system is not there for the next boot.
fn remove_rescue_disk(state: &mut State) {
    state.disks.retain(|disk| !disk.rescue);
}

/// A rescue system that is about to run, from memory or from a disk of its own.
fn rescue(state: &mut State, spec: &Spec, system: &RescueSystem) -> Result<Running, String> {
    if !system.linux {
        return Err(format!(
            "Windows PE: {} is ready; nothing listens for SSH",
            system.hostname
        ));
    }
    let mut running = Running::new(Kind::Rescue, &system.hostname);
    if let Some(gib) = system.disk_gib {
        let disk = Disk::of_rescue(gib, spec.platform.board, &spec.arch);
        running.mounts = disk.stock_mounts();
        state.disks.push(disk);
        names::enumerate(&mut state.disks);
    }
    let fresh = keys::generate(&system.hostname).map_err(|e| format!("sshd-keygen: {e}"))?;
    put_host_key(&mut running.memory, &fresh.private, Some(fresh.public));
    Ok(running)
}

/// Root of a rescue system.
fn rescuer(authorized_keys: &[String], password: Option<&str>) -> Account {
    let mut root = Account::root(authorized_keys.to_vec());
    root.password = password.map(|p| Secret(p.to_owned()));
    root
}

/// Puts a host key where sshd looks for it.
pub(super) fn put_host_key(
    files: &mut BTreeMap<String, File>,
    private: &Secret,
    public: Option<String>,
) {
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
