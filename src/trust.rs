//! Whom a server must be: the host key whose fingerprint stands in the cloud's marks.

use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::host::Host;
use crate::identity::KeyFile;
use crate::ssh::{Target, pins};
use provision_api::wait::{Attempt, Deadline, WaitError, until};
use provision_api::{Backoff, Fingerprint, OwnedServer, Server};
use std::path::PathBuf;
use std::time::Duration;

/// The server's public address.
pub fn address(server: &Server) -> Outcome<String> {
    match (server.ipv4, server.ipv6) {
        (Some(v4), _) => Ok(v4.to_string()),
        // the vendors give the machine the first address of its prefix, or just that one
        (None, Some(net)) => {
            let own = u128::from(net.prefix_len() != 128);
            Ok(std::net::Ipv6Addr::from(u128::from(net.network()) + own).to_string())
        }
        (None, None) => Err(Failure::new(
            Exit::Provider,
            format!("{}: has no public address", server.name),
            "nothing can reach it",
        )),
    }
}

/// A server of ours, as one of its users, with the host keys pinned in that file.
pub fn target(
    context: &Context,
    server: &OwnedServer,
    user: &str,
    pins: PathBuf,
) -> Outcome<Target> {
    Ok(Target {
        name: server.server().name.clone(),
        host: address(server.server())?,
        port: context.ssh_port(),
        user: user.to_owned(),
        identity: context.login_key()?.path,
        pins,
    })
}

/// The admin of the installed system.
pub async fn admin(
    context: &Context,
    host: &Host,
    server: &OwnedServer,
    wait: Duration,
) -> Outcome<Target> {
    let pins = context
        .state
        .server(&server.server().name)?
        .pins("installed");
    let target = target(context, server, host.spec.admin.as_str(), pins)?;
    pin(context, server, &target, wait).await?;
    Ok(target)
}

/// Pins the key that the marks tell of: from what is kept here, else from what the machine
/// shows within the wait, compared by fingerprint.
pub async fn pin(
    context: &Context,
    server: &OwnedServer,
    target: &Target,
    wait: Duration,
) -> Outcome {
    let name = &target.name;
    let Some(expected) = server.marks().host_key else {
        return Err(Failure::new(
            Exit::Trust,
            format!("{name}: which host key it must show is not known"),
            "its marks tell no fingerprint",
        )
        .mend("the vendor's console shows the machine; --reinstall gives it a new key"));
    };
    let known = pins::read(&target.pins);
    if known.iter().any(|key| Fingerprint::of_key(key) == expected) {
        return Ok(());
    }
    let kept = context.state.server(name)?;
    for path in [kept.identity(), kept.first_boot()] {
        if let Ok(key) = KeyFile::read(&path)
            && key.fingerprint() == expected
        {
            return pins::write(&target.pins, name, &[key.public]);
        }
    }
    shown(context, target, expected, wait).await
}

/// Whether the rescue system that this machine booted answers in place of the installed system.
pub async fn is_in_rescue(context: &Context, target: &Target) -> bool {
    let Ok(kept) = context.state.server(&target.name) else {
        return false;
    };
    let known = pins::read(&kept.pins("rescue"));
    if known.is_empty() || target.pins == kept.pins("rescue") {
        return false;
    }
    let each = context.deadlines.command();
    match pins::shown_by(&target.host, target.port, each).await {
        Ok(Some(shown)) => known.iter().any(|key| key.key_data() == shown.key_data()),
        _ => false,
    }
}

async fn shown(
    context: &Context,
    target: &Target,
    expected: Fingerprint,
    wait: Duration,
) -> Outcome {
    let (file, name, host, port) = (&target.pins, &target.name, &target.host, target.port);
    let each = context.deadlines.command();
    until(
        "the machine to show its host key",
        Deadline::after(wait),
        &Backoff::new(Duration::from_millis(200), Duration::from_secs(5)),
        &context.cancel,
        async || {
            let pinned = pins::pin_by_fingerprint(file, name, host, port, expected, each).await?;
            Ok(if pinned {
                Attempt::Ready(())
            } else {
                Attempt::NotYet("nobody answers".to_owned())
            })
        },
    )
    .await
    .map_err(|error| match error {
        WaitError::Failed(failure) => failure,
        WaitError::Cancelled { .. } => Failure::interrupted(name.clone()),
        late @ WaitError::TimedOut { .. } => Failure::new(
            Exit::Unreachable,
            format!("{name}: no answer at {host}:{port}"),
            late,
        ),
    })
}
