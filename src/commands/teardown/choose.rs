//! What a teardown removes: decided, and what stays said, before anything is asked.

use super::judge::{Kept, Verdict, judge};
use super::known::known;
use super::{described, named};
use crate::cli::Teardown;
use crate::clouds::Cloud;
use crate::commands::{everywhere, found};
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::journal::orders::Open;
use provision_api::{
    Catalog, HostName, Leftover, LeftoverKind, NotOurs, OwnedServer, Role, Server, ServerId,
};
use std::sync::Arc;

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
    kept: Vec<Kept>,
}

/// What the flags choose, everywhere.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    pub(super) removals: Vec<Removal>,
    /// What stays although it is meant, or may be.
    pub(super) kept: Vec<Kept>,
    /// Where nobody could look.
    pub(super) unseen: Vec<Failure>,
    /// The providers that were looked at.
    pub(super) asked: Vec<&'static str>,
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
        let now = self.cloud.provider.now();
        let at_work = |server: &OwnedServer| {
            let lease = server.marks().lease_at(now);
            lease.map_or_else(String::new, |lease| format!("; {lease}, or was killed"))
        };
        let servers = self.servers.iter();
        servers
            .map(|server| {
                let described = described(server, self.catalog.as_ref());
                format!("{described}{rented}{}", at_work(server))
            })
            .chain(self.leftovers.iter().map(named))
            .collect()
    }
}

/// What the flags choose, at every provider.
///
/// A provider that cannot be looked at keeps nothing of the rest from being removed; the failures
/// are answered, to be told in the end.
///
/// A host that something was ordered for is no typo, whatever came of it.
pub(super) async fn all(context: &Context, flags: &Teardown, ordered: &[Open]) -> Outcome<Chosen> {
    let mut everywhere = everywhere::servers(context).await?;
    let mut all = Vec::new();
    for (cloud, servers) in &everywhere.seen {
        match look(context, flags, Arc::clone(cloud), servers.clone()).await {
            Ok(seen) => all.push(seen),
            Err(failure) => everywhere.unseen.push(failure),
        }
    }
    let is_ordered = |host: &&HostName| ordered.iter().any(|open| open.order.host == **host);
    for host in flags.hosts.iter().filter(|host| !is_ordered(host)) {
        known(context, flags, host, &all, &everywhere)?;
    }
    if let Some(run) = &flags.run
        && all.iter().all(|seen| seen.removal.is_empty())
    {
        let text = format!("no server bears the marks of run {run}");
        context.teller.note(text);
    }
    let mut chosen = Chosen {
        unseen: everywhere.unseen,
        ..Chosen::default()
    };
    for seen in all {
        chosen.asked.push(seen.removal.cloud.name());
        chosen.removals.push(seen.removal);
        chosen.kept.extend(seen.kept);
    }
    Ok(chosen)
}

async fn look(
    context: &Context,
    flags: &Teardown,
    cloud: Arc<Cloud>,
    seen: Vec<Server>,
) -> Outcome<Seen> {
    let now = cloud.provider.now();
    let (mut servers, mut others, mut strangers) = (Vec::new(), Vec::new(), Vec::new());
    found::doubts(context, &cloud, &seen);
    let mut kept = Kept::doubtful(&cloud, &seen);
    for server in seen {
        match OwnedServer::claim(server, &context.owner) {
            Ok(own) => match judge(flags, &own, now) {
                Verdict::Goes => servers.push(own),
                Verdict::Stays => others.push(own),
                Verdict::Kept(why) => {
                    kept.push(Kept::said(context, &cloud, &own, why));
                    others.push(own);
                }
            },
            Err(not_ours) => strangers.push(not_ours),
        }
    }
    if flags.expired && now.is_none() && others.iter().any(|own| own.marks().expires.is_some()) {
        return Err(timeless(&cloud));
    }
    hint_at_tests(context, flags, &others);
    let all = cloud.provider.leftovers(&context.owner).await;
    let all = all.map_err(|e| Failure::provider("cannot list keys, addresses and volumes", &e))?;
    // a run that was killed may have left a key and no server: it goes with a host that is named
    let is_meant = !servers.is_empty() || !flags.hosts.is_empty();
    let is_last = is_meant && others.is_empty();
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
        kept,
    })
}

/// This computer's own clock may be off by days.
fn timeless(cloud: &Cloud) -> Failure {
    let name = cloud.name();
    Failure::new(
        Exit::Provider,
        format!("{name}: nothing is removed there"),
        "its answers do not tell the time, so whose time is over cannot be said",
    )
    .mend(format!(
        "look with provision list --provider {name}, and name what is to go"
    ))
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
