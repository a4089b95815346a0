//! The stand-in on machines that are real: an installer by kexec, a disk by disko, a closure by
//! Nix. It ends where the real program waits for ever, and downloads nothing.

mod facts;
mod install;
mod kexec;
mod key;
mod nix;

use super::args::{BuildOn, Request, Source};
use super::phases::{greet, upload_keys};
use super::remote::Remote;
use super::{Aborted, REAL, step};
use facts::Facts;
use nix::Nix;
use std::net::IpAddr;
use std::path::PathBuf;

/// Whether the environment says that the machines are real.
pub(super) fn is_wanted() -> bool {
    std::env::var_os(REAL.0).is_some_and(|value| value == REAL.1)
}

/// What is to be installed; each is known as soon as it is built, at the latest on the machine.
#[derive(Debug, Default, Clone)]
struct Wanted {
    disko: Option<PathBuf>,
    system: Option<PathBuf>,
}

/// Runs what was asked for.
pub(super) fn run(request: &Request) -> Result<(), Aborted> {
    on_loopback(&request.target)?;
    let mut remote = Remote::new(request);
    let mut wanted = match request.real.build_on {
        BuildOn::Local => built_here(request, &remote)?,
        BuildOn::Auto | BuildOn::Remote => given(request)?,
    };
    let user = remote.user()?;
    if !request.phases.has("kexec") {
        remote.become_root();
    }
    greet(&remote)?;
    key::upload(request, &remote)?;
    let mut facts = Facts::gather(&remote)?;
    if request.phases.has("kexec") {
        facts = kexec::boot(request, &mut remote, facts)?;
    }
    if request.real.build_on == BuildOn::Auto && facts.has_our_architecture() {
        wanted = built_here(request, &remote)?;
    }
    if facts.installer && user != "root" {
        remote.become_root();
    }
    if request.phases.has("disko") {
        upload_keys(request, &remote)?;
        install::disko(request, &remote, wanted.disko)?;
    }
    if request.phases.has("install") {
        install::system(request, &remote, wanted.system)?;
    }
    if request.phases.has("reboot") {
        install::reboot(&remote)?;
    }
    step("Done!");
    Ok(())
}

/// The store paths that were given, if any were.
fn given(request: &Request) -> Result<Wanted, Aborted> {
    let Source::Files { disko, system } = &request.source else {
        return Ok(Wanted::default());
    };
    let real = |path: &PathBuf| {
        path.canonicalize()
            .map(Some)
            .map_err(|e| Aborted(format!("{} cannot be read: {e}", path.display())))
    };
    Ok(Wanted {
        disko: real(disko)?,
        system: real(system)?,
    })
}

/// What was given, or what the flake builds here.
fn built_here(request: &Request, remote: &Remote) -> Result<Wanted, Aborted> {
    let mut wanted = given(request)?;
    if let Source::Flake { .. } = request.source {
        let nix = Nix::new(request, remote)?;
        if request.phases.has("disko") {
            wanted.disko = Some(nix.build(install::disko_attribute(request), None)?);
        }
        if request.phases.has("install") {
            wanted.system = Some(nix.build("toplevel", None)?);
        }
    }
    Ok(wanted)
}

/// The host of a target, without the user and without brackets.
fn host_of(target: &str) -> &str {
    let host = target.rsplit_once('@').map_or(target, |(_, host)| host);
    host.trim_start_matches('[').trim_end_matches(']')
}

/// The sandbox's machines answer there, and nobody else's are to be wiped by a stand-in.
fn on_loopback(target: &str) -> Result<(), Aborted> {
    let host = host_of(target);
    if host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()) {
        return Ok(());
    }
    Err(format!(
        "{host} is no machine of the sandbox: the stand-in installs on loopback only; \
         put nixos-anywhere on PATH for others"
    )
    .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_installed() {
        for host in ["127.0.0.1", "root@127.9.8.7", "a@[::1]", "root@localhost"] {
            assert!(on_loopback(host).is_ok(), "{host}");
        }
        for host in [
            "root@192.0.2.1",
            "::2",
            "example.org",
            "127.0.0.1@example.org",
            "localhost.example.org",
            "root@0.0.0.0",
        ] {
            let why = on_loopback(host).unwrap_err().to_string();
            assert!(why.contains("loopback only"), "{host}: {why}");
        }
    }
}
