//! What is written on a server as it moves on.

use crate::clouds::Cloud;
use crate::failure::{Failure, Outcome};
use crate::job::Job;
use crate::lease;
use crate::plan::HostPlan;
use provision_api::{Error, Fingerprint, Marks, OwnedServer, Phase, RunId};

/// Replaces the marks on the server, which goes on being held.
pub async fn mark(
    job: &Job,
    cloud: &Cloud,
    server: &OwnedServer,
    marks: &Marks,
) -> Outcome<OwnedServer> {
    let marked = job.lease.write(cloud, server, marks).await;
    marked.map_err(|e| unmarked(job, &e))
}

/// Replaces the marks on the server for the last time, and lets it go.
pub async fn end(
    job: &Job,
    cloud: &Cloud,
    server: &OwnedServer,
    marks: &Marks,
) -> Outcome<OwnedServer> {
    let marked = job.lease.end(cloud, server, marks).await;
    marked.map_err(|e| unmarked(job, &e))
}

fn unmarked(job: &Job, error: &Error) -> Failure {
    Failure::provider(format!("{}: cannot be marked", job.name), error)
}

/// The marks of a server that has come to another phase: the run that made it stays, and so does
/// its end unless a new one is set, which counts from now.
pub fn moved(
    cloud: &Cloud,
    server: &OwnedServer,
    plan: &HostPlan,
    phase: Phase,
    host_key: Option<Fingerprint>,
) -> Outcome<Marks> {
    let expires = match plan.ttl {
        Some(ttl) => Some(lease::end(cloud, &plan.name, ttl)?),
        None => server.marks().expires,
    };
    Ok(Marks {
        phase,
        host_key,
        expires,
        ..server.marks().clone()
    })
}

/// The marks of a server that is just becoming ours.
pub(super) fn new(
    job: &Job,
    cloud: &Cloud,
    plan: &HostPlan,
    run: &RunId,
    host_key: Option<Fingerprint>,
) -> Outcome<Marks> {
    let expires = plan.ttl.map(|ttl| lease::end(cloud, &plan.name, ttl));
    Ok(Marks {
        owner: job.context.owner.clone(),
        run: run.clone(),
        host: plan.host.name.clone(),
        role: plan.role,
        phase: Phase::Created,
        expires: expires.transpose()?,
        host_key,
        lease: job.lease.lease(cloud),
    })
}
