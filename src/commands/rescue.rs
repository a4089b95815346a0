//! `provision rescue`: reboots into the vendor's rescue system, or back to the disk, and proves it.

use crate::cli::{Rescue, Stage};
use crate::clouds::Cloud;
use crate::commands::found;
use crate::context::Context;
use crate::event::{Running, Step};
use crate::failure::{Exit, Failure, Outcome};
use crate::found::{Found, RunningSystem};
use crate::job::Job;
use crate::report;
use crate::ssh::{Target, pins};
use crate::steps::{boot, drive, reach};
use crate::trust;
use provision_api::wait::{Attempt, Deadline, WaitError, until};
use provision_api::{Backoff, Fingerprint, Intent, OwnedServer, Phase, Role};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

/// Boots the rescue system, or the disk.
pub async fn run(context: &Arc<Context>, flags: &Rescue) -> Outcome {
    let flake = context.flake()?;
    let host = found::host(&flake, &flags.host)?;
    let cloud = Cloud::open(context, found::provider_of(context, &host))?;
    let server = found::server(context, &cloud, &host.name, Role::of(flags.test)).await?;
    if !flags.off && !cloud.provider.capabilities().rescue {
        return Err(Failure::new(
            Exit::Refused,
            format!(
                "{}: has no rescue system that can be entered unattended",
                host.name
            ),
            format!("{} shows its password elsewhere", cloud.name()),
        ));
    }
    let name = server.server().name.clone();
    let kept = context.state.server(&name)?;
    let _lock = kept.lock(&name)?;
    let hosts = [host.name.clone()];
    let (run, journal) = found::begin_run(context, "rescue", cloud.name(), &hosts)?;
    let job = found::job(
        context,
        Some(&cloud),
        host,
        name,
        &run,
        &journal,
        Stage::default(),
    )?;
    let work = async {
        if flags.off {
            off(&job, &server).await
        } else {
            on(&job, &cloud, &server).await
        }
    };
    let (target, found) = tokio::select! {
        biased;
        done = work => done?,
        () = context.cancel.cancelled() => {
            return Err(Failure::interrupted(format!("{}: stopped", job.name)));
        }
    };
    tell(context, &job, flags.off, &target, &found);
    Ok(())
}

async fn on(job: &Job, cloud: &Cloud, server: &OwnedServer) -> Outcome<(Target, Found)> {
    let running = job.begin(Step::Rescue, "arm the rescue system")?;
    let before = boot_id_now(job, server).await;
    let login = cloud
        .login(&job.context.owner, &job.login)
        .await
        .map_err(|e| Failure::provider(format!("{}: the login key is not taken", job.name), &e))?;
    let intent = Intent::InRescue { keys: vec![login] };
    drive::fulfil(job, &running, Step::Rescue, server, &intent).await?;
    let target = trust::target(&job.context, server, "root", job.kept.pins("rescue"))?;
    let shown = first_key(job, &running, server, &target).await?;
    let is_rescue = move |found: &Found| match &found.system {
        RunningSystem::Rescue if before.as_ref() != Some(&found.boot_id) => Ok(()),
        RunningSystem::Rescue => Err("it has not rebooted yet".to_owned()),
        other => Err(format!("it still runs {other:?}")),
    };
    let deadline = job.context.deadlines.first_boot();
    let found = reach::reach(job, &target, deadline, &is_rescue).await?;
    job.done(running, Step::Rescue, "the rescue system answers")?;
    job.context.teller.warn(format!(
        "{}: the vendor gives no way to know a rescue system's host key beforehand; {shown} was trusted on first use and is pinned now",
        job.name
    ));
    Ok((target, found))
}

