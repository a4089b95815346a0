//! One server from nothing, or from where it stopped, to proven.

mod adopt;
mod begin;
mod deliver;
mod resume;
mod surplus;

pub use deliver::{Delivered, deliver, finish};

use crate::clouds::Cloud;
use crate::event::Step;
use crate::facts::Uplink;
use crate::failure::{Exit, Failure, Outcome};
use crate::found::{Found, RunningSystem};
use crate::installer::files;
use crate::job::Job;
use crate::lease;
use crate::orders;
use crate::plan::{Action, HostPlan};
use crate::post_mortem;
use crate::ssh::Target;
use crate::steps::{build, drive, marks, reach, rescue};
use crate::trust;
use provision_api::{Intent, OwnedServer, Phase, RunId};
use std::sync::Arc;

/// A server that was seen running what it should.
#[derive(Debug)]
pub struct Proven {
    /// The server, with the marks that it has now.
    pub server: OwnedServer,
    /// The admin's way in.
    pub admin: Target,
    /// What it is.
    pub found: Found,
}

/// Where a server is when work on it begins.
#[derive(Debug)]
pub(crate) enum Entry {
    /// A fresh image, a rescue system or an installer answers.
    Fresh {
        server: OwnedServer,
        target: Target,
        found: Box<Found>,
    },
    /// The installed system answers, and was not proven yet.
    Installed {
        server: OwnedServer,
        admin: Target,
        found: Box<Found>,
    },
}

/// Brings a server up as the plan says; of a failure on the machine itself it is found out why,
/// before anybody removes it.
pub async fn bring_up(
    job: &Job,
    cloud: &Arc<Cloud>,
    plan: &HostPlan,
    run: &RunId,
) -> Outcome<Proven> {
    match Box::pin(go(job, cloud, plan, run)).await {
        Ok(proven) => Ok(proven),
        Err(failure) => {
            let made = job.made.borrow().clone();
            let worked_on = match &plan.action {
                Action::Create(_) => made.as_ref(),
                Action::Nothing(_) => None,
                Action::Adopt(_) | Action::Reinstall(_) | Action::Resume(_) => plan.server_id(),
            };
            let scene = post_mortem::Scene::Cloud {
                cloud,
                role: plan.role,
                worked_on,
            };
            Err(Box::pin(post_mortem::after(job, scene, failure)).await)
        }
    }
}

async fn go(job: &Job, cloud: &Arc<Cloud>, plan: &HostPlan, run: &RunId) -> Outcome<Proven> {
    if plan.is_work() {
        unchanged(job, cloud, plan).await?;
        if let Some(server) = plan.server() {
            lease::take(job, cloud, server).await?;
        }
        files::sweep(job);
    }
    if !matches!(plan.action, Action::Nothing(_)) {
        check(job).await?;
    }
    surplus::remove_all(job, &plan.surplus).await?;
    let entry = match &plan.action {
        Action::Create(choices) => begin::created(job, cloud, plan, run, choices).await?,
        Action::Adopt(server) => {
            let adopted = adopt::adopted(job, cloud, plan, run, server).await?;
            begin::afresh(job, cloud, plan, adopted).await?
        }
        Action::Reinstall(server) => {
            if server.marks().phase == Phase::Proven {
                let kept = resume::keep_identity(job, server).await;
                kept.map_err(|failure| or_in_rescue(job, server, failure))?;
            }
            begin::afresh(job, cloud, plan, server.clone()).await?
        }
        Action::Resume(server) => resume::entry(job, cloud, plan, server).await?,
        Action::Nothing(server) => {
            let looked = look(job, server).await;
            return looked.map_err(|failure| or_in_rescue(job, server, failure));
        }
    };
    match entry {
        Entry::Fresh {
            server,
            target,
            found,
        } => {
            surplus::clear(job, cloud, &server).await?;
            let uplink = Uplink::of(server.server());
            let delivered = deliver(job, server.id(), uplink, &target, &found).await?;
            let identity = Some(delivered.identity.fingerprint());
            let installed = marks::moved(cloud, &server, plan, Phase::Installed, identity)?;
            let server = marks::mark(job, cloud, &server, &installed).await?;
            disk_next(job, cloud, &server, &found).await?;
            let (admin, found) = finish(job, &delivered).await?;
            proven(job, cloud, plan, server, admin, found).await
        }
        Entry::Installed {
            server,
            admin,
            found,
        } => resume::proven(job, cloud, plan, server, admin, *found).await,
    }
}

