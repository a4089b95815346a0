//! The server that a host has already, found by its marks.

use super::{Known, Wishes};
use crate::cli::UpFlags;
use crate::failure::{Exit, Failure, Outcome};
use provision_api::{HostName, NotOurs, OwnedServer, Owner, Phase, Role, Server};
use std::cmp::Reverse;

/// What a host has already.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Existing {
    /// Its server.
    pub(super) server: Option<OwnedServer>,
    /// More of the same, which lost answers of one run have left behind: nothing is on them.
    pub(super) surplus: Vec<OwnedServer>,
}

/// The server of that host and role, by its marks; a stranger of the same name is refused.
pub(super) fn existing(
    host: &HostName,
    name: &str,
    role: Role,
    known: Known<'_>,
) -> Outcome<Existing> {
    let mut ours = Vec::new();
    for server in known.servers {
        let meant = server
            .marks
            .as_ref()
            .is_some_and(|m| m.owner == *known.owner && m.host == *host && m.role == role);
        if meant {
            ours.extend(OwnedServer::claim(server.clone(), known.owner).ok());
        } else if server.name == name && known.capabilities.unique_names {
            return Err(stranger(name, server, known.owner));
        }
    }
    ours.sort_by_key(rank);
    let mut ours = ours.into_iter();
    let server = ours.next();
    let surplus: Vec<OwnedServer> = ours.collect();
    if let Some(first) = &server
        && !surplus.iter().all(|more| is_surplus(first, more, known))
    {
        return Err(several(host, name, first, &surplus));
    }
    Ok(Existing { server, surplus })
}

/// Of several servers of a host the first is meant: the one that got furthest, and of these the
/// eldest.
pub fn rank(server: &OwnedServer) -> impl Ord + use<> {
    (Reverse(server.marks().phase), server.server().created)
}

/// The same run made both, and nothing is on this one.
fn is_surplus(first: &OwnedServer, more: &OwnedServer, known: Known<'_>) -> bool {
    !known.capabilities.unique_names
        && more.marks().phase == Phase::Created
        && more.marks().run == first.marks().run
}

fn several(host: &HostName, name: &str, first: &OwnedServer, more: &[OwnedServer]) -> Failure {
    let all = std::iter::once(first).chain(more);
    let ids: Vec<_> = all.map(|s| s.id().to_string()).collect();
    Failure::new(
        Exit::Refused,
        format!("{name}: there are {} servers of it", ids.len()),
        format!("servers {} all bear its marks", ids.join(", ")),
    )
    .mend(format!("remove them: provision teardown {host}"))
}

/// A server that exists keeps its type and its place: flags that say otherwise are not dropped.
pub(super) fn as_wished(server: &Server, flags: &UpFlags, wishes: &Wishes) -> Outcome {
    let id = server.id.as_str().to_owned();
    for (flag, given, is) in [
        ("--type", &flags.server_type, &server.server_type),
        ("--location", &flags.location, &server.location),
        // the flag, else service in host.toml
        ("--server", &wishes.service, &id),
    ] {
        if let Some(given) = given.as_ref().filter(|given| *given != is) {
            return Err(Failure::new(
                Exit::Refused,
                format!("{}: exists, and is not as {flag} says", server.name),
                format!("server {} is {is}, and {given} is asked for", server.id),
            )
            .mend(format!(
                "leave {flag} out (or what stands for it in host.toml), or remove the server first: provision teardown --help"
            )));
        }
    }
    Ok(())
}

fn stranger(name: &str, server: &Server, owner: &Owner) -> Failure {
    let why = match OwnedServer::claim(server.clone(), owner) {
        Err(NotOurs { why, .. }) => why,
        Ok(own) => format!("it is for {}", own.marks().host),
    };
    Failure::new(
        Exit::Refused,
        format!("{name}: a server of that name exists and is not ours"),
        format!("server {}: {why}", server.id),
    )
    .mend("rename the host, or that server; provision never touches what does not bear its mark")
}