/// The rescue system's host key cannot be known: the first one that is not the installed
/// system's is pinned, and no secret is sent over the connection.
async fn first_key(
    job: &Job,
    running: &Running,
    server: &OwnedServer,
    target: &Target,
) -> Outcome<Fingerprint> {
    running.doing("wait for the rescue system");
    let deadlines = job.context.deadlines;
    let (host, port) = (target.host.as_str(), target.port);
    let known = server.marks().host_key;
    let key = until(
        "the rescue system to show its host key",
        Deadline::after(deadlines.first_boot()),
        &Backoff::new(Duration::from_millis(200), Duration::from_secs(3)),
        &job.context.cancel,
        async || {
            Ok::<_, Infallible>(
                match pins::shown_by(host, port, deadlines.command()).await {
                    Ok(Some(key)) if Some(Fingerprint::of_key(&key)) == known => {
                        Attempt::NotYet("the installed system still answers".to_owned())
                    }
                    Ok(Some(key)) => Attempt::Ready(key),
                    Ok(None) => Attempt::NotYet("nobody answers".to_owned()),
                    Err(failure) => Attempt::NotYet(failure.to_string()),
                },
            )
        },
    )
    .await
    .map_err(|error| match error {
        WaitError::Cancelled { .. } => Failure::interrupted(job.name.clone()),
        late => Failure::new(
            Exit::Unreachable,
            format!("{}: the rescue system does not answer", job.name),
            late,
        )
        .mend("look at its console at the vendor"),
    })?;
    pins::write(&target.pins, &job.name, std::slice::from_ref(&key))?;
    Ok(Fingerprint::of_key(&key))
}

async fn off(job: &Job, server: &OwnedServer) -> Outcome<(Target, Found)> {
    let running = job.begin(Step::Boot, "boot from the disk")?;
    let before = boot_id_now(job, server).await;
    drive::fulfil(job, &running, Step::Boot, server, &Intent::FromDisk).await?;
    if server.marks().phase < Phase::Installed {
        return Err(Failure::new(
            Exit::Unproven,
            format!(
                "{}: it was told to boot from its disk, and nothing is installed there",
                job.name
            ),
            "there is no system to prove",
        )
        .mend(format!(
            "provision up {}{}",
            job.host.name,
            job.context.flags()
        )));
    }
    let wait = job.context.deadlines.boot();
    let admin = trust::admin(&job.context, &job.host, server, wait).await?;
    let found = boot::from_disk(job, &running, &admin, before.as_deref()).await?;
    job.done(running, Step::Boot, "the installed system answers")?;
    Ok((admin, found))
}

/// The boot that runs now, if anything that we know answers.
async fn boot_id_now(job: &Job, server: &OwnedServer) -> Option<String> {
    let quick = job.context.deadlines.command();
    let rescue = trust::target(&job.context, server, "root", job.kept.pins("rescue")).ok();
    if let Some(rescue) = rescue.filter(|t| t.pins.exists())
        && let Ok(found) = reach::ask(&rescue, quick).await
    {
        return Some(found.boot_id);
    }
    let admin = trust::admin(&job.context, &job.host, server, Duration::from_secs(2)).await;
    Some(reach::ask(&admin.ok()?, quick).await.ok()?.boot_id)
}

fn tell(context: &Context, job: &Job, off: bool, target: &Target, found: &Found) {
    if context.json() {
        return report::document(&serde_json::json!({
            "schema": 1,
            "name": job.name,
            "system": found.system,
            "boot_id": found.boot_id,
            "proven": true,
            "host": target.host,
            "port": target.port,
            "user": target.user,
            "trust": if off { "pinned" } else { "first-use" },
            "login": target.shown(),
        }));
    }
    let what = if off {
        "runs from its disk"
    } else {
        "is in rescue"
    };
    report::print(&format!(
        "{} {what} (boot {})\n  {}",
        job.name,
        found.boot_id,
        target.shown()
    ));
    if !off {
        let flags = context.flags();
        report::print(&format!(
            "  back to the disk: provision rescue {} --off{flags}",
            job.host.name
        ));
    }
}
