//! Where a server stopped, found out from its marks and from the machine itself.

use crate::clouds::Cloud;
use crate::engine::begin::{afresh, fresh};
use crate::engine::{self, Entry, Proven, deliver};
use crate::event::Step;
use crate::facts::Uplink;
use crate::failure::{Exit, Failure, Outcome};
use crate::found::Found;
use crate::identity::KeyFile;
use crate::job::Job;
use crate::plan::HostPlan;
use crate::ssh::{Target, pins};
use crate::steps::acquire::{Acquired, FirstKey};
use crate::steps::afresh::first_boot;
use crate::steps::{boot, build, drive, gate, reach};
use crate::trust;
use provision_api::{Intent, OwnedServer, Phase, ServerStatus};
use secrecy::SecretString;
use ssh_key::PublicKey;
use std::sync::Arc;

/// Where the server is, and what has to be done to go on from there.
pub(crate) async fn entry(
    job: &Job,
    cloud: &Arc<Cloud>,
    plan: &HostPlan,
    server: &OwnedServer,
) -> Outcome<Entry> {
    let begun = if server.marks().phase == Phase::Installed {
        let there = installed(job, cloud, server).await;
        there.map_err(|failure| failure.at(Step::Boot))
    } else if server.marks().host_key.is_none() || boots_its_old_disk(cloud, server) {
        // it stopped before anybody saw whom to expect there, or it would not be seen again
        return afresh(job, cloud, plan, server.clone()).await;
    } else {
        unfinished(job, cloud, plan, server).await
    };
    match begun {
        Ok(entry) => Ok(entry),
        Err(failure) if may_be_wiped(server, &failure) => {
            job.context.teller.note(format!(
                "{}: it does not answer, and nothing was installed on it: it begins afresh",
                job.name
            ));
            afresh(job, cloud, plan, server.clone()).await
        }
        Err(failure) => Err(failure.or_mend(format!(
            "or wipe it and begin anew: provision up {} --reinstall{}",
            job.host.name,
            job.context.flags()
        ))),
    }
}

/// A server that is begun from its rescue system has its old system on its disk until it is
/// installed: switched on, it would boot that.
fn boots_its_old_disk(cloud: &Cloud, server: &OwnedServer) -> bool {
    !cloud.provider.capabilities().rebuild && server.server().status == ServerStatus::Off
}

/// Whoever answers with another key or refuses the login may be at work on it: that is never
/// mended by wiping, nor is a system that is on its disk.
fn may_be_wiped(server: &OwnedServer, failure: &Failure) -> bool {
    server.marks().phase < Phase::Installed && failure.exit == Exit::Unreachable
}

/// Nothing of worth is on the disk: whatever answers is where the installation goes on.
async fn unfinished(
    job: &Job,
    cloud: &Cloud,
    plan: &HostPlan,
    server: &OwnedServer,
) -> Outcome<Entry> {
    let running = job.begin(Step::Acquire, "go on with the server that exists")?;
    let tasks = if server.server().status == ServerStatus::Off {
        drive::begin(job, &running, Step::Acquire, server, &Intent::FromDisk).await?
    } else {
        Vec::new()
    };
    let what = format!("server {}, {}", server.id(), server.marks().phase);
    job.done(running, Step::Acquire, what)?;
    let target = first_boot(job, cloud, server)?;
    let wait = job.first_boot_within();
    trust::pin(&job.context, server, &target, wait).await?;
    let acquired = Acquired {
        server: server.clone(),
        tasks,
        first_key: FirstKey::Given,
    };
    fresh(job, cloud, plan, acquired).await
}

