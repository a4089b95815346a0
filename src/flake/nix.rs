//! The `nix` program: whether it is there, and how it is called.

use super::Flake;
use super::run::{Limits, run};
use crate::child;
use crate::host::Host;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

/// How long `nix --version` may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// The `nix` program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nix {
    /// Where it is.
    pub program: PathBuf,
    /// What it says of itself (`2.18.1`).
    pub version: String,
}

impl Nix {
    /// Looks for it on `PATH`; none if it is not there, or is there and does not run.
    pub async fn find() -> Option<Self> {
        Self::at(&child::find("nix", None)?).await
    }

    /// Asks the program at this path for its version.
    pub async fn at(program: &Path) -> Option<Self> {
        let limits = Limits {
            within: PATIENCE,
            cancel: CancellationToken::new(),
        };
        let mut command = child::command(program);
        let ended = run(command.arg("--version"), &limits, &mut |_| {})
            .await
            .ok()?;
        let said = String::from_utf8_lossy(&ended.stdout);
        // "nix (Nix) 2.8.0", "nix (Lix, like Nix) 2.91.0"
        let version = said.lines().next()?.split_whitespace().next_back()?;
        (ended.status.success() && version.starts_with(|c: char| c.is_ascii_digit())).then(|| {
            Self {
                program: program.to_owned(),
                version: version.to_owned(),
            }
        })
    }

    /// A command that can work on flakes, never asks anything, and gives up on a silent
    /// network soon.
    ///
    /// It is about `below` in the configuration of a host.
    pub(super) fn command(&self, verb: &str, flake: &Flake, host: &Host, below: &str) -> Command {
        let mut command = child::command(&self.program);
        command
            .arg(verb)
            .args(["--extra-experimental-features", "nix-command flakes"])
            .args(["--option", "connect-timeout", "10"])
            .args(["--option", "warn-dirty", "false"])
            .arg("--no-write-lock-file")
            .arg("--json")
            .arg(format!(
                "{}#nixosConfigurations.\"{}\".config{below}",
                flake.reference_here(),
                host.name
            ))
            .current_dir(flake.root())
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("LC_ALL", "C");
        command
    }
}

/// The last lines that say what went wrong: from the last `error:` on, without traces.
pub(super) fn last_words(stderr: &[String]) -> String {
    let from = stderr
        .iter()
        .rposition(|line| line.trim_start().starts_with("error:"))
        .unwrap_or(stderr.len().saturating_sub(8));
    let told: Vec<&str> = stderr[from..]
        .iter()
        .map(|line| line.trim())
        .filter(|line| !line.is_empty() && !line.starts_with("(use '--show-trace'"))
        .take(12)
        .collect();
    if told.is_empty() {
        return "it said nothing".to_owned();
    }
    told.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_program_that_is_no_nix_is_none() {
        assert_eq!(Nix::at(Path::new("/bin/false")).await, None);
        assert_eq!(Nix::at(Path::new("/nowhere/nix")).await, None);
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("nix");
        let draft = folder.path().join("draft");
        std::fs::write(&draft, "#!/bin/sh\necho 'nix (Nix) 2.8.0'\n").unwrap();
        // a child of another test may hold what we have written open: then it cannot be run
        let copied = Command::new("install").arg(&draft).arg(&program).status();
        assert!(copied.await.unwrap().success());
        assert_eq!(Nix::at(&program).await.unwrap().version, "2.8.0");
    }

    #[test]
    fn the_last_error_is_told() {
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        let stderr = lines(
            "warning: x\nerror: while evaluating a\n\n  … from y\n\nerror: attribute 'b' missing\n\n  at z:1:2:\n(use '--show-trace' to show detailed location information)",
        );
        assert_eq!(
            last_words(&stderr),
            "error: attribute 'b' missing\nat z:1:2:"
        );
        assert_eq!(last_words(&lines("a\nb")), "a\nb");
        assert_eq!(last_words(&[]), "it said nothing");
    }
}
