//! A server that is rented is taken over. Of two runs that do so at once one has it, and the other
//! says so.

use crate::clouds::Cloud;
use crate::failure::{Exit, Failure, Outcome};
use crate::job::Job;
use crate::plan::HostPlan;
use crate::steps::acquire;
use provision_api::{Lease, OwnedServer, RunId, Server};

/// Takes it over.
pub(super) async fn adopted(
    job: &Job,
    cloud: &Cloud,
    plan: &HostPlan,
    run: &RunId,
    server: &Server,
) -> Outcome<OwnedServer> {
    let failure = match acquire::adopt(job, cloud, plan, run, server).await {
        Ok(adopted) => return Ok(adopted),
        Err(failure) => failure,
    };
    let Ok(ours) = cloud.ours(&job.context.owner).await else {
        return Err(failure);
    };
    let faster = ours.iter().find(|other| {
        let marks = other.marks();
        // its own marks without its lease are those that another run has gone on with
        let is_of_this = |lease: &Lease| lease.run == *run;
        let is_this_runs = marks.run == *run && marks.lease.as_ref().is_some_and(is_of_this);
        other.id() == &server.id
            && (&marks.host, marks.role) == (&plan.host.name, plan.role)
            && !is_this_runs
    });
    Err(match faster {
        Some(other) => someone_was_faster(job, other, &failure),
        None => failure,
    })
}

fn someone_was_faster(job: &Job, other: &OwnedServer, met: &Failure) -> Failure {
    Failure::new(
        Exit::Busy,
        format!("{}: another run has just taken it over", job.name),
        format!(
            "server {} is {} by now, with the marks of run {}\nthis run met: {met}",
            other.id(),
            other.marks().phase,
            other.marks().run
        ),
    )
    .mend("wait until that run has ended; running the command again then goes on with its server")
}
