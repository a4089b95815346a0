//! The machine's system is exchanged for an installer, the disk is cut, the system written to it.

use crate::event::Running;
use crate::failure::{Exit, Failure, Outcome};
use crate::found::{Found, RunningSystem};
use crate::identity::KeyFile;
use crate::installer::{Installer, files, tarball};
use crate::job::Job;
use crate::ssh::Target;
use crate::steps::build::Built;
use crate::steps::gate::Passed;
use crate::steps::reach;
use std::ffi::OsString;

/// Boots the installer on the machine, unless it runs there already, and looks again.
pub async fn kexec(
    job: &Job,
    running: &Running,
    installer: &Installer,
    target: &Target,
    before: &Found,
    built: &Built,
) -> Outcome<Target> {
    if before.system == RunningSystem::Installer {
        return Ok(target.with("root", target.pins.clone()));
    }
    let mut arguments = common(job, target, built);
    arguments.push("--post-kexec-ssh-port".into());
    arguments.push(target.port.to_string().into());
    if let Some(tarball) = tarball::checked(job, target).await? {
        arguments.push("--kexec".into());
        arguments.push(tarball.into());
    }
    let deadline = job.context.deadlines.kexec();
    installer
        .run(job, running, "kexec", &arguments, deadline)
        .await?;
    let root = target.with("root", target.pins.clone());
    running.doing("wait for the installer");
    let boot_id = before.boot_id.clone();
    let is_installer = move |found: &Found| match (&found.system, found.boot_id != boot_id) {
        (RunningSystem::Installer, true) => Ok(()),
        (other, _) => Err(format!("it still runs {other:?}")),
    };
    let found = reach::reach(job, &root, deadline, &is_installer).await?;
    same_machine(job, before, &found)?;
    Ok(root)
}

/// Cuts the disk and writes the system to it.
pub async fn install(
    job: &Job,
    running: &Running,
    installer: &Installer,
    target: &Target,
    passed: &Passed,
    built: &Built,
    identity: &KeyFile,
) -> Outcome {
    let mut arguments = common(job, target, built);
    let extra = files::extra(job, identity)?;
    arguments.push("--extra-files".into());
    arguments.push(extra.root().into());
    if passed.no_disko_deps {
        arguments.push("--no-disko-deps".into());
    }
    for pair in job.stage.disk_encryption_keys.chunks_exact(2) {
        arguments.push("--disk-encryption-keys".into());
        arguments.extend(pair.iter().map(OsString::from));
    }
    let deadline = job.context.deadlines.install();
    installer
        .run(job, running, "disko,install", &arguments, deadline)
        .await
}

/// Whom to install, and from what: the program refuses to start without, whatever the phase.
fn common(job: &Job, target: &Target, built: &Built) -> Vec<OsString> {
    let mut address = OsString::from(&target.user);
    address.push("@");
    address.push(&target.host);
    let mut arguments: Vec<OsString> = vec![
        "--target-host".into(),
        address,
        "-i".into(),
        job.login.path.clone().into(),
        "-p".into(),
        target.port.to_string().into(),
        "--build-on".into(),
    ];
    if let Some((disko, system)) = &built.store_paths {
        arguments.extend(["local".into(), "--store-paths".into()]);
        arguments.extend([disko.clone().into(), system.clone().into()]);
    } else {
        let attribute = format!("{}#{}", built.flake, job.host.name);
        arguments.extend(["remote".into(), "--flake".into(), attribute.into()]);
    }
    arguments
}

/// The installer must see the disk that was chosen, under the same name and serial number.
fn same_machine(job: &Job, before: &Found, after: &Found) -> Outcome {
    for disk in before.boot_disks() {
        let same = after
            .disks
            .iter()
            .any(|d| d.serial == disk.serial && d.size == disk.size && d.by_path == disk.by_path);
        if !same {
            return Err(Failure::new(
                Exit::Gate,
                format!(
                    "{}: the installer does not see the disk that was chosen; nothing was wiped",
                    job.name
                ),
                format!("{} ({:?}) is not there any more", disk.path, disk.by_path),
            )
            .mend("detach volumes from it, then run the command again"));
        }
    }
    Ok(())
}
