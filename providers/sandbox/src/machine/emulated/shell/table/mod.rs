//! The closed table of commands.

mod block;
mod disks;
mod files;
mod look;
mod lsblk;
mod mounts;
mod net;
mod power;
mod system;
mod text;
mod units;

use super::Effect;
use crate::machine::Spec;
use crate::machine::emulated::inner;
use crate::machine::emulated::state::{Account, Kind, Running, State};
use crate::machine::emulated::tree::Tree;

/// A command in the table.
pub(super) struct Entry {
    name: &'static str,
    /// Answers it; the result is its exit status.
    pub(super) run: fn(&mut Call<'_>) -> u8,
    /// Whether it reads standard input when called with these arguments.
    pub(super) wants_input: fn(&[String]) -> bool,
    /// The systems that have it.
    pub(super) on: fn(&Kind) -> bool,
}

/// A command everywhere that reads no input.
const fn entry(name: &'static str, run: fn(&mut Call<'_>) -> u8) -> Entry {
    Entry {
        name,
        run,
        wants_input: |_| false,
        on: |_| true,
    }
}

const TABLE: &[Entry] = &[
    entry(":", |_| 0),
    entry("true", |_| 0),
    entry("false", |_| 1),
    entry("echo", text::echo),
    entry("printf", text::printf),
    Entry {
        wants_input: files::cat_wants_input,
        ..entry("cat", files::cat)
    },
    Entry {
        wants_input: |_| true,
        ..entry("tee", files::tee)
    },
    entry("test", look::test),
    entry("[", look::test),
    entry("ls", look::ls),
    entry("readlink", look::readlink),
    entry("realpath", look::realpath),
    entry("mkdir", files::mkdir),
    entry("chmod", files::chmod),
    entry("touch", files::touch),
    entry("stat", look::stat),
    entry("lsblk", lsblk::lsblk),
    entry("findmnt", block::findmnt),
    entry("blkid", disks::blkid),
    entry("sgdisk", disks::sgdisk),
    entry("efibootmgr", disks::efibootmgr),
    entry("mount", mounts::mount),
    entry("umount", mounts::umount),
    entry("btrfs", mounts::btrfs),
    entry("find", mounts::find),
    entry("grep", mounts::grep),
    entry("df", block::df),
    entry("free", block::free),
    entry("ip", net::ip),
    entry("uname", system::uname),
    entry("hostname", system::hostname),
    entry("id", system::id),
    entry("whoami", system::whoami),
    entry("nproc", system::nproc),
    entry("date", system::date),
    entry("uptime", system::uptime),
    entry("command", system::command),
    Entry {
        on: Kind::is_nixos,
        ..entry("nixos-version", system::nixos_version)
    },
    Entry {
        on: |kind| matches!(kind, Kind::Stock { .. }),
        ..entry("cloud-init", system::cloud_init)
    },
    entry("systemctl", units::systemctl),
    entry("journalctl", units::journalctl),
    entry("reboot", power::reboot),
    entry("poweroff", power::poweroff),
    entry("shutdown", power::shutdown),
    entry("sync", |_| 0),
];

/// What the shell itself answers.
const BUILT_IN: &[&str] = &["exit", "set", "umask", "sh", "bash", "sudo", "stand-in"];

/// The command of this name.
pub(super) fn find(name: &str) -> Option<&'static Entry> {
    TABLE.iter().find(|entry| entry.name == name)
}

/// Whether a system has a command of this name.
fn known(name: &str, kind: &Kind) -> bool {
    BUILT_IN.contains(&name) || find(name).is_some_and(|entry| (entry.on)(kind))
}

/// A command that is being answered.
pub(super) struct Call<'a> {
    pub(super) name: &'a str,
    pub(super) args: &'a [String],
    /// Whom it runs as.
    pub(super) who: &'a Account,
    pub(super) spec: &'a Spec,
    pub(super) state: &'a mut State,
    /// All of standard input, where it wants that.
    pub(super) input: Vec<u8>,
    pub(super) umask: u32,
    /// Seconds since 1970.
    pub(super) now: i64,
    pub(super) out: Vec<u8>,
    pub(super) err: Vec<u8>,
    pub(super) after: Option<Effect>,
}

impl<'a> Call<'a> {
    /// One without input.
    pub(super) fn new(
        name: &'a str,
        args: &'a [String],
        who: &'a Account,
        spec: &'a Spec,
        state: &'a mut State,
    ) -> Self {
        Self {
            name,
            args,
            who,
            spec,
            state,
            input: Vec::new(),
            umask: 0o022,
            now: inner::now(),
            out: Vec::new(),
            err: Vec::new(),
            after: None,
        }
    }

    /// The files that it sees.
    fn tree(&self) -> Tree {
        Tree::of(self.spec, self.state, self.now)
    }

    /// What runs; a machine that runs nothing answers no command.
    fn running(&self) -> Option<&Running> {
        self.state.running.as_ref()
    }

    /// The kind of what runs.
    fn kind(&self) -> Kind {
        self.running().map_or(Kind::Dead, |r| r.kind.clone())
    }

    /// Adds a line to its output.
    fn line(&mut self, text: impl AsRef<str>) {
        self.out.extend_from_slice(text.as_ref().as_bytes());
        self.out.push(b'\n');
    }

    /// Complains in the command's name.
    fn complain(&mut self, why: impl AsRef<str>) {
        let line = format!("{}: {}\n", self.name, why.as_ref());
        self.err.extend_from_slice(line.as_bytes());
    }

    /// Complains, and is the status of a failure.
    fn fail(&mut self, why: impl AsRef<str>) -> u8 {
        self.complain(why);
        1
    }

    /// Refuses what the real command has and this one has not.
    fn not_emulated(&mut self, what: &str) -> u8 {
        let line = format!("sandbox: {}: {what} is not emulated\n", self.name);
        self.err.extend_from_slice(line.as_bytes());
        2
    }
}

#[cfg(test)]
mod dead_tests;
#[cfg(test)]
mod table_tests;
