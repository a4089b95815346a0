//! Evaluating a host: one `nix eval` that answers with all the gate wants to know.

use super::Flake;
use super::nix::{self, Nix};
use super::run::{ChildError, Limits, run};
use crate::gate::Wanted;
use crate::host::Host;
use std::time::Duration;

const EXPRESSION: &str = include_str!("wanted.nix");

/// Why a host cannot be evaluated.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    /// There is no `nix`.
    #[error("nix is not on PATH; install it (https://nixos.org/download), or Debian's nix-bin")]
    NixMissing,
    /// The flake's inputs are neither here nor to be had, or Nix cannot get at its store.
    #[error("nix cannot get at the flake's inputs: {0}")]
    InputsUnavailable(String),
    /// The flake, or the host's configuration, is wrong.
    #[error("the flake cannot be evaluated: {0}")]
    Broken(String),
    /// It took too long.
    #[error("the evaluation took longer than {} s", .0.as_secs())]
    TimedOut(Duration),
    /// The run was cancelled.
    #[error("the evaluation was cancelled")]
    Cancelled,
}

impl EvalError {
    /// Whether the cause is what this machine lacks rather than what the flake says: then the
    /// sandbox goes on with `facts.json` and `host.toml`.
    pub fn is_lack(&self) -> bool {
        matches!(self, Self::NixMissing | Self::InputsUnavailable(_))
    }
}

/// Evaluates what the gate looks at of a host.
pub async fn evaluate(
    nix: Option<&Nix>,
    flake: &Flake,
    host: &Host,
    limits: &Limits,
) -> Result<Wanted, EvalError> {
    let nix = nix.ok_or(EvalError::NixMissing)?;
    let mut command = nix.command("eval", flake, host, "");
    // the admin's name has neither quotes nor backslashes: `UserName` sees to it
    let expression = format!("({EXPRESSION}) {{ admin = \"{}\"; }}", host.spec.admin);
    command.args(["--apply", &expression]);
    // whoever has no network shall not wait long for being told so
    command.args(["--option", "download-attempts", "2"]);
    let ended = run(&mut command, limits, &mut |_| {}).await?;
    if !ended.status.success() {
        return Err(classify(&ended.stderr, || unseen(flake, host)));
    }
    Wanted::from_json(&ended.stdout)
        .map_err(|why| EvalError::Broken(format!("the host's configuration is odd: {why}")))
}

impl From<ChildError> for EvalError {
    fn from(error: ChildError) -> Self {
        match error {
            ChildError::Io(why) => Self::Broken(format!("nix cannot be run: {why}")),
            ChildError::TimedOut(within) => Self::TimedOut(within),
            ChildError::Cancelled => Self::Cancelled,
        }
    }
}

/// Sorts out what Nix said. `unseen` adds what explains a missing attribute.
pub(super) fn classify(stderr: &[String], unseen: impl FnOnce() -> String) -> EvalError {
    let words = nix::last_words(stderr);
    let lower = words.to_lowercase();
    if LACKS.iter().any(|sign| lower.contains(sign)) {
        return EvalError::InputsUnavailable(words);
    }
    EvalError::Broken(words + &unseen())
}

/// What Nix says, in any of its versions, when it cannot get an input. A hash that differs is
/// not among them: that is another input than the one that was locked.
const LACKS: [&str; 10] = [
    "unable to download",
    // of a user who is not root, where the daemon does not run
    "cannot connect to socket at",
    "could not resolve host",
    "couldn't resolve host",
    "couldn't connect",
    "failed to connect",
    "failed to fetch",
    "unable to fetch",
    "cannot update unlocked flake input",
    "is not allowed in pure mode because it requires lock file changes",
];

fn unseen(flake: &Flake, host: &Host) -> String {
    match flake.unseen(&host.name) {
        Ok(files) if !files.is_empty() => format!(
            "\ngit does not track all of {}, so Nix does not see it: git add it",
            host.folder.display()
        ),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lack_is_told_from_a_mistake() {
        let lack = |text: &str| {
            let lines: Vec<String> = text.lines().map(str::to_owned).collect();
            classify(&lines, String::new).is_lack()
        };
        for text in [
            "error: unable to download 'https://api.example/x.tar.gz': Couldn't resolve host name (6)",
            "warning: retrying\nerror:\n… while fetching the input 'github:a/b'\nerror: Failed to connect to example port 443",
            "error: cannot connect to socket at '/nix/var/nix/daemon-socket/socket': No such file or directory",
            "error: cannot update unlocked flake input 'nixpkgs' in pure mode",
        ] {
            assert!(lack(text), "{text}");
        }
        for text in [
            "error: attribute 'nixosConfigurations.x' missing",
            "error: undefined variable 'pkg'",
            "error: NAR hash mismatch in input 'github:a/b', expected 'sha256-a', got 'sha256-b'",
        ] {
            assert!(!lack(text), "{text}");
        }
    }
}
