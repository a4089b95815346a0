//! `provision rescue`: reboots into the vendor's rescue system, or back to the disk, and proves it.

mod first_key;

use crate::cli::{Rescue, Stage};
use crate::clouds::Cloud;
use crate::commands::found;
use crate::context::Context;
use crate::event::Step;
use crate::failure::{Exit, Failure, Outcome};
use crate::found::{Found, RunningSystem};
use crate::host::Host;
use crate::job::Job;
use crate::report;
use crate::ssh::Target;
use crate::steps::{boot, drive, reach};
use crate::trust;
use first_key::first_key;
use provision_api::{Intent, OwnedServer, Phase, Role};
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
    let name = host.name.clone();
    let worked = work(context, &cloud, host, &server, flags.off).await;
    match worked {
        Ok((job, target, found)) => {
            tell(context, &job, flags, &target, &found);
            Ok(())
        }
        Err(failure) => {
            let role = Role::of(flags.test);
            let off = if flags.off { " --off" } else { "" };
            let naming = found::naming(context, &name, role);
            let resume = format!("provision rescue {naming}{off}");
            Err(found::with_remains(context, &cloud, (&name, role), failure, resume).await)
        }
    }
}

/// The job under its lock, until it is done or stopped.
async fn work(
    context: &Arc<Context>,
    cloud: &Arc<Cloud>,
    host: Host,
    server: &OwnedServer,
    is_off: bool,
) -> Outcome<(Job, Target, Found)> {
    let name = server.server().name.clone();
    let kept = context.state.server(&name)?;
    let _lock = kept.lock(&name)?;
    let hosts = [host.name.clone()];
    let (run, journal) = found::begin_run(context, "rescue", cloud.name(), &hosts)?;
    let stage = Stage::default();
    let job = found::job(context, Some(cloud), host, name, &run, &journal, stage)?;
    let work = async {
        if is_off {
            off(&job, server).await
        } else {
            on(&job, cloud, server).await
        }
    };
    let stopped = format!("{}: stopped", job.name);
    let (target, found) = context.unless_stopped(stopped, work).await?;
    Ok((job, target, found))
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

async fn off(job: &Job, server: &OwnedServer) -> Outcome<(Target, Found)> {
    let running = job.begin(Step::Boot, "boot from the disk")?;
    if let Some(there) = installed_answers(job, server).await {
        job.done(running, Step::Boot, "it runs from its disk already")?;
        return Ok(there);
    }
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
            "provision up {}",
            found::naming(&job.context, &job.host.name, server.marks().role)
        )));
    }
    let wait = job.context.deadlines.boot();
    let admin = trust::admin(&job.context, &job.host, server, wait).await?;
    let found = boot::from_disk(job, &running, &admin, before.as_deref()).await?;
    // the key of a rescue system that is gone is never to be accepted again
    let _ = std::fs::remove_file(job.kept.pins("rescue"));
    job.done(running, Step::Boot, "the installed system answers")?;
    Ok((admin, found))
}

/// The installed system, if it runs and nothing else is to be booted next: a host that is at work
/// is not reset for nothing.
async fn installed_answers(job: &Job, server: &OwnedServer) -> Option<(Target, Found)> {
    if server.server().rescue_armed || server.marks().phase < Phase::Installed {
        return None;
    }
    let wait = Duration::from_secs(2);
    let admin = trust::admin(&job.context, &job.host, server, wait).await;
    let admin = admin.ok()?;
    let found = reach::ask(&admin, job.context.deadlines.command()).await;
    let found = found.ok()?;
    matches!(found.system, RunningSystem::NixOs { .. }).then_some((admin, found))
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

fn tell(context: &Context, job: &Job, flags: &Rescue, target: &Target, found: &Found) {
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
            "trust": if flags.off { "pinned" } else { "first-use" },
            "login": target.shown(),
        }));
    }
    let what = if flags.off {
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
    if !flags.off {
        let naming = found::naming(context, &job.host.name, Role::of(flags.test));
        report::print(&format!(
            "  back to the disk: provision rescue {naming} --off"
        ));
    }
}
