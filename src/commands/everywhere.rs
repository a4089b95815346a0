//! What there is at every provider that there are credentials for.

use crate::clouds::Cloud;
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::host::Host;
use provision_api::{ErrorKind, Server};
use std::sync::Arc;

/// What was seen, and what could not be looked at.
#[derive(Debug, Default)]
pub(crate) struct Everywhere {
    /// Each provider with all of its servers.
    pub(crate) seen: Vec<(Arc<Cloud>, Vec<Server>)>,
    /// Why others were not seen: one that is out of order hides nothing of the rest.
    pub(crate) unseen: Vec<Failure>,
}

/// All servers of each provider, or of the one that is named.
///
/// The credentials of one vendor may open only some of its products: those that are closed are
/// said and passed over, as long as another one is open. Nothing that we made can be where we
/// are not let in, unless the rights have become fewer since: hence the warning.
pub(crate) async fn servers(context: &Context) -> Outcome<Everywhere> {
    let (clouds, unseen) = Cloud::all(context)?;
    let hosts = hosts(context);
    let mut everywhere = Everywhere {
        seen: Vec::new(),
        unseen,
    };
    let mut closed = Vec::new();
    for cloud in clouds {
        match cloud.provider.servers().await {
            Ok(servers) => everywhere.seen.push((cloud, servers)),
            Err(error) if is_closed(&error) && context.global.provider.is_none() => {
                closed.push((cloud, error));
            }
            Err(error) => everywhere.unseen.push(unlisted(context, &error)),
        }
    }
    for (cloud, error) in closed {
        let is_open = |(other, _): &(Arc<Cloud>, _)| other.vendor() == cloud.vendor();
        if everywhere.seen.iter().any(is_open) || !is_of_a_host(hosts.as_deref(), &cloud) {
            context.teller.warn(format!(
                "{}: passed over, what is there is not seen: {error}",
                cloud.name()
            ));
        } else {
            everywhere.unseen.push(unlisted(context, &error));
        }
    }
    match everywhere.unseen.first() {
        Some(first) if everywhere.seen.is_empty() => Err(first.clone()),
        _ => {
            unasked(context, &everywhere, &hosts.unwrap_or_default());
            Ok(everywhere)
        }
    }
}

impl Everywhere {
    /// Whether the provider that the host's `host.toml` names was looked at.
    pub(crate) fn has_asked(&self, host: &Host) -> bool {
        let name = host.spec.provider_name();
        self.seen.iter().any(|(cloud, _)| cloud.name() == name)
    }

    /// The first of what could not be looked at, once the rest is told.
    pub(crate) fn end(self) -> Outcome {
        match self.unseen.into_iter().next() {
            Some(failure) => Err(failure),
            None => Ok(()),
        }
    }
}

/// Hosts of the flake whose provider was not looked at, because nobody gave credentials for it.
fn unasked(context: &Context, everywhere: &Everywhere, hosts: &[Host]) {
    if context.global.provider.is_some() || !everywhere.unseen.is_empty() {
        return;
    }
    for host in hosts {
        if !everywhere.has_asked(host) {
            context.teller.note(format!(
                "{}: not looked for: there are no credentials for {}",
                host.name,
                host.spec.provider_name()
            ));
        }
    }
}

/// Whether a host of the flake is at that vendor: credentials for something else of the vendor's
/// are no reason to fail. Where the hosts cannot be read, they may be.
fn is_of_a_host(hosts: Option<&[Host]>, cloud: &Cloud) -> bool {
    let is_there = |host: &Host| host.spec.provider_name().starts_with(cloud.vendor());
    hosts.is_none_or(|hosts| hosts.iter().any(is_there))
}

/// The hosts of the flake, if there is one that can be read.
fn hosts(context: &Context) -> Option<Vec<Host>> {
    context.flake().ok()?.hosts().ok()
}

/// Not let in, or there is nothing to be let into.
fn is_closed(error: &provision_api::Error) -> bool {
    matches!(error.kind, ErrorKind::Denied | ErrorKind::NotFound)
}

fn unlisted(context: &Context, error: &provision_api::Error) -> Failure {
    let failure = Failure::provider("cannot list the servers", error);
    if context.global.provider.is_some() {
        return failure;
    }
    failure.or_mend("look at another provider alone: --provider NAME")
}
