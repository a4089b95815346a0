//! `provision ssh`: a login with the pinned host key, from any machine of the same owner.

use crate::child;
use crate::cli::Ssh;
use crate::clouds::Cloud;
use crate::commands::found;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::ssh::{SshError, Target, pins};
use crate::trust;
use provision_api::{Fingerprint, OwnedServer, Phase, Role};
use std::process::ExitStatus;
use std::time::Duration;
use tokio::process::Child;

/// After it was asked to end, `ssh` has this long to give the terminal back.
const GRACE: Duration = Duration::from_secs(2);

/// Logs in, or runs a command.
pub async fn run(context: &Context, flags: Ssh) -> Outcome {
    let flake = context.flake()?;
    let host = found::host(&flake, &flags.host)?;
    let cloud = Cloud::open(context, found::provider_of(context, &host))?;
    let role = Role::of(flags.test);
    let server = found::server(context, &cloud, &host.name, role).await?;
    let name = server.server().name.clone();
    if server.marks().phase < Phase::Installed {
        let phase = server.marks().phase;
        return Err(Failure::new(
            Exit::Refused,
            format!("{name}: there is no system to log in to yet"),
            format!("its installation stopped when it was {phase}"),
        )
        .mend(format!(
            "provision up {}",
            found::naming(context, &host.name, role)
        )));
    }
    let looking = async {
        let mut target = trust::admin(context, &host, &server, context.deadlines.answer()).await?;
        if let Some(user) = flags.user {
            target.user = user;
        }
        let disk = format!(
            "provision rescue {} --off boots it from its disk",
            found::naming(context, &host.name, role)
        );
        is_it(context, &server, &target, disk).await?;
        Ok(target)
    };
    let target = context
        .unless_stopped(format!("{name}: stopped"), looking)
        .await?;
    log_in(context, &target, &flags.command).await
}

/// Whoever is not the installed system is told of here, because of another host key OpenSSH says
/// only that it may be an attack, and how to forget the pinned one.
///
/// It is found out by a login: sshd counts who looks at its key and leaves (`PerSourcePenalties`).
async fn is_it(context: &Context, server: &OwnedServer, target: &Target, disk: String) -> Outcome {
    let (name, host, port) = (&target.name, &target.host, target.port);
    let within = context.deadlines.command();
    match target.run("true", None, within).await {
        Ok(_) => return Ok(()),
        Err(error @ (SshError::Refused(_) | SshError::NoProgram(_))) => {
            return Err(error.failure(name));
        }
        Err(
            SshError::HostKey(_)
            | SshError::Silent(_)
            | SshError::TimedOut(_)
            | SshError::Endless(_),
        ) => {}
    }
    let Some(shown) = pins::shown_by(host, port, within).await? else {
        return Err(Failure::new(
            Exit::Unreachable,
            format!("{name}: no answer at {host}:{port}"),
            "nobody shows a host key there",
        )
        .mend(
            "look at its console at the vendor; a firewall may keep SSH out, and sshd keeps out \
             for a while who failed too often (PerSourcePenalties)",
        ));
    };
    let shown = Fingerprint::of_key(&shown);
    if Some(shown) == server.marks().host_key {
        return Ok(());
    }
    if trust::is_in_rescue(context, target).await {
        return Err(Failure::new(
            Exit::Refused,
            format!("{name}: it is in rescue"),
            format!("its rescue system answers at {host}:{port}, with the host key {shown}"),
        )
        .mend(disk));
    }
    Err(Failure::new(
        Exit::Trust,
        format!("{name}: refused to talk to whoever answers at {host}:{port}"),
        format!("its host key is {shown}, not the one of the installed system"),
    )
    .mend(format!(
        "find out who answers there (the vendor's console shows the machine); if it is a rescue \
         system that was booted elsewhere, {disk}"
    )))
}

async fn log_in(context: &Context, target: &Target, words: &[String]) -> Outcome {
    let mut command = child::command("ssh");
    command
        .args(target.options())
        .args(["-o", "ConnectTimeout=10"])
        .args([
            "-o",
            "ServerAliveInterval=15",
            "-o",
            "ServerAliveCountMax=4",
        ])
        .env_remove("SSH_AUTH_SOCK")
        .arg("--")
        .arg(&target.host)
        .args(words);
    let mut child = command.spawn().map_err(|e| {
        Failure::new(Exit::Tool, "ssh is missing", e)
            .mend("install OpenSSH's client (Debian: apt install openssh-client)")
    })?;
    tokio::select! {
        biased;
        () = context.cancel.cancelled() => {
            end(child).await;
            Err(Failure::interrupted(format!("{}: stopped", target.name)))
        }
        status = child.wait() => ended(status.map_err(|e| {
            Failure::new(Exit::Other, format!("{}: lost sight of ssh", target.name), e)
        })?),
    }
}

/// Asks `ssh` to end, so that it gives the terminal back as it was; else it is ended by force.
async fn end(mut child: Child) {
    let id = child.id().and_then(|id| i32::try_from(id).ok());
    if let Some(id) = id.and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
    }
    let _ = tokio::time::timeout(GRACE, child.wait()).await;
}

/// The command's own exit status is ours, as with `ssh` itself.
fn ended(status: ExitStatus) -> Outcome {
    if status.success() {
        return Ok(());
    }
    Err(Failure::ended_with(status.code().unwrap_or(255)))
}
