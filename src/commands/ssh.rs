//! `provision ssh`: a login with the pinned host key, from any machine of the same owner.

use crate::child;
use crate::cli::Ssh;
use crate::clouds::Cloud;
use crate::commands::found;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::trust;
use provision_api::{Phase, Role};
use std::process::ExitStatus;

/// Logs in, or runs a command.
pub async fn run(context: &Context, flags: Ssh) -> Outcome {
    let flake = context.flake()?;
    let host = found::host(&flake, &flags.host)?;
    let cloud = Cloud::open(context, found::provider_of(context, &host))?;
    let server = found::server(context, &cloud, &host.name, Role::of(flags.test)).await?;
    let name = server.server().name.clone();
    if server.marks().phase < Phase::Installed {
        return Err(Failure::new(
            Exit::Refused,
            format!("{name}: there is no system to log in to yet"),
            format!(
                "its installation stopped when it was {}",
                server.marks().phase
            ),
        )
        .mend(format!("provision up {}{}", host.name, context.flags())));
    }
    let mut target = trust::admin(context, &host, &server, context.deadlines.answer()).await?;
    if let Some(user) = flags.user {
        target.user = user;
    }
    let mut command = child::command("ssh");
    command
        .args(target.options())
        .env_remove("SSH_AUTH_SOCK")
        .arg("--")
        .arg(&target.host)
        .args(&flags.command);
    let status = command.status().await.map_err(|e| {
        Failure::new(Exit::Tool, "ssh is missing", e)
            .mend("install OpenSSH's client (Debian: apt install openssh-client)")
    })?;
    ended(status)
}

/// The command's own exit status is ours, as with `ssh` itself.
fn ended(status: ExitStatus) -> Outcome {
    if status.success() {
        return Ok(());
    }
    Err(Failure::ended_with(status.code().unwrap_or(255)))
}
