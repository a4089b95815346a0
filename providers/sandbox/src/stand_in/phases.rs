//! The phases, one after the other.

use super::args::{Request, Source};
use super::parcel;
use super::remote::Remote;
use super::{Aborted, step};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// So long a first login may fail; the real program tries for ever.
const GREETING: Duration = Duration::from_secs(60);
/// So long a machine may take to go down, and to come back as an installer.
pub(super) const RETURN: Duration = Duration::from_secs(10 * 60);
/// Between two tries of the first login.
const PACE: Duration = Duration::from_millis(500);

/// What the machine says of itself.
#[derive(Debug)]
struct Facts {
    installer: bool,
    root: bool,
}

/// Runs what was asked for.
pub(super) fn run(request: &Request) -> Result<(), Aborted> {
    let (disko, system) = descriptions(request)?;
    let mut remote = Remote::new(request);
    let user = remote.user()?;
    if !request.phases.has("kexec") {
        remote.become_root();
    }
    greet(&remote)?;
    let facts = gather(&remote)?;
    if request.phases.has("kexec") {
        kexec(request, &mut remote, &facts, &user)?;
    }
    if request.phases.has("disko") {
        upload_keys(request, &remote)?;
        step("Formatting hard drive with disko");
        must(&remote, "stand-in disko", disko, "disko")?;
    }
    if request.phases.has("install") {
        install(request, &remote, &system)?;
    }
    if request.phases.has("reboot") {
        reboot(&remote)?;
    }
    step("Done!");
    Ok(())
}

/// The two descriptions, as the machine shall get them.
fn descriptions(request: &Request) -> Result<(Vec<u8>, Vec<u8>), Aborted> {
    let (disko, system) = match &request.source {
        Source::Files { disko, system } => (disko.clone(), system.clone()),
        Source::Flake { folder, host, .. } => {
            let folder = folder.join(".stand-in").join(host);
            (folder.join("disko.json"), folder.join("system.json"))
        }
        Source::Nowhere => return Err("--flake or --store-paths must be set".into()),
    };
    let read = |path: PathBuf, what: &str| {
        let place = path.display().to_string();
        let bytes =
            std::fs::read(path).map_err(|e| Aborted(format!("{place} cannot be read: {e}")))?;
        serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).map_err(|_| {
            Aborted(format!(
                "{place} is not the description of {what} that the stand-in installs: it is no JSON"
            ))
        })?;
        Ok::<_, Aborted>(bytes)
    };
    Ok((read(disko, "a disk layout")?, read(system, "a system")?))
}

/// The first login. The real program copies a key there; this one uses those that are there.
pub(super) fn greet(remote: &Remote) -> Result<(), Aborted> {
    step("Uploading install SSH keys");
    let end = Instant::now() + GREETING;
    loop {
        let answer = remote.greet()?;
        if answer.ok {
            return Ok(());
        }
        if Instant::now() > end {
            let seconds = GREETING.as_secs();
            return Err(format!("no login within {seconds} s: {}", answer.err.trim()).into());
        }
        std::thread::sleep(PACE);
    }
}

fn gather(remote: &Remote) -> Result<Facts, Aborted> {
    step("Gathering machine facts");
    let answer = remote.ask("stand-in facts")?;
    if !answer.ok {
        return Err(format!(
            "{} is no emulated machine: the stand-in can install nothing there. {}",
            remote.host,
            answer.err.trim()
        )
        .into());
    }
    let yes = |name: &str| answer.out.lines().any(|line| line == format!("{name}=y"));
    Ok(Facts {
        installer: yes("isInstaller"),
        root: yes("isRoot"),
    })
}

fn kexec(request: &Request, remote: &mut Remote, facts: &Facts, user: &str) -> Result<(), Aborted> {
    if facts.installer && !request.force_kexec {
        if user != "root" {
            remote.become_root();
        }
        return Ok(());
    }
    step("Switching system into kexec");
    let before = remote.boot()?.map_err(Aborted)?;
    let sudo = if facts.root { "" } else { "sudo " };
    must(
        remote,
        &format!("{sudo}stand-in kexec"),
        Vec::new(),
        "Kexec",
    )?;
    remote.change_port(request.post_kexec_port.as_deref().unwrap_or("22"));
    remote.become_root();
    remote.until(RETURN, "the installer answers", |boot| {
        boot.as_ref().is_ok_and(|id| *id != before)
    })?;
    if !gather(remote)?.installer {
        return Err("Failed to kexec into NixOS installer".into());
    }
    Ok(())
}

pub(super) fn upload_keys(request: &Request, remote: &Remote) -> Result<(), Aborted> {
    for (there, here) in &request.keys {
        step(&format!("Uploading {} to {there}", here.display()));
        let bytes = std::fs::read(here)
            .map_err(|e| Aborted(format!("{} cannot be read: {e}", here.display())))?;
        if there.contains('\'') {
            return Err(format!("{there} has a quote in it").into());
        }
        let folder = there.rsplit_once('/').map_or("", |(folder, _)| folder);
        let folder = if folder.is_empty() { "/" } else { folder };
        let script = format!("umask 077; mkdir -p '{folder}'; cat > '{there}'");
        must(remote, &script, bytes, "the upload")?;
    }
    Ok(())
}

fn install(request: &Request, remote: &Remote, system: &[u8]) -> Result<(), Aborted> {
    step("Uploading the system closure");
    if request.extra_files.is_some() {
        step("Copying extra files");
    }
    let parcel = parcel::pack(system, request.extra_files.as_deref(), &request.chown)?;
    step("Installing NixOS");
    let script = if request.copy_host_keys {
        "stand-in install --copy-host-keys"
    } else {
        "stand-in install"
    };
    must(remote, script, parcel, "nixos-install")
}

fn reboot(remote: &Remote) -> Result<(), Aborted> {
    step("Rebooting");
    let before = remote.boot()?.map_err(Aborted)?;
    must(remote, "stand-in reboot", Vec::new(), "the reboot")?;
    step("Waiting for the machine to become unreachable due to reboot");
    // without latencies it is back before anyone could miss it
    remote.until(RETURN, "the machine goes down", |boot| {
        boot.as_ref().map_or(true, |id| *id != before)
    })
}

/// Runs a script that has to succeed.
pub(super) fn must(
    remote: &Remote,
    script: &str,
    input: Vec<u8>,
    what: &str,
) -> Result<(), Aborted> {
    let status = remote.run(script, input)?;
    if status.success() {
        return Ok(());
    }
    let code = status
        .code()
        .map_or("no status".to_owned(), |c| format!("status {c}"));
    Err(format!("{what} failed ({code})").into())
}
