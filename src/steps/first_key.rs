//! Whom to trust where nobody can know the host key beforehand.
//!
//! A vendor's rescue system makes its own, and so does an image that takes no user data. The
//! first key that is not the one from before is pinned, and that is said.

use crate::event::Running;
use crate::failure::{Exit, Failure, Outcome};
use crate::job::Job;
use crate::ssh::{Target, pins};
use provision_api::wait::{Attempt, Deadline, WaitError, until};
use provision_api::{Backoff, Fingerprint};
use std::convert::Infallible;
use std::time::Duration;

/// The key that answers at the target now, if anything does: not the one that is waited for.
pub async fn before(job: &Job, target: &Target) -> Outcome<Option<Fingerprint>> {
    let each = job.context.deadlines.command();
    let shown = pins::shown_by(&target.host, target.port, each).await?;
    Ok(shown.map(|key| Fingerprint::of_key(&key)))
}

/// Waits for the first key that is none of the known ones, and pins it; `what` is waited for
/// (`the rescue system`).
pub async fn pinned(
    job: &Job,
    running: &Running,
    target: &Target,
    what: &str,
    known: &[Fingerprint],
) -> Outcome<Fingerprint> {
    running.doing(format!("wait for {what}"));
    let deadlines = job.context.deadlines;
    let (host, port) = (target.host.as_str(), target.port);
    let key = until(
        what,
        Deadline::after(job.first_boot_within()),
        &Backoff::new(Duration::from_millis(200), Duration::from_secs(3)),
        &job.context.cancel,
        async || {
            Ok::<_, Infallible>(
                match pins::shown_by(host, port, deadlines.command()).await {
                    Ok(Some(key)) if known.contains(&Fingerprint::of_key(&key)) => {
                        Attempt::NotYet("the system from before still answers".to_owned())
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
            format!("{}: {what} does not answer", job.name),
            late,
        )
        .mend("look at its console at the vendor"),
    })?;
    pins::write(&target.pins, &job.name, std::slice::from_ref(&key))?;
    let shown = Fingerprint::of_key(&key);
    job.context.teller.warn(format!(
        "{}: the vendor gives no way to know the host key of {what} beforehand; {shown} was trusted on first use and is pinned now",
        job.name
    ));
    Ok(shown)
}
