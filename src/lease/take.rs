//! Takes the lease on a server that exists, or finds out that another run lives on it.

use crate::clouds::Cloud;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::job::Job;
use provision_api::wait::{Attempt, Deadline, WaitError, until};
use provision_api::{Backoff, Lease, OwnedServer, RunId};
use std::time::Duration;

/// How often it is looked whether another run still lives.
const LOOK: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(15));
/// Lists and clocks may be a little behind.
const LATE: Duration = Duration::from_secs(30);

/// Takes it. The caller holds the server's lock.
///
/// A run of this computer that has the lease is dead, since it has not the lock. One of another
/// computer lives if it renews; if it does not, its lease is over in a few minutes.
pub async fn take(job: &Job, cloud: &Cloud, server: &OwnedServer) -> Outcome<OwnedServer> {
    let server = match of_elsewhere(&job.context, cloud, server) {
        Some(lease) => over(job, cloud, server, &lease).await?,
        None => server.clone(),
    };
    if job.lease.lease(cloud).is_none() {
        job.context.teller.warn(format!(
            "{}: the answers of {} do not tell the time, so no other computer can see that this run is at work",
            job.name,
            cloud.name()
        ));
    }
    let marked = job.lease.write(cloud, &server, server.marks()).await;
    marked.map_err(|e| Failure::provider(format!("{}: cannot be marked", job.name), &e))
}

/// The lease that a run of another computer has on it now. The caller holds the server's lock.
pub fn of_elsewhere(context: &Context, cloud: &Cloud, server: &OwnedServer) -> Option<Lease> {
    let lease = server.marks().lease_at(cloud.provider.now())?;
    let is_of_here = |run: &RunId| context.state.runs().contains(run);
    (!is_of_here(&lease.run)).then(|| lease.clone())
}

/// Waits until the lease is over; if it is renewed meanwhile, its run lives.
async fn over(
    job: &Job,
    cloud: &Cloud,
    server: &OwnedServer,
    lease: &Lease,
) -> Outcome<OwnedServer> {
    job.context.teller.note(format!(
        "{}: {lease}, on another computer, unless it was killed; whether it lives will be seen until then",
        job.name
    ));
    let left = cloud
        .provider
        .now()
        .map(|now| lease.until.duration_since(now));
    let left = left.and_then(|left| Duration::try_from(left).ok());
    let waited = until(
        "the other run's lease to end",
        Deadline::after(left.unwrap_or_default() + LATE),
        &LOOK,
        &job.context.cancel,
        async || look(job, cloud, server, lease).await,
    )
    .await;
    waited.map_err(|error| match error {
        WaitError::Failed(failure) => failure,
        WaitError::Cancelled { .. } => Failure::interrupted(job.name.clone()),
        late @ WaitError::TimedOut { .. } => Failure::new(
            Exit::Provider,
            format!("{}: it cannot be told whether it is free", job.name),
            late,
        ),
    })
}

async fn look(
    job: &Job,
    cloud: &Cloud,
    server: &OwnedServer,
    lease: &Lease,
) -> Outcome<Attempt<OwnedServer>> {
    let ours = cloud.ours(&job.context.owner).await?;
    let Some(found) = ours.into_iter().find(|other| other.id() == server.id()) else {
        return Err(worked_on(job, "its server was removed"));
    };
    if found.marks().unleased() != server.marks().unleased() {
        return Err(worked_on(job, "its marks are not what they were"));
    }
    match &found.marks().lease {
        Some(now) if now.run != lease.run || now.until > lease.until => {
            Err(worked_on(job, &format!("{now}, on another computer")))
        }
        Some(_) if of_elsewhere(&job.context, cloud, &found).is_some() => {
            Ok(Attempt::NotYet(lease.to_string()))
        }
        _ => Ok(Attempt::Ready(found)),
    }
}

fn worked_on(job: &Job, why: &str) -> Failure {
    Failure::new(
        Exit::Busy,
        format!("{}: another run works on it", job.name),
        why,
    )
    .mend("wait until that run has ended, then run the command again")
}
