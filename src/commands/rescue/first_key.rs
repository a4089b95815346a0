//! Whom to trust in a rescue system.

use crate::event::Running;
use crate::failure::{Exit, Failure, Outcome};
use crate::job::Job;
use crate::ssh::{Target, pins};
use provision_api::wait::{Attempt, Deadline, WaitError, until};
use provision_api::{Backoff, Fingerprint, OwnedServer};
use std::convert::Infallible;
use std::time::Duration;

/// The rescue system's host key cannot be known: the first one that is not the installed
/// system's is pinned, and no secret is sent over the connection.
pub(super) async fn first_key(
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
