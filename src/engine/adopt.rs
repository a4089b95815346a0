//! A server that is rented is taken over. Of two runs that do so at once one has it, and the other
//! says so.

use crate::clouds::Cloud;
use crate::failure::{Exit, Failure, Outcome};
use crate::job::Job;
use crate::plan::HostPlan;
use crate::steps::acquire;
use provision_api::{OwnedServer, RunId, Server};

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
        other.id() == &server.id
            && (&marks.host, marks.role) == (&plan.host.name, plan.role)
            && marks.run != *run
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
            "server {} bears the marks of run {}\nthis run met: {met}",
            other.id(),
            other.marks().run
        ),
    )
    .mend("wait until that run has ended; running the command again then goes on with its server")
}
