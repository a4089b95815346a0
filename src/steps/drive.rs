//! An intent carried out: begin, journal what was accepted, wait, go on, until it is fulfilled.

use crate::clouds::Cloud;
use crate::event::{Running, Step};
use crate::failure::{Exit, Failure, Outcome};
use crate::job::Job;
use provision_api::wait::{Attempt, Deadline, WaitError, until};
use provision_api::{Accepted, Backoff, ErrorKind, Intent, OwnedServer, Progress, Stage, Task};
use std::time::Duration;

/// Carries out an intent on the server, all but the last wait: what is pending then is answered,
/// so that the caller can look at the machine at the same time.
pub async fn begin(
    job: &Job,
    running: &Running,
    step: Step,
    server: &OwnedServer,
    intent: &Intent,
) -> Outcome<Vec<Task>> {
    let mut stage = Stage(0);
    loop {
        let accepted = accept(job, server, intent, stage).await;
        let accepted = accepted.map_err(|failure| match stage {
            Stage(0) => failure,
            _ => failure.after_a_beginning(),
        })?;
        job.accepted(step, &accepted)?;
        match accepted.next {
            None => return Ok(accepted.tasks),
            Some(next) => {
                let waited = wait(job, running, &accepted.tasks).await;
                waited.map_err(Failure::after_a_beginning)?;
                stage = next;
            }
        }
    }
}

/// Carries out an intent on the server to its end.
pub async fn fulfil(
    job: &Job,
    running: &Running,
    step: Step,
    server: &OwnedServer,
    intent: &Intent,
) -> Outcome {
    let tasks = begin(job, running, step, server, intent).await?;
    wait(job, running, &tasks).await
}

/// Waits until the vendor has finished these.
pub async fn wait(job: &Job, running: &Running, tasks: &[Task]) -> Outcome {
    let Some(cloud) = &job.cloud else {
        return Ok(());
    };
    if tasks.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = tasks.iter().map(|t| t.what.as_str()).collect();
    running.doing(format!("the vendor does {}", names.join(", ")));
    let deadline = Deadline::after(job.context.deadlines.task());
    cloud
        .waiter
        .wait(tasks, deadline, &job.context.cancel, |task, progress| {
            if let Progress::Running(Some(percent)) = progress {
                running.doing(format!("the vendor does {} ({percent} %)", task.what));
            }
        })
        .await
        .map_err(|e| Failure::provider(format!("{}: the vendor did not finish", job.name), &e))
}

/// One stage of an intent; a vendor that is busy with the server is asked again for a while.
async fn accept(
    job: &Job,
    server: &OwnedServer,
    intent: &Intent,
    stage: Stage,
) -> Outcome<Accepted> {
    let Some(cloud) = &job.cloud else {
        return Ok(Accepted::default());
    };
    let backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(10));
    until(
        "the vendor to be free for it",
        Deadline::after(job.context.deadlines.busy()),
        &backoff,
        &job.context.cancel,
        async || match driven(job, cloud, server, intent, stage).await {
            Ok(accepted) => Ok(Attempt::Ready(accepted)),
            // a second one is not begun while the first may be what is in the way
            Err(error) if error.kind == ErrorKind::Conflict && !error.in_doubt => {
                Ok(Attempt::NotYet(error.to_string()))
            }
            Err(error) => Err(error),
        },
    )
    .await
    .map_err(|error| refused(job, &error))
}

/// Nothing is done to a server that was lost while this run slept.
async fn driven(
    job: &Job,
    cloud: &Cloud,
    server: &OwnedServer,
    intent: &Intent,
    stage: Stage,
) -> provision_api::Result<Accepted> {
    job.lease.hold_on(cloud, server).await?;
    let server = job.lease.known(server).await;
    cloud.provider.drive(&server, intent, stage).await
}

fn refused(job: &Job, error: &WaitError<provision_api::Error>) -> Failure {
    match error {
        WaitError::Failed(error) => {
            Failure::provider(format!("{}: the vendor refused", job.name), error)
        }
        WaitError::Cancelled { .. } => Failure::interrupted(job.name.clone()),
        late @ WaitError::TimedOut { .. } => Failure::new(
            Exit::Provider,
            format!("{}: the vendor stays busy", job.name),
            late,
        ),
    }
}
