//! What is written on a server as it moves on.

use crate::clouds::Cloud;
use crate::failure::{Failure, Outcome};
use crate::job::Job;
use crate::plan::HostPlan;
use jiff::Timestamp;
use provision_api::{Fingerprint, Marks, OwnedServer, Phase, RunId};

/// Replaces the marks on the server.
pub async fn mark(
    job: &Job,
    cloud: &Cloud,
    server: &OwnedServer,
    marks: &Marks,
) -> Outcome<OwnedServer> {
    cloud
        .provider
        .mark(server, marks)
        .await
        .map_err(|e| Failure::provider(format!("{}: cannot be marked", job.name), &e))
}

/// When it may be removed, counted from now.
pub fn expiry(plan: &HostPlan) -> Option<Timestamp> {
    plan.ttl
        .and_then(|ttl| Timestamp::now().checked_add(ttl).ok())
}

/// The marks of a server that has come to another phase: the run that made it stays, and so does
/// its end unless a new one is set.
pub fn moved(
    server: &OwnedServer,
    plan: &HostPlan,
    phase: Phase,
    host_key: Option<Fingerprint>,
) -> Marks {
    Marks {
        phase,
        host_key,
        expires: expiry(plan).or(server.marks().expires),
        ..server.marks().clone()
    }
}

/// The marks of a server that has just become ours.
pub(super) fn new(job: &Job, plan: &HostPlan, run: &RunId, host_key: Option<Fingerprint>) -> Marks {
    Marks {
        owner: job.context.owner.clone(),
        run: run.clone(),
        host: plan.host.name.clone(),
        role: plan.role,
        phase: Phase::Created,
        expires: expiry(plan),
        host_key,
    }
}
