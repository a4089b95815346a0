//! Back to the disk, whatever became of the look.

use crate::clouds::Cloud;
use crate::job::Job;
use provision_api::wait::{Attempt, Deadline, WaitError, until};
use provision_api::{Backoff, ErrorKind, Intent, OwnedServer, Stage};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long it may take: of real hardware as many times longer as its boot is slower.
pub(super) fn within(job: &Job) -> Duration {
    job.boot_within() / 5
}

/// The disk, booted again: to be done whatever became of the look, so nothing cancels it, and it
/// ends by its own deadline.
pub(super) async fn to_disk(job: &Job, cloud: &Cloud, seen: &OwnedServer) -> Result<(), String> {
    let never = CancellationToken::new();
    let within = within(job);
    let mut stage = Stage(0);
    let way = async {
        // it was armed since it was seen: whoever was stopped before the reset is to find it disarmed
        let listed = cloud.ours(&job.context.owner);
        let listed = tokio::time::timeout(within / 4, listed).await;
        let now = listed.ok().and_then(Result::ok).unwrap_or_default();
        let server = now.iter().find(|now| now.id() == seen.id());
        let server = server.unwrap_or(seen);
        loop {
            let backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(10));
            let accepted = until(
                "the vendor to be free for it",
                Deadline::after(within),
                &backoff,
                &never,
                async || match cloud.provider.drive(server, &Intent::FromDisk, stage).await {
                    Ok(accepted) => Ok(Attempt::Ready(accepted)),
                    Err(error) if error.kind == ErrorKind::Conflict => {
                        Ok(Attempt::NotYet(error.to_string()))
                    }
                    Err(error) => Err(error),
                },
            )
            .await
            .map_err(|error| match error {
                WaitError::Failed(error) => error.to_string(),
                late => late.to_string(),
            })?;
            let (deadline, tasks) = (Deadline::after(within), &accepted.tasks);
            let waited = cloud.waiter.wait(tasks, deadline, &never, |_, _| {}).await;
            waited.map_err(|error| error.to_string())?;
            match accepted.next {
                None => return Ok(()),
                Some(next) => stage = next,
            }
        }
    };
    let ended = tokio::time::timeout(within, way).await;
    ended.unwrap_or_else(|_| Err("the vendor is not done with it".to_owned()))
}
