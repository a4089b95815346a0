//! `provision rescue`: reboots into the vendor's rescue system, or back to the disk, and proves it.

use crate::cli::{Rescue, Stage};
use crate::clouds::Cloud;
use crate::commands::found;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::found::Found;
use crate::host::Host;
use crate::installer::files;
use crate::job::Job;
use crate::lease;
use crate::report;
use crate::ssh::Target;
use crate::steps::rescue;
use provision_api::{OwnedServer, Rescue as Way, Role};
use secrecy::ExposeSecret as _;
use std::sync::Arc;

/// Boots the rescue system, or the disk.
pub async fn run(context: &Arc<Context>, flags: &Rescue) -> Outcome {
    let flake = context.flake()?;
    let host = found::host(&flake, &flags.host)?;
    let cloud = Cloud::open(context, found::provider_of(context, &host))?;
    let server = found::server(context, &cloud, &host.name, Role::of(flags.test)).await?;
    if flags.show_password && context.json() {
        return Err(Failure::new(
            Exit::Usage,
            "a password is never written as JSON",
            "--show-password is for a person",
        ));
    }
    let name = host.name.clone();
    let worked = Box::pin(work(context, &cloud, host, &server, flags)).await;
    let shown = if flags.show_password && !flags.off {
        show_password(&cloud, &server).await
    } else {
        Ok(())
    };
    match worked {
        Ok((job, target, found)) => {
            tell(context, &job, flags, &target, &found);
            shown
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
    flags: &Rescue,
) -> Outcome<(Job, Target, Found)> {
    let name = server.server().name.clone();
    let kept = context.state.server(&name)?;
    let _lock = kept.lock(&name)?;
    let hosts = [host.name.clone()];
    let (run, journal) = found::begin_run(context, "rescue", cloud.name(), &hosts)?;
    let stage = Stage::default();
    let job = found::job(context, Some(cloud), host, name, &run, &journal, stage)?;
    files::sweep(&job);
    if !flags.off {
        let stopped = format!("{}: stopped", job.name);
        let agreed = agreed(&job, cloud, flags.yes);
        context.unless_stopped(stopped, agreed).await?;
    }
    let work = async {
        if flags.off {
            return rescue::off(&job, server).await;
        }
        rescue::on(&job, cloud, server).await
    };
    let work = context.unless_stopped(format!("{}: stopped", job.name), work);
    let work = Box::pin(work);
    let (target, found) = lease::during(&job, cloud, server, work).await?;
    Ok((job, target, found))
}

/// What goes over a connection that is trusted on first use is agreed to beforehand.
async fn agreed(job: &Job, cloud: &Cloud, yes: bool) -> Outcome {
    if !matches!(cloud.provider.capabilities().rescue, Way::Password(_)) {
        return Ok(());
    }
    let question = format!(
        "{}'s rescue system is entered with a password, and its host key cannot be known \
         beforehand: the password goes to whoever answers first.",
        job.name
    );
    let wanted = Some(&job.host.name);
    job.context.confirm(yes, &question, wanted).await
}

/// Only where it was asked for.
async fn show_password(cloud: &Cloud, server: &OwnedServer) -> Outcome {
    let asked = cloud.provider.rescue_password(server).await;
    let answered = asked.map_err(|e| Failure::provider("the password cannot be read", &e))?;
    match answered {
        Some(password) => report::print(&format!("root's password: {}", password.expose_secret())),
        None => report::complain("the vendor's API tells no password"),
    }
    Ok(())
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
