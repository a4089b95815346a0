//! Servers that one order has made twice: the answer was lost, and the list did not show the
//! first one yet. Only where names are not unique.

use crate::clouds::Cloud;
use crate::event::Step;
use crate::failure::{Exit, Failure, Outcome};
use crate::job::Job;
use crate::steps::drive;
use provision_api::{Intent, OwnedServer, Phase, ServerStatus};

/// Looks for more servers of the run that made this one, and removes them: nothing is on them.
pub(super) async fn clear(job: &Job, cloud: &Cloud, server: &OwnedServer) -> Outcome {
    if cloud.provider.capabilities().unique_names {
        return Ok(());
    }
    let marks = server.marks();
    let ours = cloud.ours(&job.context.owner).await?;
    let more = ours.iter().filter(|other| {
        let other_marks = other.marks();
        other.id() != server.id()
            && other_marks.run == marks.run
            && other_marks.host == marks.host
            && other_marks.role == marks.role
            && other_marks.phase == Phase::Created
    });
    for other in more {
        remove(job, other).await?;
    }
    Ok(())
}

/// Removes one that is of no use.
pub(super) async fn remove(job: &Job, other: &OwnedServer) -> Outcome {
    let (id, why) = (other.id(), why(other));
    job.context
        .teller
        .note(format!("{}: {why}; server {id} is removed", job.name));
    let running = job.begin(Step::Remove, "remove what is of no use")?;
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
