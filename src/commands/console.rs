//! `provision console`: what the serial console of a host's server said.

use crate::cli::Console;
use crate::clouds::Cloud;
use crate::commands::found;
use crate::console;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::report;
use crate::trust;
use provision_api::Role;
use std::time::Duration;

/// How often it is looked whether more was said.
const PAUSE: Duration = Duration::from_secs(1);

/// Shows it, once or until interrupted.
pub async fn run(context: &Context, flags: &Console) -> Outcome {
    if flags.follow && context.json() {
        return Err(Failure::new(
            Exit::Usage,
            "--follow has no end, and one JSON document has",
            "--output json is for what was said until now",
        )
        .mend("leave one of the two out"));
    }
    let host = found::host(&context.flake()?, &flags.host)?;
    let cloud = Cloud::open(context, found::provider_of(context, &host))?;
    let server = found::server(context, &cloud, &host.name, Role::of(flags.test)).await?;
    if context.sandbox.is_none() {
        return Err(console::elsewhere(&cloud, &server.server().name));
    }
    let address = trust::address(server.server())?;
    let lines = console::of_sandbox(context, &address).await?;
    if context.json() {
        report::document(&serde_json::json!({
            "schema": 1,
            "host": host.name,
            "lines": lines,
        }));
        return Ok(());
    }
    report::print(&lines.join("\n"));
    if flags.follow {
        return follow(context, &address, lines).await;
    }
    Ok(())
}

/// Goes on with what is said from now on; whoever interrupts that has seen enough.
async fn follow(context: &Context, address: &str, mut before: Vec<String>) -> Outcome {
    loop {
        let later = async {
            tokio::time::sleep(PAUSE).await;
            console::of_sandbox(context, address).await
        };
        let now = tokio::select! {
            biased;
            () = context.cancel.cancelled() => {
                return Err(Failure::ended_with(Exit::Interrupted as i32));
            }
            now = later => now?,
        };
        report::print(&console::since(&before, &now).join("\n"));
        before = now;
    }
}
