//! The command that goes on where an `up` has stopped: with all that it was given.

use crate::cli::{BuildOn, OnFailure, Stage, UpFlags};
use crate::commands::found::naming;
use crate::context::Context;
use crate::installer::address;
use crate::report::quote;
use provision_api::{HostName, Role};
use std::ffi::OsStr;

/// `provision up HOST` with the flags that it was given, quoted for a shell.
pub(super) fn command(context: &Context, host: &HostName, flags: &UpFlags) -> String {
    let host = naming(context, host, Role::of(flags.test));
    format!("provision up {host}{}", given(flags))
}

fn push(text: &mut String, name: &str, values: &[&OsStr]) {
    text.push_str(&format!(" --{name}"));
    for value in values {
        text.push_str(&format!(" {}", quote(*value)));
    }
}

/// What changes what `up` does; whether it asks is left to whoever runs it again.
fn given(flags: &UpFlags) -> String {
    let mut text = String::new();
    let mut flag = |name: &str, values: &[&OsStr]| push(&mut text, name, values);
    if let Some(name) = &flags.server_type {
        flag("type", &[name.as_ref()]);
    }
    if let Some(name) = &flags.location {
        flag("location", &[name.as_ref()]);
    }
    if let Some(name) = &flags.server {
        flag("server", &[name.as_ref()]);
    }
    if let Some(ttl) = &flags.ttl {
        flag("ttl", &[format!("{ttl:#}").replace(' ', "").as_ref()]);
    }
    if let Some(price) = &flags.max_price {
        flag("max-price", &[price.to_string().as_ref()]);
    }
    if flags.reinstall {
        flag("reinstall", &[]);
    }
    if flags.on_failure == OnFailure::Teardown {
        flag("on-failure", &["teardown".as_ref()]);
    }
    text.push_str(&stage(&flags.stage));
    text
}

/// What is passed on to the installation.
pub(crate) fn stage(stage: &Stage) -> String {
    let mut text = String::new();
    let mut flag = |name: &str, values: &[&OsStr]| push(&mut text, name, values);
    if let Some(dir) = &stage.extra_files {
        flag("extra-files", &[dir.as_ref()]);
    }
    for pair in stage.disk_encryption_keys.chunks_exact(2) {
        flag(
            "disk-encryption-keys",
            &[pair[0].as_ref(), pair[1].as_ref()],
        );
    }
    if stage.build_on != BuildOn::Auto {
        flag("build-on", &[stage.build_on.as_str().as_ref()]);
    }
    if let [disko, system] = stage.store_paths.as_slice() {
        flag("store-paths", &[disko.as_ref(), system.as_ref()]);
    }
    if stage.force_layout {
        flag("force-layout", &[]);
    }
    text.push_str(&kexec(stage));
    text
}

/// An own installer. Of an address with a secret in it the shell that runs the command has to know:
/// it reads it from a variable, or says that it must be set.
fn kexec(stage: &Stage) -> String {
    let (Some(tarball), Some(hash)) = (&stage.kexec, &stage.kexec_sha256) else {
        return String::new();
    };
    let mut text = String::new();
    if address::is_secret(tarball) {
        let variable = address::VARIABLE;
        let what = "set it to the address of the tarball";
        text.push_str(&format!(" --kexec \"${{{variable}:?{what}}}\""));
    } else {
        push(&mut text, "kexec", &[tarball.as_ref()]);
    }
    push(&mut text, "kexec-sha256", &[hash.as_ref()]);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Command};
    use clap::Parser as _;

    fn parsed(line: &str) -> UpFlags {
        let words = shlex(&format!("provision up web-1{line}"));
        match Cli::try_parse_from(words).unwrap().command {
            Some(Command::Up(up)) => up.flags,
            other => panic!("{other:?}"),
        }
    }

    /// The words of the line, as a shell splits them.
    fn shlex(line: &str) -> Vec<String> {
        let script = format!("for word in {line}; do printf '%s\\n' \"$word\"; done");
        let printed = std::process::Command::new("sh")
            .args(["-c", &script])
            .env(address::VARIABLE, "https://ann:S3cret@x/y?S3cret")
            .output()
            .unwrap();
        let text = String::from_utf8(printed.stdout).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn every_flag_comes_back_as_it_was_given() {
        for line in [
            "",
            " --type cpx31 --location fsn1 --ttl 1h30m --max-price 0.02",
            " --server vps-1.vps.ovh.net",
            " --ttl 3d",
            " --force-layout",
            " --ttl 90s --reinstall --on-failure teardown",
            " --extra-files 'a b' --disk-encryption-keys /k 'my key' --disk-encryption-keys /l m",
            " --build-on remote --store-paths /nix/store/a /nix/store/b",
            " --build-on local --kexec 'https://x/y z' --kexec-sha256 00ff",
            " --kexec 'https://ann:S3cret@x/y?S3cret' --kexec-sha256 00ff",
        ] {
            let first = parsed(line);
            let shown = given(&first);
            assert!(!shown.contains("S3cret"), "{shown}");
            let again = parsed(&shown);
            assert_eq!(
                format!("{first:?}"),
                format!("{again:?}"),
                "{line} → {shown}"
            );
        }
    }

    #[test]
    fn a_shell_that_is_not_told_the_address_does_not_begin() {
        let first = parsed(" --kexec 'https://x/y?S3cret' --kexec-sha256 00ff");
        let ran = std::process::Command::new("sh")
            .args(["-c", &format!("echo provision up{}", given(&first))])
            .env_remove(address::VARIABLE)
            .output()
            .unwrap();
        assert!(!ran.status.success() && ran.stdout.is_empty(), "{ran:?}");
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert!(said.contains("set it to the address"), "{said}");
    }
}
