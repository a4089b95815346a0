//! What becomes of a new server when its installation fails and it shall not stay.

use super::Told;
use super::choose::Removal;
use super::remove::Remover;
use crate::cli::Rented;
use crate::clouds::Cloud;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::job::Job;
use crate::journal::Journal;
use provision_api::{ErrorKind, HostName, Leftover, LeftoverKind, OwnedServer, Phase, RunId};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What became of the servers that a run has made.
#[derive(Debug, Default)]
pub(crate) struct OfRun {
    /// So many are gone.
    pub(crate) removed: usize,
    /// These are not the run's any more, and why.
    pub(crate) stay: Vec<String>,
}

/// Removes the servers of the host that this very run has created and still has, and nothing
/// else: what another run has taken over meanwhile, or what is proven, stays.
///
/// Ctrl-C is often why the run failed: the removal has a token and a deadline of its own. The
/// caller holds the server's lock.
pub(crate) async fn of_run(job: &Job, cloud: &Arc<Cloud>, run: &RunId) -> Outcome<OfRun> {
    let context = &job.context;
    let mut made = cloud.ours(&context.owner).await?;
    made.retain(|server| server.marks().run == *run && server.marks().host == job.host.name);
    let (mut servers, mut stay) = (Vec::new(), Vec::new());
    for server in made {
        match still_held(job, cloud, run, &server).await {
            Ok(held) => {
                job.lease.let_go(held.id()).await;
                servers.push(held);
            }
            Err(why) => stay.push(format!(
                "server {} ({}) is not removed: {why}",
                server.id(),
                server.server().name
            )),
        }
    }
    let removed = servers.len();
    remove(context, cloud, &job.journal, servers, Vec::new()).await?;
    Ok(OfRun { removed, stay })
}

/// The server as it is now, if it bears the run's own lease and is not proven; else why not.
async fn still_held(
    job: &Job,
    cloud: &Cloud,
    run: &RunId,
    server: &OwnedServer,
) -> Result<OwnedServer, String> {
    let unproven = |server: OwnedServer| match server.marks().phase {
        Phase::Proven => Err("it is proven".to_owned()),
        Phase::Created | Phase::Installing | Phase::Installed => Ok(server),
    };
    let server = unproven(server.clone())?;
    let now = cloud.provider.now();
    let is_held = match &server.marks().lease {
        Some(lease) if lease.run != *run => return Err(lease.to_string()),
        Some(_) => server.marks().lease_at(now).is_some(),
        // where nobody tells the time nobody has a lease
        None if now.is_none() => return Ok(server),
        None => return Err("this run does not hold it any more".to_owned()),
    };
    match job.lease.renew(cloud, &server).await {
        Ok(held) => unproven(held),
        Err(error) if error.kind == ErrorKind::NotOurs => Err(error.message),
        // whoever wanted it has to wait for the end of the lease
        Err(error) if is_held || error.kind == ErrorKind::NotFound => {
            tracing::debug!(%error, "the lease is not renewed");
            Ok(server)
        }
        Err(error) => Err(format!(
            "whether it is still this run's is not known: {error}"
        )),
    }
}

/// The keys that have become of no use: those that were made for the host, and the login key if
/// the owner has no server left there and `is_alone` says that nobody is about to order one.
pub(crate) async fn keys_left(
    context: &Context,
    cloud: &Cloud,
    host: &HostName,
    is_alone: bool,
) -> Outcome<Vec<Leftover>> {
    let all = cloud.provider.leftovers(&context.owner).await;
    let mut keys = all.map_err(|e| Failure::provider("cannot list keys", &e))?;
    keys.retain(|leftover| leftover.kind == LeftoverKind::Key && leftover.in_use_by.is_none());
    if keys.is_empty() {
        return Ok(keys);
    }
    let is_last = is_alone && cloud.ours(&context.owner).await?.is_empty();
    keys.retain(|key| key.host.as_ref().map_or(is_last, |of| of == host));
    Ok(keys)
}

/// Removes these, and lists again.
pub(crate) async fn remove(
    context: &Arc<Context>,
    cloud: &Arc<Cloud>,
    journal: &Arc<Journal>,
    servers: Vec<OwnedServer>,
    leftovers: Vec<Leftover>,
) -> Outcome {
    let removal = Removal {
        cloud: Arc::clone(cloud),
        catalog: None,
        servers,
        leftovers,
    };
    let remover = Remover {
        context: Arc::clone(context),
        cloud: Arc::clone(cloud),
        journal: Arc::clone(journal),
        cancel: CancellationToken::new(),
        rented: Rented::Leave,
    };
    let mut told = Told::default();
    let limit = context.deadlines.task();
    let work = remover.all(&removal, &mut told);
    if tokio::time::timeout(limit, work).await.is_err() {
        let late = format!("it had not ended after {} s", limit.as_secs());
        told.errors.push(late);
    }
    told.errors.append(&mut told.remaining);
    if told.errors.is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Remains,
        "not everything could be removed",
        told.errors.join("\n"),
    ))
}
