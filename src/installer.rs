//! nixos-anywhere as a child process: what it is given, how it is watched, how it is ended.

pub mod address;
pub mod files;
mod process;
pub mod tarball;
pub mod tree;

pub use process::Installer;
#[cfg(any(test, feature = "fuzz"))]
pub(crate) use process::read_all;

use crate::child;
use crate::failure::{Exit, Failure, Outcome};
use crate::identity::public_line;
use crate::job::Job;
use provision_sandbox::MachineKind;

/// Which program installs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The real one.
    NixosAnywhere,
    /// The sandbox's stand-in, for its machines.
    StandIn,
}

impl Kind {
    /// Emulated machines are installed by the stand-in, a vendor's by the real program. Guests,
    /// which are real and cost nothing, by the real one if it is on the PATH.
    pub fn of(machines: Option<MachineKind>) -> Self {
        match machines {
            Some(MachineKind::Emulated) => Self::StandIn,
            Some(MachineKind::Qemu) if child::find(Self::PROGRAM, None).is_none() => Self::StandIn,
            Some(MachineKind::Qemu) | None => Self::NixosAnywhere,
        }
    }

    const PROGRAM: &str = "nixos-anywhere";

    /// The word used in JSON and in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NixosAnywhere => Self::PROGRAM,
            Self::StandIn => "stand-in",
        }
    }
}

/// The admins' public keys: those of the flake, and in the sandbox the login key as well.
pub fn admin_keys(job: &Job) -> Outcome<Vec<String>> {
    let keys = job.flake.admin_keys().map_err(|e| {
        Failure::new(Exit::Config, "the admins' keys cannot be read", e)
            .mend("hosts/keys/*.pub holds one OpenSSH public key a line")
    })?;
    let mut lines: Vec<String> = keys.0.iter().map(|k| public_line(&k.key)).collect();
    if job.in_sandbox() && !lines.contains(&job.login.public_line()) {
        lines.push(job.login.public_line());
    }
    Ok(lines)
}

/// Refuses a real cloud without admin keys, or with keys that everybody has.
pub fn check_admin_keys(job: &Job) -> Outcome {
    if job.in_sandbox() {
        return Ok(());
    }
    let keys = job
        .flake
        .admin_keys()
        .map_err(|e| Failure::new(Exit::Config, "the admins' keys cannot be read", e))?;
    keys.fit_for_a_real_cloud().map_err(|e| {
        Failure::new(
            Exit::Config,
            format!("{}: nobody could log in safely", job.name),
            e,
        )
        .mend("put the admins' public keys into hosts/keys/*.pub")
    })?;
    let own = job.login.public_line();
    if keys.0.iter().any(|k| public_line(&k.key) == own) {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Config,
        format!("{}: the login key is not among the admins' keys", job.name),
        format!(
            "{} could not log in to prove the system",
            job.login.path.display()
        ),
    )
    .mend("put its public half into hosts/keys/, or name another key with --identity"))
}
