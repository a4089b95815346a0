//! From the rescue system back to the disk.

use super::{boot_id_now, naming};
use crate::event::Step;
use crate::failure::{Exit, Failure, Outcome};
use crate::found::{Found, RunningSystem};
use crate::job::Job;
use crate::ssh::Target;
use crate::steps::{boot, drive, reach};
use crate::trust;
use provision_api::{Intent, OwnedServer, Phase};
use std::time::Duration;

/// Boots the disk, and proves that the installed system runs.
pub async fn off(job: &Job, server: &OwnedServer) -> Outcome<(Target, Found)> {
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
        .mend(format!("provision up {}", naming(job, server.marks().role))));
    }
    let wait = job.boot_within();
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
