//! `provision` under the name `ssh`: puts host key checking back on for the target of an
//! installation, and leaves every other destination as it is.
//!
//! nixos-anywhere begins its ssh arguments with `StrictHostKeyChecking=no`, and OpenSSH keeps the
//! first value of an option: only a program ahead on its PATH can put another before it.

use crate::ssh::trust_options;
use rustix::process::{Signal, getpgrp, kill_process_group};
use serde::{Deserialize, Serialize};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The environment variable that names the file with the [`Guard`].
pub const GUARD: &str = "PROVISION_SSH_GUARD";

/// What the shim has to know.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Guard {
    /// The real `ssh`.
    pub ssh: PathBuf,
    /// The target's address.
    pub host: String,
    /// The name that its host key is pinned under.
    pub alias: String,
    /// The pinned host keys.
    pub pins: PathBuf,
    /// The file that is locked as long as the run lives, with the number of its process in it.
    pub lock: PathBuf,
    /// The process of the run.
    pub run: u32,
}

/// Options of `ssh` that take an argument (ssh(1), OpenSSH 9).
const WITH_ARGUMENT: &[u8] = b"BbcDEeFIiJLlmOoPpQRSWw";

/// A machine that says nothing for two minutes is gone: without these, the installer would wait for
/// it until the deadline of its phase, which is an hour and more.
const KEEP_ALIVE: [&str; 4] = [
    "-o",
    "ServerAliveInterval=15",
    "-o",
    "ServerAliveCountMax=8",
];

/// Becomes the real `ssh`; returns only what kept it from that.
pub fn run(arguments: Vec<OsString>) -> String {
    let guard = match read_guard() {
        Ok(guard) => guard,
        Err(error) => return error,
    };
    if !is_held(&guard.lock, guard.run) {
        // nobody waits for this installation any more: it must not go on by itself, beside the
        // run that takes the server up again
        let _ = kill_process_group(getpgrp(), Signal::TERM);
        return "the run that this installation belongs to has ended".to_owned();
    }
    let mut command = Command::new(&guard.ssh);
    let is_target = destination(&arguments).is_some_and(|host| host == guard.host.as_str());
    if !is_target && checks_nothing(&arguments) {
        // only the installer asks for that, and only of the target: whoever this is, it is not
        // spoken to unchecked
        return "refused: host key checking is off for a destination that is not the target".into();
    }
    if is_target {
        command
            .args(["-F", "none"])
            .args(trust_options(&guard.alias, &guard.pins))
            .args(KEEP_ALIVE)
            .env_remove("SSH_AUTH_SOCK");
    }
    let error = command.args(arguments).exec();
    format!("cannot start {}: {error}", guard.ssh.display())
}

/// Whether the arguments switch host key checking off.
fn checks_nothing(arguments: &[OsString]) -> bool {
    arguments.iter().any(|argument| {
        // ssh takes a blank for the sign of equality, and quotes
        let text: String = argument
            .to_string_lossy()
            .to_ascii_lowercase()
            .replace(|c: char| c.is_whitespace() || "=\"'".contains(c), "");
        ["stricthostkeycheckingno", "stricthostkeycheckingoff"]
            .iter()
            .chain(&["userknownhostsfile/dev/null", "userknownhostsfilenone"])
            .any(|off| text.ends_with(off))
    })
}

/// Whether the run that started the installation still lives: the next one takes the same lock.
fn is_held(lock: &Path, run: u32) -> bool {
    let Ok(mut file) = File::open(lock) else {
        return false;
    };
    let mut holder = String::new();
    file.try_lock_shared().is_err()
        && file.read_to_string(&mut holder).is_ok()
        && holder.trim().parse() == Ok(run)
}

fn read_guard() -> Result<Guard, String> {
    let path = std::env::var_os(GUARD).ok_or(format!(
        "{GUARD} is not set: this is provision's own ssh for the time of an installation"
    ))?;
    let text = std::fs::read(&path)
        .map_err(|e| format!("cannot read {}: {e}", PathBuf::from(&path).display()))?;
    serde_json::from_slice(&text).map_err(|e| format!("cannot read the ssh guard: {e}"))
}

/// The host that the arguments connect to, without user and port.
fn destination(arguments: &[OsString]) -> Option<OsString> {
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let bytes = argument.as_encoded_bytes();
        if bytes == b"--" {
            return rest.next().map(|a| host_of(a));
        }
        if bytes.len() < 2 || bytes[0] != b'-' {
            return Some(host_of(argument));
        }
        // letters may stand together; the first that takes an argument takes the rest, or the
        // next word
        for (at, letter) in bytes.iter().enumerate().skip(1) {
            if WITH_ARGUMENT.contains(letter) {
                if at + 1 == bytes.len() {
                    rest.next();
                }
                break;
            }
        }
    }
    None
}

/// `user@host`, `host` or `ssh://user@host:port`, IPv6 in brackets or bare.
fn host_of(word: &OsStr) -> OsString {
    let text = word.to_string_lossy();
    let (text, is_url) = match text.strip_prefix("ssh://") {
        Some(rest) => (rest.trim_end_matches('/'), true),
        None => (text.as_ref(), false),
    };
    let host = text.rsplit_once('@').map_or(text, |(_, host)| host);
    let host = match host.strip_prefix('[').and_then(|h| h.split_once(']')) {
        Some((inner, _)) => inner,
        None if is_url => host.split_once(':').map_or(host, |(host, _)| host),
        None => host,
    };
    host.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn of(line: &str) -> Option<String> {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        destination(&words).map(|h| h.to_string_lossy().into_owned())
    }

    #[test]
    fn arguments_that_switch_the_checking_off_are_seen() {
        let words = |line: &str| line.split(' ').map(OsString::from).collect::<Vec<_>>();
        assert!(checks_nothing(&words("-o StrictHostKeyChecking=no root@h")));
        assert!(checks_nothing(&words(
            "-oUserKnownHostsFile=/dev/null root@h"
        )));
        for spelling in [
            "StrictHostKeyChecking no",
            "stricthostkeychecking = \"off\"",
        ] {
            assert!(
                checks_nothing(&["-o".into(), spelling.into()]),
                "{spelling}"
            );
        }
        assert!(!checks_nothing(&words(
            "-x git@example.org git-upload-pack"
        )));
    }

    #[test]
    fn a_lock_that_nobody_holds_means_that_the_run_is_dead() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        assert!(!is_held(&path, 7));
        let mut file = File::create(&path).unwrap();
        write!(file, "7").unwrap();
        assert!(!is_held(&path, 7));
        file.try_lock().unwrap();
        assert!(is_held(&path, 7));
        // nor does it mean anything that the next run holds it
        assert!(!is_held(&path, 8));
    }

    #[test]
    fn the_destination_is_found_among_the_options() {
        for (line, host) in [
            ("-o A=b -i key -p 22 root@192.0.2.1 true", "192.0.2.1"),
            ("-T -i key root@192.0.2.1 -p 22 cat", "192.0.2.1"),
            ("-oA=b -p22 192.0.2.1", "192.0.2.1"),
            ("-tto A=b web", "web"),
            ("-vv -l root -- 192.0.2.1 ls", "192.0.2.1"),
            ("ssh://root@192.0.2.1:22/ ls", "192.0.2.1"),
            ("root@2001:db8::1 ls", "2001:db8::1"),
            ("ssh://root@[2001:db8::1]:22 ls", "2001:db8::1"),
            ("-x git@example.org git-upload-pack", "example.org"),
        ] {
            assert_eq!(of(line).as_deref(), Some(host), "{line}");
        }
        assert_eq!(of("-V"), None);
    }
}
