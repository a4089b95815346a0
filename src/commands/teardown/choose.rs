//! What a teardown removes: decided, and what stays said, before anything is asked.

use super::known::known;
use super::{described, named};
use crate::cli::Teardown;
use crate::clouds::Cloud;
use crate::commands::{everywhere, found};
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use jiff::{SignedDuration, Timestamp};
use provision_api::{
    Catalog, Leftover, LeftoverKind, NotOurs, OwnedServer, Role, Server, ServerId,
};
use std::sync::Arc;

/// A server counts as expired this long after its time, so that two clocks that differ a little
/// do not remove what still lives.
const SKEW: SignedDuration = SignedDuration::from_secs(60);

/// What is to be removed at one provider.
#[derive(Debug)]
pub(super) struct Removal {
    pub(super) cloud: Arc<Cloud>,
    pub(super) catalog: Option<Catalog>,
    pub(super) servers: Vec<OwnedServer>,
    /// What hangs on the servers or belongs to the hosts; the keys, if no server stays.
    pub(super) leftovers: Vec<Leftover>,
}

/// What one provider has, and what of it is chosen.
pub(super) struct Seen {
    pub(super) removal: Removal,
    /// Ours, and not chosen.
    pub(super) others: Vec<OwnedServer>,
    pub(super) strangers: Vec<NotOurs>,
}

impl Removal {
    pub(super) fn is_empty(&self) -> bool {
        self.servers.is_empty() && self.leftovers.is_empty()
    }

    /// Each thing in words.
    pub(super) fn lines(&self) -> Vec<String> {
        let rented = if self.cloud.is_rented() {
            "; rented: given back, its contract goes on"
        } else {
            ""
        };
        let servers = self.servers.iter();
        servers
            .map(|server| format!("{}{rented}", described(server, self.catalog.as_ref())))
            .chain(self.leftovers.iter().map(named))
            .collect()
    }
}

/// What the flags choose, at every provider.
///
/// A provider that cannot be looked at keeps nothing of the rest from being removed; the failures
/// are answered, to be told in the end.
pub(super) async fn all(
    context: &Context,
    flags: &Teardown,
) -> Outcome<(Vec<Removal>, Vec<Failure>)> {
    let mut everywhere = everywhere::servers(context).await?;
    let mut all = Vec::new();
    for (cloud, servers) in &everywhere.seen {
        match look(context, flags, Arc::clone(cloud), servers.clone()).await {
            Ok(seen) => all.push(seen),
            Err(failure) => everywhere.unseen.push(failure),
        }
    }
    for host in &flags.hosts {
        known(context, flags, host, &all, &everywhere)?;
    }
    if let Some(run) = &flags.run
        && all.iter().all(|seen| seen.removal.is_empty())
    {
        let text = format!("no server bears the marks of run {run}");
        context.teller.note(text);
    }
    let removals = all.into_iter().map(|seen| seen.removal).collect();
    Ok((removals, everywhere.unseen))
}

async fn look(
    context: &Context,
    flags: &Teardown,
    cloud: Arc<Cloud>,
    seen: Vec<Server>,
) -> Outcome<Seen> {
    let now = Timestamp::now();
    let (mut servers, mut others, mut strangers) = (Vec::new(), Vec::new(), Vec::new());
    found::doubts(context, &cloud, &seen);
    for server in seen {
        match OwnedServer::claim(server, &context.owner) {
            Ok(own) if is_chosen(flags, &own, now) => servers.push(own),
            Ok(own) => others.push(own),
            Err(not_ours) => strangers.push(not_ours),
        }
    }
    hint_at_tests(context, flags, &others);
    let all = cloud.provider.leftovers(&context.owner).await;
    let all = all.map_err(|e| Failure::provider("cannot list keys, addresses and volumes", &e))?;
    let is_last = !servers.is_empty() && others.is_empty();
    let (leftovers, left): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|leftover| goes(flags, leftover, &servers, is_last));
    hint_at_what_stays(context, flags, &left, is_last);
    let catalog = if servers.is_empty() {
        None
    } else {
        cloud.provider.catalog().await.ok()
    };
    Ok(Seen {
        removal: Removal {
            cloud,
            catalog,
            servers,
            leftovers,
        },
        others,
        strangers,
    })
}

fn is_chosen(flags: &Teardown, server: &OwnedServer, now: Timestamp) -> bool {
    let marks = server.marks();
    if flags.test {
        let named = flags.hosts.is_empty() || flags.hosts.contains(&marks.host);
        return named && marks.role == Role::Test;
    }
    if flags.expired {
        let over = marks.expires.and_then(|at| at.checked_add(SKEW).ok());
        return over.is_some_and(|over| over < now);
    }
    match &flags.run {
        Some(run) => marks.run == *run,
        None => marks.role == Role::Server && flags.hosts.contains(&marks.host),
    }
}

/// What hangs on a chosen server goes with it, as the adapter does it. What hangs on nothing
/// goes with its host, if the host itself was named; data is never taken for a leftover merely
/// because no server is left.
fn goes(flags: &Teardown, leftover: &Leftover, servers: &[OwnedServer], is_last: bool) -> bool {
    let is_of = |server: &OwnedServer| leftover.host.as_ref() == Some(&server.marks().host);
    match (leftover.kind, &leftover.in_use_by) {
        // a key that was made for one host goes with that host
        (LeftoverKind::Key, None) if leftover.host.is_some() => is_of_named(flags, leftover),
        (LeftoverKind::Key, Some(id)) if leftover.host.is_some() => with_id(servers, id).is_some(),
        (LeftoverKind::Key, _) => is_last,
        (kind, Some(id)) => with_id(servers, id)
            .is_some_and(|server| kind == LeftoverKind::Address || is_of(server)),
        (_, None) => !flags.test && is_of_named(flags, leftover),
    }
}

fn with_id<'a>(servers: &'a [OwnedServer], id: &ServerId) -> Option<&'a OwnedServer> {
    servers.iter().find(|server| server.id() == id)
}

fn is_of_named(flags: &Teardown, leftover: &Leftover) -> bool {
    let host = leftover.host.as_ref();
    host.is_some_and(|host| flags.hosts.contains(host))
}

fn hint_at_tests(context: &Context, flags: &Teardown, others: &[OwnedServer]) {
    for server in others {
        if server.marks().role == Role::Test && flags.hosts.contains(&server.marks().host) {
            let name = &server.server().name;
            context.teller.note(format!(
                "{name} is a machine for tests and stays; --test removes it"
            ));
        }
    }
}

/// What costs money and stays is said: of a named host always, the rest with the last server.
fn hint_at_what_stays(context: &Context, flags: &Teardown, left: &[Leftover], is_last: bool) {
    for leftover in left {
        let is_named = is_of_named(flags, leftover);
        if leftover.kind == LeftoverKind::Key || !(is_named || is_last) {
            continue;
        }
        let why = match (&leftover.in_use_by, &leftover.host) {
            (Some(id), _) => format!("server {id} uses it"),
            (None, Some(host)) if flags.test => format!("it is the host's, {host}"),
            (None, Some(host)) => format!("provision teardown {host} removes it"),
            (None, None) => "no label says which host it is for".to_owned(),
        };
        let text = format!("{} stays: {why}", named(leftover));
        context.teller.note(text);
    }
}