/// The system is on the disk: the installer, if it still runs, is rebooted; what does not
/// answer is booted from its disk.
async fn installed(job: &Job, cloud: &Cloud, server: &OwnedServer) -> Outcome<Entry> {
    let running = job.begin(Step::Boot, "go on with the system that is on its disk")?;
    let address = trust::address(server.server())?;
    let port = job.context.ssh_port();
    let shown = pins::shown_by(&address, port, job.context.deadlines.command()).await?;
    let installer = job.target(&address, "root", "first-boot");
    let is_pinned = |phase: &str, shown: &PublicKey| {
        let known = pins::read(&job.kept.pins(phase));
        known.iter().any(|key| key.key_data() == shown.key_data())
    };
    let is_rented = !cloud.provider.capabilities().create;
    match shown {
        // somebody works in it
        Some(shown) if is_pinned("rescue", &shown) => return Err(reach::in_rescue(job)),
        Some(shown) if is_pinned("first-boot", &shown) => {
            if is_rented {
                drive::fulfil(job, &running, Step::Boot, server, &Intent::DiskNext).await?;
            }
            let next = server.marks().host_key;
            let goes = async {
                let ended = boot::reboot(job, &running, &installer).await?;
                boot::gone(job, &running, &installer, next, ended.as_deref()).await
            };
            match goes.await {
                // whatever holds it up, the vendor can reset it: its system is on the disk
                Err(failure) if failure.exit == Exit::Unreachable => {
                    job.context.teller.note(failure.to_string());
                    drive::fulfil(job, &running, Step::Boot, server, &Intent::FromDisk).await?;
                }
                other => other?,
            }
        }
        Some(_) if !server.server().rescue_armed => {}
        _ => {
            drive::fulfil(job, &running, Step::Boot, server, &Intent::FromDisk).await?;
        }
    }
    let wait = job.boot_within();
    let admin = trust::admin(&job.context, &job.host, server, wait).await;
    let admin = admin.map_err(|failure| match failure.exit {
        Exit::Trust => failure.or_mend(format!(
            "if the installer of a run on another machine still answers there, boot the disk: provision rescue {} --off{}",
            job.host.name,
            job.context.flags()
        )),
        _ => failure,
    })?;
    let found = boot::from_disk(job, &running, &admin, None).await?;
    job.done(running, Step::Boot, "the installed system answers")?;
    Ok(Entry::Installed {
        server: server.clone(),
        admin,
        found: Box::new(found),
    })
}

/// Proves a system that an earlier run has installed.
pub(crate) async fn proven(
    job: &Job,
    cloud: &Cloud,
    plan: &HostPlan,
    server: OwnedServer,
    admin: Target,
    found: Found,
) -> Outcome<Proven> {
    let closure = match job.kept.installed_on(&server) {
        Some(installed) => installed.closure,
        None => expected(job, &server, &found).await?,
    };
    deliver::check(job, &admin, &found, Some(&closure)).await?;
    engine::proven(job, cloud, plan, server, admin, found).await
}

/// What the flake comes to now, where nobody wrote down what was installed.
async fn expected(job: &Job, server: &OwnedServer, found: &Found) -> Outcome<String> {
    let running = job.begin(Step::Build, "find out what should run on it")?;
    let uplink = Uplink::of(server.server());
    let passed = gate::pass(job, &running, server.id(), uplink, found).await?;
    let built = build::build(job, &running, &passed).await?;
    job.done(running, Step::Build, built.closure.clone())?;
    Ok(built.closure)
}

/// Before a proven host is wiped: its identity is brought here if it is not, so that it keeps it.
pub(crate) async fn keep_identity(job: &Job, server: &OwnedServer) -> Outcome {
    let Some(expected) = server.marks().host_key else {
        return Ok(());
    };
    if let Ok(own) = KeyFile::read(&job.kept.identity())
        && own.fingerprint() == expected
    {
        return Ok(());
    }
    let running = job.begin(
        Step::Reach,
        "fetch the host's identity, so that it keeps it",
    )?;
    let deadline = job.context.deadlines.answer();
    let admin = trust::admin(&job.context, &job.host, server, deadline).await?;
    reach::reach(job, &admin, deadline, &reach::anything).await?;
    let printed = admin
        .run(
            "sudo -n cat /etc/ssh/ssh_host_ed25519_key",
            None,
            job.context.deadlines.command(),
        )
        .await
        .map_err(|e| e.failure(&job.name))?;
    if printed.code != 0 {
        return Err(Failure::new(
            Exit::Trust,
            format!("{}: its identity cannot be fetched", job.name),
            printed.stderr.trim(),
        )
        .mend("without it the host would come back as another; nothing was wiped"));
    }
    KeyFile::adopt(
        &job.kept.identity(),
        &SecretString::from(printed.stdout),
        expected,
    )?;
    job.done(running, Step::Reach, "its identity is kept")
}
