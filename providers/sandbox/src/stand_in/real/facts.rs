//! What the machine is asked before anything is done to it.

use crate::stand_in::remote::Remote;
use crate::stand_in::{Aborted, step};
use std::collections::HashMap;

/// Prints `name=value` lines, in any POSIX shell.
const SCRIPT: &str = r#"
there() { if command -v "$1" >/dev/null 2>&1; then echo y; else echo n; fi; }
value() { sed -n "s/^$1=//p" /etc/os-release 2>/dev/null | tr -d '"' | head -n 1; }
echo "os=$(uname)"
echo "arch=$(uname -m)"
echo "id=$(value ID)"
echo "variant=$(value VARIANT_ID)"
echo "uid=$(id -u)"
for name in tar cpio setsid sudo nix; do echo "$name=$(there $name)"; done
"#;

/// What a machine says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Facts {
    /// As `uname -m` says it.
    pub(super) arch: String,
    /// Whether it is a NixOS installer.
    pub(super) installer: bool,
    /// Whether the login is root's.
    pub(super) root: bool,
    /// Programs that are missed, of those that kexec needs.
    missing: Vec<&'static str>,
}

impl Facts {
    /// Asks the machine.
    pub(super) fn gather(remote: &Remote) -> Result<Self, Aborted> {
        step("Gathering machine facts");
        let answer = remote.ask_for_long(SCRIPT)?;
        if !answer.ok {
            let why = answer.err.trim();
            return Err(format!("retrieving the facts of {} failed: {why}", remote.host).into());
        }
        Self::read(&answer.out)
    }

    fn read(text: &str) -> Result<Self, Aborted> {
        let all: HashMap<&str, &str> = text
            .lines()
            .filter_map(|line| line.trim().split_once('='))
            .collect();
        let fact = |name: &str| {
            all.get(name)
                .copied()
                .ok_or_else(|| Aborted(format!("failed to retrieve the fact {name} from the host")))
        };
        let os = fact("os")?;
        if os != "Linux" {
            return Err(format!("Linux is required as the operating system, but got {os}").into());
        }
        let root = fact("uid")? == "0";
        let mut missing = Vec::new();
        for name in ["tar", "cpio", "setsid"] {
            if fact(name)? != "y" {
                missing.push(name);
            }
        }
        if !root && fact("sudo")? != "y" {
            missing.push("sudo");
        }
        Ok(Self {
            arch: fact("arch")?.to_owned(),
            installer: fact("id")? == "nixos" && fact("variant")? == "installer",
            root,
            missing,
        })
    }

    /// Whether what is built here runs there.
    pub(super) fn has_our_architecture(&self) -> bool {
        std::env::consts::OS == "linux" && self.arch == std::env::consts::ARCH
    }

    /// Refuses a machine on which an installer cannot be unpacked.
    pub(super) fn can_kexec(&self) -> Result<(), Aborted> {
        if self.missing.is_empty() {
            return Ok(());
        }
        let names = self.missing.join(", ");
        Err(format!("the machine has no {names}, and an installer needs them").into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEBIAN: &str = "os=Linux\narch=x86_64\nid=debian\nvariant=\nuid=1000\ntar=y\ncpio=n\nsetsid=y\nsudo=y\nnix=n\n";

    #[test]
    fn facts_are_read() {
        let facts = Facts::read(DEBIAN).unwrap();
        assert!(!facts.installer && !facts.root);
        let why = facts.can_kexec().unwrap_err().to_string();
        assert!(why.contains("no cpio,"), "{why}");
        let nixos = DEBIAN
            .replace("debian", "nixos")
            .replace("variant=", "variant=installer")
            .replace("uid=1000", "uid=0")
            .replace("cpio=n", "cpio=y");
        let facts = Facts::read(&nixos).unwrap();
        assert!(facts.installer && facts.root && facts.can_kexec().is_ok());
        let installed = nixos.replace("variant=installer", "variant=");
        assert!(!Facts::read(&installed).unwrap().installer);
    }

    #[test]
    fn odd_facts_are_refused() {
        let table = [
            (DEBIAN.replace("Linux", "FreeBSD"), "got FreeBSD"),
            (DEBIAN.replace("arch=x86_64\n", ""), "the fact arch"),
            (String::new(), "the fact os"),
        ];
        for (text, expected) in table {
            let why = Facts::read(&text).unwrap_err().to_string();
            assert!(why.contains(expected), "{why}");
        }
    }
}
