//! How a machine misbehaves on demand, and when it begins to.

use serde::{Deserialize, Serialize};

/// Faults on demand; the default is none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fault of its own, and a key in files"
)]
pub struct Faults {
    /// What its SSH port does instead of answering.
    pub ssh: Option<SshFault>,
    /// The stage of the installation that fails (`kexec`, `disko`, `install`).
    pub phase_fails: Option<String>,
    /// The stage of the installation that never ends.
    pub phase_hangs: Option<String>,
    /// The installed system comes up with failed units of these names.
    pub failed_units: Vec<String>,
    /// The installed system boots the wrong generation: `/run/current-system` is another.
    pub wrong_system: bool,
    /// The installed system stops while it starts, with this as the last of what its console and its
    /// journal say: its disk is as it should be, and a rescue system boots.
    pub dies_booting: Option<String>,
    /// After the next reboot it never answers again.
    pub no_return: bool,
    /// Told from inside to reboot, to power off or to kexec, it goes on answering for at least so
    /// many milliseconds.
    pub reboot_late_ms: Option<u64>,
    /// Told to kexec, it goes down and never answers again.
    pub kexec_lost: bool,
    /// In place of the installed system, the firmware boots the one that ran before the
    /// installation, as if it had found it on another disk.
    pub boots_old: bool,
    /// Its disks are full: neither the installer's image nor a system fits.
    pub disk_full: bool,
    /// It has so many MiB of memory, whatever its type says.
    pub memory_mib: Option<u64>,
    /// Its clock is so many seconds ahead; behind, where it is negative.
    pub clock_off_s: i64,
    /// From some moment on, it misbehaves otherwise.
    pub turn: Option<Box<Turn>>,
}

/// What an SSH port does instead of answering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SshFault {
    /// Connections are refused.
    Refuse,
    /// Connections are accepted and nothing is ever said.
    Hang,
    /// Connections fall silent after the key exchange: a login is never answered.
    HangAuth,
    /// Connections fall silent after the login: a command is never answered.
    HangCommand,
    /// Connections are closed after the version line.
    Close,
    /// Connections are lost in the middle of a command, which ends with them.
    Cut,
    /// Connections are lost when a command has done its work, before it is told.
    CutAfter,
    /// Another machine answers: another host key, every login taken.
    Impostor,
    /// Only passwords are taken.
    Password,
    /// No login key is taken.
    NoKey,
    /// Connections are ended with the words of sshd's `PerSourcePenalties`.
    TurnedAway,
    /// Commands are answered with lines without end.
    Flood,
    /// Commands are answered with one line without end.
    FloodLine,
}

/// Other faults from some moment on; they replace those until then, a further turn included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Turn {
    /// When.
    pub when: Moment,
    /// How it misbehaves then.
    pub faults: Faults,
}

/// A moment in a machine's life: of all that is said, each must be true.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Moment {
    /// A system of this kind is up.
    pub system: Option<Runs>,
    /// A command that has this in it is given to it, and has not begun yet.
    pub command: Option<String>,
}

/// What a machine runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Runs {
    /// The vendor's image.
    Stock,
    /// The vendor's rescue system.
    Rescue,
    /// The NixOS installer.
    Installer,
    /// NixOS from a disk.
    Installed,
}
