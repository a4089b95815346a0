//! A host that is named and means nothing anywhere.

use super::choose::Seen;
use crate::cli::Teardown;
use crate::commands::everywhere::Everywhere;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::plan::server_name;
use provision_api::{HostName, Role};

/// A name that means nothing anywhere is a mistake, and then nothing at all is removed.
pub(super) fn known(
    context: &Context,
    flags: &Teardown,
    host: &HostName,
    all: &[Seen],
    everywhere: &Everywhere,
) -> Outcome {
    let is_ours = all.iter().any(|seen| {
        let servers = seen.removal.servers.iter().chain(&seen.others);
        let mut hosts = servers.map(|server| &server.marks().host);
        let leftovers = &seen.removal.leftovers;
        hosts.any(|one| one == host) || leftovers.iter().any(|l| l.host.as_ref() == Some(host))
    });
    if is_ours {
        return Ok(());
    }
    asked(context, host, everywhere)?;
    let name = server_name(host, Role::of(flags.test));
    let mut strangers = all.iter().flat_map(|seen| &seen.strangers);
    let stranger = strangers.find(|server| server.name == name);
    let hosts = context.flake().and_then(|flake| {
        flake
            .host_names()
            .map_err(|e| Failure::new(Exit::Config, "the flake's hosts cannot be read", e))
    });
    match (hosts, stranger) {
        (Ok(hosts), Some(stranger)) if hosts.contains(host) => {
            context.teller.note(format!("{stranger}; it stays"));
            Ok(())
        }
        (Ok(hosts), None) if hosts.contains(host) => Ok(()),
        (_, Some(stranger)) => Err(Failure::new(
            Exit::Refused,
            format!("{host}: nothing of it is ours"),
            stranger,
        )
        .mend("--owner names whose servers are meant; nothing was removed")),
        (hosts, None) => {
            let flake = match hosts {
                Ok(hosts) => {
                    let hosts: Vec<&str> = hosts.iter().map(HostName::as_str).collect();
                    format!("the flake has {}", hosts.join(", "))
                }
                Err(failure) => failure.to_string(),
            };
            Err(Failure::new(
                Exit::Refused,
                format!("{host}: is neither in the flake nor in the cloud"),
                format!("no server of {} is for it; {flake}", context.owner),
            )
            .mend(format!(
                "see the names with provision list{}; nothing was removed",
                context.flags()
            )))
        }
    }
}

/// Nothing of it was found: that tells nothing if its provider was not asked.
fn asked(context: &Context, host: &HostName, everywhere: &Everywhere) -> Outcome {
    let Some(found) = context.flake().ok().and_then(|flake| flake.host(host).ok()) else {
        return Ok(());
    };
    if everywhere.has_asked(&found) {
        return Ok(());
    }
    if let Some(failure) = everywhere.unseen.first() {
        return Err(failure.clone());
    }
    let provider = found.spec.provider_name();
    let (exit, why, mend) = if context.global.provider.is_some() {
        (
            Exit::Refused,
            "another provider was named",
            format!("--provider {provider}"),
        )
    } else {
        (
            Exit::Denied,
            "there are no credentials for it",
            format!(
                "give the credentials of {provider}, or name where the server is: --provider NAME"
            ),
        )
    };
    Err(Failure::new(
        exit,
        format!("{host}: is at {provider} by its host.toml, which was not asked"),
        why,
    )
    .mend(format!("{mend}; nothing was removed")))
}
