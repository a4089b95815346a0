//! What becomes of a new server when its installation fails and it shall not stay.

use super::Told;
use super::choose::Removal;
use super::remove::Remover;
use crate::cli::Rented;
use crate::clouds::Cloud;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::journal::Journal;
use provision_api::{HostName, RunId};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Removes the servers of the host that this very run has created, and nothing else; answers
/// with how many they were.
///
/// Ctrl-C is often why the run failed: the removal has a token and a deadline of its own. The
/// caller holds the server's lock.
pub(crate) async fn of_run(
    context: &Arc<Context>,
    cloud: &Arc<Cloud>,
    journal: &Arc<Journal>,
    run: &RunId,
    host: &HostName,
) -> Outcome<usize> {
    let mut servers = cloud.ours(&context.owner).await?;
    servers.retain(|server| server.marks().run == *run && server.marks().host == *host);
    let removal = Removal {
        cloud: Arc::clone(cloud),
        catalog: None,
        servers,
        leftovers: Vec::new(),
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
        return Ok(removal.servers.len());
    }
    Err(Failure::new(
        Exit::Remains,
        "not everything could be removed",
        told.errors.join("\n"),
    ))
}
