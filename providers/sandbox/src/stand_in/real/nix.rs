//! Calls of `nix`: what is built here or on the machine, and what is copied there.

use crate::stand_in::args::{Request, Source};
use crate::stand_in::remote::{Remote, wait};
use crate::stand_in::{Aborted, say};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

/// A build or a copy may take so long; who runs this program has a deadline of their own.
const LONGEST: Duration = Duration::from_secs(2 * 60 * 60);

/// The store of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Store {
    /// The installer's own, in memory.
    Installer,
    /// The one that is to be installed, below `/mnt`.
    Mounted,
}

/// `nix`, with the options of a request.
#[derive(Debug)]
pub(super) struct Nix<'a> {
    request: &'a Request,
    host: String,
    /// What nix hands on to ssh.
    ssh: String,
}

impl<'a> Nix<'a> {
    /// For this machine. Nix splits the options for ssh at blanks, so that none may hold one.
    pub(super) fn new(request: &'a Request, remote: &Remote) -> Result<Self, Aborted> {
        let words: Vec<_> = remote.args().iter().map(|a| a.to_string_lossy()).collect();
        if let Some(word) = words.iter().find(|w| w.contains(char::is_whitespace)) {
            return Err(format!("nix cannot hand {word:?} on to ssh: it has a blank in it").into());
        }
        Ok(Self {
            request,
            host: remote.host.clone(),
            ssh: words.join(" "),
        })
    }

    /// Builds one of the flake's `system.build`, here, or in a store of the machine.
    pub(super) fn build(&self, what: &str, store: Option<Store>) -> Result<PathBuf, Aborted> {
        let Source::Flake {
            reference,
            attribute,
            ..
        } = &self.request.source
        else {
            return Err("--flake must be set where something is to be built".into());
        };
        let mut command = self.command("build");
        command
            .args(["--json", "--no-link", "--print-build-logs"])
            .arg("--no-write-lock-file");
        if let Some(store) = store {
            command.args(["--eval-store", "auto", "--store"]);
            command.arg(store.address("ssh-ng", &self.host));
        }
        command
            .arg(format!("{reference}#{attribute}.system.build.{what}"))
            .stdout(Stdio::piped());
        let (status, answer) = self.run(command)?;
        if !status.success() {
            return Err(format!("nix cannot build {what}").into());
        }
        output(&answer).ok_or_else(|| format!("nix build named no output of {what}").into())
    }

    /// Copies a closure to a store of the machine.
    pub(super) fn copy(&self, path: &Path, store: Store) -> Result<(), Aborted> {
        let mut command = self.command("copy");
        if !self.request.real.no_substitutes {
            command.arg("--substitute-on-destination");
        }
        command
            .args(["--to", &store.address("ssh", &self.host)])
            .arg(path)
            .stdout(Stdio::piped());
        let (status, _) = self.run(command)?;
        if status.success() {
            return Ok(());
        }
        Err(format!("nix cannot copy {} to the machine", path.display()).into())
    }

    fn command(&self, verb: &str) -> Command {
        let mut command = Command::new("nix");
        command
            .arg(verb)
            .args(["--extra-experimental-features", "nix-command flakes"])
            .env("NIX_SSHOPTS", &self.ssh)
            .stdin(Stdio::null());
        for (key, value) in &self.request.real.nix {
            command.args(["--option", key, value]);
        }
        command
    }

    /// Runs it to its end; what it prints on stderr goes where this program's goes.
    fn run(&self, mut command: Command) -> Result<(ExitStatus, String), Aborted> {
        if self.request.debug {
            let words: Vec<_> = command.get_args().map(|a| a.to_string_lossy()).collect();
            say(&format!("NIX COMMAND: nix {}", words.join(" ")));
        }
        let mut child = command
            .spawn()
            .map_err(|e| format!("nix cannot be run ({e}): is it installed, and on PATH?"))?;
        let out = child.stdout.take();
        let reading = std::thread::spawn(move || {
            let mut answer = String::new();
            if let Some(mut out) = out {
                // an answer that breaks off is found out when it is read
                drop(out.read_to_string(&mut answer));
            }
            answer
        });
        let status = wait(&mut child, LONGEST)?
            .ok_or_else(|| format!("nix took longer than {} s", LONGEST.as_secs()))?;
        let answer = reading
            .join()
            .map_err(|_| Aborted::from("nix's answer was lost"))?;
        Ok((status, answer))
    }
}

impl Store {
    /// As nix names it.
    fn address(self, scheme: &str, host: &str) -> String {
        let root = match self {
            Self::Installer => "",
            Self::Mounted => "&remote-store=local%3Froot=%2Fmnt",
        };
        format!("{scheme}://{host}?compress=true{root}")
    }
}

/// The path in what `nix build --json` says, old and new.
fn output(answer: &str) -> Option<PathBuf> {
    #[derive(Deserialize)]
    struct Built {
        outputs: BTreeMap<String, PathBuf>,
    }
    let built: Vec<Built> = serde_json::from_str(answer).ok()?;
    built.into_iter().next()?.outputs.remove("out")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answers_of_old_and_new_versions_are_read() {
        let table = [
            (
                r#"[{"drvPath":"/nix/store/a.drv","outputs":{"out":"/nix/store/b"}}]"#,
                Some("/nix/store/b"),
            ),
            (
                r#"[{"drvPath":"/nix/store/a.drv","outputs":{"doc":"/d","out":"/nix/store/b"},"startTime":1}]"#,
                Some("/nix/store/b"),
            ),
            ("[]", None),
            ("error", None),
        ];
        for (answer, expected) in table {
            assert_eq!(output(answer).as_deref(), expected.map(Path::new));
        }
    }

    #[test]
    fn stores_are_named_as_nix_names_them() {
        assert_eq!(
            Store::Installer.address("ssh", "root@127.0.0.1"),
            "ssh://root@127.0.0.1?compress=true"
        );
        assert_eq!(
            Store::Mounted.address("ssh-ng", "root@[::1]"),
            "ssh-ng://root@[::1]?compress=true&remote-store=local%3Froot=%2Fmnt"
        );
    }
}
