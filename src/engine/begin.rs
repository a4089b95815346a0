//! A server comes to a machine that answers: made, or begun afresh.

use super::Entry;
use crate::clouds::Cloud;
use crate::event::Step;
use crate::failure::{Exit, Failure, Outcome};
use crate::job::Job;
use crate::plan::{Choice, HostPlan};
use crate::steps::acquire::{self, Acquired, FirstKey};
use crate::steps::{afresh, drive, first_key, marks, reach};
use provision_api::wait::{Attempt, Deadline, WaitError, until};
use provision_api::{Backoff, Intent, OwnedServer, Phase, RunId};
use std::sync::Arc;
use std::time::Duration;

/// A new server, by the first choice that can be had; one that the vendor accepted and then had
/// none left of is removed, and the next choice tried.
pub(super) async fn created(
    job: &Job,
    cloud: &Arc<Cloud>,
    plan: &HostPlan,
    run: &RunId,
    choices: &[Choice],
) -> Outcome<Entry> {
    let mut left = choices;
    loop {
        let running = job.begin(Step::Acquire, "create a server")?;
        let (acquired, rest) = acquire::create(job, &running, cloud, plan, run, left).await?;
        let server = acquired.server.clone();
        let what = format!(
            "server {} ({} in {})",
            server.id(),
            server.server().server_type,
            server.server().location
        );
        job.done(running, Step::Acquire, what)?;
        match fresh(job, cloud, plan, acquired).await {
            Err(failure) if failure.exit == Exit::SoldOut => {
                job.context.teller.note(format!("{}: {failure}", job.name));
                let running = job.begin(Step::Remove, "remove what could not be made")?;
                job.lease.let_go(server.id()).await;
                drive::fulfil(job, &running, Step::Remove, &server, &Intent::Gone).await?;
                job.made(None);
                job.done(
                    running,
                    Step::Remove,
                    format!("server {} is gone", server.id()),
                )?;
                if rest.is_empty() {
                    return Err(failure);
                }
                left = rest;
            }
            other => return other,
        }
    }
}

/// A server that was just made or set back answers with the host key that it was given.
pub(crate) async fn fresh(
    job: &Job,
    cloud: &Cloud,
    plan: &HostPlan,
    acquired: Acquired,
) -> Outcome<Entry> {
    let running = job.begin(Step::Reach, "wait for its first boot")?;
    let Acquired {
        mut server,
        mut tasks,
        first_key,
    } = acquired;
    if first_key != FirstKey::Given || !has_address(&server) {
        // what answers while the vendor still works on it may be the system from before
        drive::wait(job, &running, &std::mem::take(&mut tasks)).await?;
    }
    if !has_address(&server) {
        server = addressed(job, cloud, &server).await?;
    }
    let target = afresh::first_boot(job, cloud, &server)?;
    let whose = match &first_key {
        FirstKey::Given | FirstKey::Same => "the host key that was given to it",
        FirstKey::Unknown { what, not } => {
            let shown = first_key::pinned(job, &running, &target, what, not).await;
            let shown = shown.map_err(|failure| failure.at(Step::Reach))?;
            let moved = marks::moved(cloud, &server, plan, Phase::Created, Some(shown))?;
            server = marks::mark(job, cloud, &server, &moved).await?;
            "a host key that was trusted on first use"
        }
    };
    let users = cloud.provider.capabilities().first_users;
    let reached = reach::reach_while(job, &running, &target, users, &tasks).await;
    let (target, found) = reached.map_err(|failure| failure.at(Step::Reach))?;
    let host = &target.host;
    job.done(running, Step::Reach, format!("{host} answers with {whose}"))?;
    Ok(Entry::Fresh {
        server,
        target,
        found: Box::new(found),
    })
}

/// The server boots something that an installation can begin from.
pub(crate) async fn afresh(
    job: &Job,
    cloud: &Arc<Cloud>,
    plan: &HostPlan,
    server: OwnedServer,
) -> Outcome<Entry> {
    let running = job.begin(Step::Acquire, "begin afresh")?;
    let acquired = afresh::begin(job, &running, cloud, plan, server).await?;
    let what = format!("server {} begins afresh", acquired.server.id());
    job.done(running, Step::Acquire, what)?;
    fresh(job, cloud, plan, acquired).await
}

fn has_address(server: &OwnedServer) -> bool {
    let server = server.server();
    server.ipv4.is_some() || server.ipv6.is_some()
}

/// The server once the vendor tells its address: some have one only when they are made.
async fn addressed(job: &Job, cloud: &Cloud, server: &OwnedServer) -> Outcome<OwnedServer> {
    until(
        "the vendor to tell its address",
        Deadline::after(job.context.deadlines.busy()),
        &Backoff::new(Duration::from_millis(500), Duration::from_secs(5)),
        &job.context.cancel,
        async || {
            let ours = cloud.ours(&job.context.owner).await?;
            let again = ours.into_iter().find(|other| other.id() == server.id());
            Ok(match again.filter(has_address) {
                Some(server) => Attempt::Ready(server),
                None => Attempt::NotYet("it has none yet".to_owned()),
            })
        },
    )
    .await
    .map_err(|error| match error {
        WaitError::Failed(failure) => failure,
        WaitError::Cancelled { .. } => Failure::interrupted(job.name.clone()),
        late @ WaitError::TimedOut { .. } => Failure::new(
            Exit::Provider,
            format!("{}: server {} has no public address", job.name, server.id()),
            late,
        ),
    })
}
