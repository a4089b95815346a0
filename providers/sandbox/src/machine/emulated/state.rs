//! All that a machine is besides what it is made of: kept, and taken up again later.

use super::disk::Disk;
use super::file::File;
use super::keys::Secret;
use super::shell::Effect;
use crate::machine::{Boot, Faults, Spec};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// So many console lines are kept; the oldest go first.
const CONSOLE_LINES: usize = 2000;

/// The changing side of a machine.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct State {
    /// What runs, while it is on.
    pub(crate) running: Option<Running>,
    /// The disks that are plugged in; its own is always among them.
    pub(crate) disks: Vec<Disk>,
    /// Volumes that were pulled out, with what is on them.
    pub(crate) unplugged: Vec<Disk>,
    /// How it misbehaves.
    pub(crate) faults: Faults,
    /// What a reboot from inside boots in place of the disk.
    #[serde(default)]
    pub(crate) armed: Option<Boot>,
    /// What it boots in place of the disk when nothing is armed.
    #[serde(default)]
    pub(crate) standing: Option<Boot>,
    /// What ran before the last installer took over.
    #[serde(default)]
    pub(crate) old: Option<Box<Running>>,
    /// How often it was started.
    pub(crate) boots: u64,
    /// What the serial console said.
    pub(crate) console: Vec<String>,
}

impl State {
    /// Says something on the serial console.
    pub(crate) fn say(&mut self, line: impl Into<String>) {
        self.console.push(line.into());
        if self.console.len() > CONSOLE_LINES {
            let excess = self.console.len() - CONSOLE_LINES;
            self.console.drain(..excess);
        }
    }

    /// So many MiB of memory it has.
    pub(crate) fn memory_mib(&self, spec: &Spec) -> u64 {
        self.faults.memory_mib.unwrap_or(spec.memory_mib)
    }

    /// The disk that holds the system of this id.
    pub(crate) fn disk_of(&self, system: &str) -> Option<&Disk> {
        self.disks.iter().find(|d| d.holds(system))
    }

    /// The files of what runs: on its disk, or in memory when it came from the network.
    pub(crate) fn files(&self) -> Option<&BTreeMap<String, File>> {
        let running = self.running.as_ref()?;
        match &running.root {
            None => Some(&running.memory),
            Some(id) => {
                let contents = self.disk_of(id)?.contents.as_ref()?;
                Some(&contents.files)
            }
        }
    }

    /// The same, to be written.
    pub(crate) fn files_mut(&mut self) -> Option<&mut BTreeMap<String, File>> {
        let running = self.running.as_mut()?;
        match running.root.clone() {
            None => Some(&mut running.memory),
            Some(id) => {
                let disk = self.disks.iter_mut().find(|d| d.holds(&id))?;
                disk.contents.as_mut().map(|c| &mut c.files)
            }
        }
    }
}

/// What runs on a machine that is on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Running {
    /// What it is.
    pub(crate) kind: Kind,
    /// The id of the system on a disk that it is; nothing when it runs from memory.
    pub(crate) root: Option<String>,
    /// The kernel's random id of this boot.
    pub(crate) boot_id: String,
    /// When the kernel started, in seconds since 1970.
    pub(crate) since: i64,
    /// Whether the boot is done.
    pub(crate) up: bool,
    /// What it was told from inside to do; until that is done it answers as before.
    #[serde(default)]
    pub(crate) leaving: Option<Effect>,
    /// Its host name.
    pub(crate) hostname: String,
    /// Who may log in.
    pub(crate) accounts: Vec<Account>,
    /// The files of a system that runs from memory.
    pub(crate) memory: BTreeMap<String, File>,
    /// What is mounted besides what it was booted with.
    pub(crate) mounts: Vec<Mount>,
    /// The host key that sshd serves; without one it does not start.
    pub(crate) host_key: Option<Secret>,
}

/// The kinds of systems.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// The vendor's image.
    Stock {
        /// `ID` of its os-release.
        os: String,
        /// `VERSION_ID` of its os-release.
        version: String,
    },
    /// The vendor's rescue system.
    Rescue,
    /// The NixOS installer, started by kexec.
    Installer,
    /// NixOS from a disk.
    Installed {
        /// The store path that `/run/current-system` points to.
        system: String,
        /// The store path of the system profile.
        profile: String,
    },
    /// Nothing that answers: the console says why.
    Dead,
}

/// Someone who may log in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) uid: u32,
    /// May become root by sudo, without a password.
    pub(crate) wheel: bool,
    /// `authorized_keys` lines.
    pub(crate) keys: Vec<String>,
    /// Taken as a password where the system takes passwords.
    pub(crate) password: Option<Secret>,
    /// What every command is answered with instead of being run, with status 142: how
    /// cloud-init's `disable_root` sends people away.
    pub(crate) turned_away: Option<String>,
}

impl Account {
    /// Root with these keys.
    pub(crate) fn root(keys: Vec<String>) -> Self {
        Self::user("root", 0, true, keys)
    }

    /// A user with these keys.
    pub(crate) fn user(name: &str, uid: u32, wheel: bool, keys: Vec<String>) -> Self {
        Self {
            name: name.to_owned(),
            uid,
            wheel,
            keys,
            password: None,
            turned_away: None,
        }
    }

    /// Where it lives.
    pub(crate) fn home(&self) -> String {
        if self.uid == 0 {
            "/root".to_owned()
        } else {
            format!("/home/{}", self.name)
        }
    }
}

/// A partition mounted somewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mount {
    /// The disk's serial number.
    pub(crate) serial: String,
    /// The partition's number; 0 is the whole disk.
    pub(crate) partition: u32,
    /// Where.
    pub(crate) at: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_console_keeps_the_newest_lines() {
        let mut state = State::default();
        for n in 0..CONSOLE_LINES + 10 {
            state.say(format!("line {n}"));
        }
        assert_eq!(state.console.len(), CONSOLE_LINES);
        assert_eq!(state.console[0], "line 10");
    }
}
