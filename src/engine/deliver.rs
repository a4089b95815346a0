//! From a machine that answers to the system that was installed on it: the part that needs no
//! cloud.

use crate::event::Step;
use crate::facts::Uplink;
use crate::failure::Outcome;
use crate::found::Found;
use crate::identity::KeyFile;
use crate::installed::Installed;
use crate::installer::Installer;
use crate::job::Job;
use crate::ssh::{Target, pins};
use crate::steps::{boot, build, gate, install, prove};
use provision_api::ServerId;

/// What was installed on a machine that has not rebooted yet.
#[derive(Debug)]
pub struct Delivered {
    /// Root of the installer.
    pub installer: Target,
    /// The host's identity.
    pub identity: KeyFile,
    /// What was installed.
    pub installed: Installed,
}

/// Gate, build, kexec, install.
pub async fn deliver(
    job: &Job,
    server: &ServerId,
    uplink: Uplink,
    target: &Target,
    found: &Found,
) -> Outcome<Delivered> {
    let running = job.begin(Step::Gate, "compare what the flake wants with what it is")?;
    let passed = gate::pass(job, &running, server, uplink, found)
        .await
        .map_err(|f| job.failed(Step::Gate, f))?;
    let gate = passed.wanted.source.as_str();
    let forced = if passed.forced { " FORCED" } else { "" };
    let what = format!(
        "{} machine, layout {}{forced}, disk {} (gate: {gate})",
        found.firmware, passed.layout, passed.facts.boot_disk
    );
    job.done(running, Step::Gate, what)?;

    let running = job.begin(Step::Build, "build the system")?;
    let built = build::build(job, &running, &passed)
        .await
        .map_err(|f| job.failed(Step::Build, f))?;
    job.done(running, Step::Build, built.closure.clone())?;

    let program = Installer::prepare(job, target)?;
    let running = job.begin(Step::Kexec, "boot the installer")?;
    let root = install::kexec(job, &running, &program, target, &passed.found, &built)
        .await
        .map_err(|f| job.failed(Step::Kexec, f.at(Step::Kexec)))?;
    job.done(
        running,
        Step::Kexec,
        format!("the installer runs ({})", program.kind.as_str()),
    )?;

    let identity = KeyFile::ensure(&job.kept.identity(), &job.name)?;
    let running = job.begin(Step::Install, format!("wipe {}", passed.facts.boot_disk))?;
    install::install(job, &running, &program, &root, &passed, &built, &identity)
        .await
        .map_err(|f| job.failed(Step::Install, f.at(Step::Install)))?;
    let installed = Installed {
        server: server.clone(),
        host_key: identity.fingerprint(),
        closure: built.closure,
        layout: passed.layout,
        installer: program.kind,
        gate: passed.wanted.source,
        layout_forced: passed.forced,
    };
    job.kept.remember(&installed)?;
    job.done(
        running,
        Step::Install,
        format!("the system is on {}", passed.facts.boot_disk),
    )?;
    Ok(Delivered {
        installer: root,
        identity,
        installed,
    })
}

/// Reboot, boot from the disk, prove.
pub async fn finish(job: &Job, delivered: &Delivered) -> Outcome<(Target, Found)> {
    let admin = admin(job, &delivered.installer, &delivered.identity)?;
    let running = job.begin(Step::Boot, "boot from the disk")?;
    let before = boot::reboot(job, &running, &delivered.installer)
        .await
        .map_err(|f| job.failed(Step::Boot, f.at(Step::Boot)))?;
    let next = Some(delivered.identity.fingerprint());
    boot::gone(job, &running, &delivered.installer, next, before.as_deref())
        .await
        .map_err(|f| job.failed(Step::Boot, f.at(Step::Boot)))?;
    let found = boot::from_disk(job, &running, &admin, before.as_deref())
        .await
        .map_err(|f| job.failed(Step::Boot, f.at(Step::Boot)))?;
    job.done(running, Step::Boot, "another boot, with the host's own key")?;
    check(job, &admin, &found, Some(&delivered.installed.closure)).await?;
    Ok((admin, found))
}

/// The step that proves.
pub(crate) async fn check(
    job: &Job,
    admin: &Target,
    found: &Found,
    closure: Option<&str>,
) -> Outcome {
    let running = job.begin(Step::Prove, "prove it")?;
    let runs = prove::prove(job, &running, admin, found, closure)
        .await
        .map_err(|f| job.failed(Step::Prove, f.at(Step::Prove)))?;
    job.done(
        running,
        Step::Prove,
        format!("{runs} runs, {} logs in, root does not", admin.user),
    )
}

/// The admin of the installed system, with the host's identity pinned.
pub(crate) fn admin(job: &Job, at: &Target, identity: &KeyFile) -> Outcome<Target> {
    let pins = job.kept.pins("installed");
    pins::write(&pins, &job.name, std::slice::from_ref(&identity.public))?;
    Ok(at.with(job.host.spec.admin.as_str(), pins))
}
