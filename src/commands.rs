//! The verbs, one a file.

pub mod about;
pub mod console;
mod everywhere;
mod found;
pub mod host_key;
pub mod install;
pub mod list;
pub mod rescue;
pub mod sandbox;
pub mod show;
pub mod ssh;
pub mod teardown;
pub mod up;

use crate::cli::{Cli, Command, Host};
use crate::context::{Context, Kept, unless};
use crate::failure::Outcome;
use tokio_util::sync::CancellationToken;

/// Runs what the command line says.
pub async fn run(cli: Cli, cancel: CancellationToken) -> Outcome {
    cli.check()?;
    let command = match cli.command {
        Some(Command::Completions { shell }) => return about::completions(shell),
        Some(Command::Man) => return about::man(),
        Some(Command::Sandbox(flags)) => return sandbox::run(cli.global, flags, cancel).await,
        other => other,
    };
    let kept = match command {
        Some(Command::Teardown(_) | Command::List) => Kept::IfPossible,
        _ => Kept::Always,
    };
    let opened = Context::open(cli.global, kept, cancel.clone());
    let context = unless(&cancel, "nothing was done", opened).await?;
    let looked = "stopped before everything was asked";
    let outcome = match command {
        None => up::bare(&context, cli.host, &cli.up).await,
        Some(Command::Up(up)) => up::run(&context, &up.hosts, &up.flags).await,
        Some(Command::Install(flags)) => Box::pin(install::run(&context, flags)).await,
        Some(Command::Rescue(flags)) => Box::pin(rescue::run(&context, &flags)).await,
        Some(Command::Teardown(flags)) => teardown::run(&context, &flags).await,
        Some(Command::List) => context.unless_stopped(looked, list::run(&context)).await,
        Some(Command::Show(one)) => {
            let show = show::run(&context, &one);
            context.unless_stopped(looked, show).await
        }
        Some(Command::Console(flags)) => {
            let shown = console::run(&context, &flags);
            context.unless_stopped(looked, shown).await
        }
        Some(Command::Ssh(flags)) => ssh::run(&context, flags).await,
        Some(Command::Host(Host::Key(one))) => host_key::run(&context, &one.host).await,
        Some(Command::Completions { .. } | Command::Man | Command::Sandbox(_)) => Ok(()),
    };
    let closed = context.close().await;
    outcome.and(closed)
}
