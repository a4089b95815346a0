//! Servers that one order has made twice: the answer was lost, and the list did not show the
//! first one yet. Only where names are not unique.

use crate::clouds::Cloud;
use crate::event::Step;
use crate::failure::{Exit, Failure, Outcome};
use crate::job::Job;
use crate::steps::drive;
use provision_api::{Intent, OwnedServer, Phase, ServerStatus};

/// Looks for more servers of the host. Those of the run that made this one are removed: nothing
/// is on them. Where another run has made one at the same time, the younger of the two gives way.
pub(super) async fn clear(job: &Job, cloud: &Cloud, server: &OwnedServer) -> Outcome {
    if cloud.provider.capabilities().unique_names {
        return Ok(());
    }
    let marks = server.marks();
    let ours = cloud.ours(&job.context.owner).await?;
    let more = ours.iter().filter(|other| {
        other.id() != server.id()
            && other.marks().host == marks.host
            && other.marks().role == marks.role
    });
    for other in more {
        if other.marks().run == marks.run {
            if other.marks().phase == Phase::Created {
                remove(job, other).await?;
            }
        } else if marks.phase == Phase::Created && is_younger(server, other) {
            remove(job, server).await?;
            job.made(None);
            return Err(gave_way(job, other));
        }
    }
    Ok(())
}

fn is_younger(server: &OwnedServer, other: &OwnedServer) -> bool {
    let age = |s: &OwnedServer| (s.server().created, s.id().clone());
    age(server) > age(other)
}

fn gave_way(job: &Job, other: &OwnedServer) -> Failure {
    Failure::new(
        Exit::Busy,
        format!("{}: another run has made it at the same time", job.name),
        format!(
            "server {} bears the marks of run {}, and this run's own was removed",
            other.id(),
            other.marks().run
        ),
    )
    .mend("wait until that run has ended; running the command again then goes on with its server")
}

/// Removes what is of no use.
pub(super) async fn remove_all(job: &Job, surplus: &[OwnedServer]) -> Outcome {
    for other in surplus {
        remove(job, other).await?;
    }
    Ok(())
}

/// Removes one of them.
async fn remove(job: &Job, other: &OwnedServer) -> Outcome {
    let (id, why) = (other.id(), why(other));
    job.context
        .teller
        .note(format!("{}: {why}; server {id} is removed", job.name));
    let running = job.begin(Step::Remove, "remove what is of no use")?;
    job.lease.let_go(id).await;
    drive::fulfil(job, &running, Step::Remove, other, &Intent::Gone)
        .await
        .map_err(|failure| {
            Failure::new(
                Exit::Remains,
                format!("{}: {why}", job.name),
                format!("server {id} cannot be removed: {failure}"),
            )
        })?;
    job.done(running, Step::Remove, format!("server {id} is gone"))
}

fn why(other: &OwnedServer) -> &'static str {
    if other.server().status == ServerStatus::Failed {
        "the vendor gave up making it"
    } else {
        "a lost answer has made it twice"
    }
}