/// A server that boots its rescue system until it is told otherwise is told before the reboot.
pub(crate) async fn disk_next(
    job: &Job,
    cloud: &Cloud,
    server: &OwnedServer,
    found: &Found,
) -> Outcome {
    if cloud.provider.capabilities().create && found.system != RunningSystem::Rescue {
        return Ok(());
    }
    let running = job.begin(Step::Boot, "let it boot from its disk next")?;
    drive::fulfil(job, &running, Step::Boot, server, &Intent::DiskNext).await?;
    job.done(running, Step::Boot, "its disk comes next")
}

/// The plan was made before the lock was taken: what it is about has to be what it was.
async fn unchanged(job: &Job, cloud: &Cloud, plan: &HostPlan) -> Outcome {
    let planned: Vec<&OwnedServer> = plan.server().into_iter().chain(&plan.surplus).collect();
    if planned.is_empty() {
        return Ok(());
    }
    let now = cloud.ours(&job.context.owner).await?;
    let mut planned = planned.into_iter();
    if planned.all(|one| {
        now.iter()
            .any(|s| s.id() == one.id() && s.marks() == one.marks())
    }) {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Busy,
        format!("{}: another run has just worked on it", job.name),
        "its marks are not what they were when this run was planned",
    )
    .mend("run the command again"))
}

/// Whoever answers in place of a proven system may be its rescue system: where the vendor does not
/// say so, only the machine that booted it can know its key.
fn or_in_rescue(job: &Job, server: &OwnedServer, failure: Failure) -> Failure {
    let failure = reach::or_in_rescue(job, server, failure);
    if failure.exit != Exit::Trust {
        return failure;
    }
    let off = rescue::way_back(job, server.marks().role);
    failure.or_mend(format!(
        "if it is a rescue system that was booted elsewhere, back to the disk: {off}"
    ))
}

/// What can be refused before a server is paid for.
async fn check(job: &Job) -> Outcome {
    let running = job.begin(Step::Plan, "look at the flake")?;
    crate::installer::check_admin_keys(job)?;
    build::before_anything(job, &running).await?;
    job.done(running, Step::Plan, "the flake is fit to be installed")
}

/// Nothing is to be done; it is looked at all the same, because a proof is of the day it was made.
async fn look(job: &Job, server: &OwnedServer) -> Outcome<Proven> {
    let running = job.begin(Step::Reach, "look whether it answers")?;
    let deadline = job.context.deadlines.answer();
    let admin = trust::admin(&job.context, &job.host, server, deadline).await?;
    let found = reach::reach(job, &admin, deadline, &reach::anything)
        .await
        .map_err(|failure| {
            failure.or_mend(format!(
                "it was proven, and does not answer now; provision rescue {}{} boots it for a look",
                job.host.name,
                job.context.flags()
            ))
        })?;
    job.done(running, Step::Reach, "it answers; nothing is to be done")?;
    let closure = job.kept.installed_on(server).map(|i| i.closure);
    deliver::check(job, &admin, &found, closure.as_deref()).await?;
    // a run that was killed right after its proof could not
    job.kept.forget_first_boot();
    Ok(Proven {
        server: server.clone(),
        admin,
        found,
    })
}

/// The proof is written on the server, and what was good for the first boot only is forgotten.
pub(crate) async fn proven(
    job: &Job,
    cloud: &Cloud,
    plan: &HostPlan,
    server: OwnedServer,
    admin: Target,
    found: Found,
) -> Outcome<Proven> {
    orders::all_here(&job.context, cloud, &job.name).await?;
    surplus::clear(job, cloud, &server).await?;
    let proven = match server.marks().host_key {
        Some(key) => marks::moved(cloud, &server, plan, Phase::Proven, Some(key))?,
        None => server.marks().clone(),
    };
    let server = marks::end(job, cloud, &server, &proven).await?;
    job.kept.forget_first_boot();
    Ok(Proven {
        server,
        admin,
        found,
    })
}
