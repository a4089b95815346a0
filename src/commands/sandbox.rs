//! `provision sandbox`: serves the embedded cloud for any other client.

mod image;
mod stop;

use crate::cli::{Global, Output, Sandbox as Flags, SandboxCommand};
use crate::context::{open_state, sandbox};
use crate::failure::{Exit, Failure, Outcome};
use crate::report;
use provision_sandbox::Options;
use tokio_util::sync::CancellationToken;

/// Does what is asked for; without a word, serves until it is told to stop.
pub async fn run(global: Global, flags: Flags, cancel: CancellationToken) -> Outcome {
    match &flags.command {
        Some(SandboxCommand::Stop) => stop::run(&global).await,
        Some(SandboxCommand::Image(what)) => image::run(&global, *what, &cancel).await,
        None => serve(global, flags, cancel).await,
    }
}

async fn serve(global: Global, flags: Flags, cancel: CancellationToken) -> Outcome {
    let state = open_state(&global, true)?;
    let latency = flags.latency.as_deref().map(sandbox::latency).transpose();
    let latency = latency.map_err(|e| {
        Failure::new(Exit::Usage, "--latency is not understood", e)
            .mend("off, realistic, or a factor of realistic like 0.1")
    })?;
    let settings = || std::env::var_os("PROVISION_SANDBOX_WORLD").map(Into::into);
    let options = Options {
        state_dir: state.root().join("world"),
        listen: Some(flags.listen),
        world: flags.world.or_else(settings),
        latency,
        machines: global.machines.map(Into::into),
        images: sandbox::images(global.machines, &report::choose(global.verbose), &cancel).await?,
        serve: true,
        record: std::env::var_os("PROVISION_SANDBOX_RECORD").map(Into::into),
    };
    let sandbox = sandbox::open(options).await?;
    tell(&sandbox, global.output);
    cancel.cancelled().await;
    sandbox.close().await.map_err(|e| sandbox::failure(&e))
}

fn tell(sandbox: &provision_sandbox::Sandbox, output: Output) {
    let mut environment = sandbox.access().environment();
    environment.push((
        "PROVISION_SANDBOX_CONTROL",
        sandbox.access().control.clone(),
    ));
    if output == Output::Json {
        let map: std::collections::BTreeMap<_, _> = environment.into_iter().collect();
        report::document(&serde_json::json!({ "schema": 1, "environment": map }));
        return;
    }
    for (name, value) in environment {
        // a shell evaluates this
        let value = value.replace('\'', r"'\''");
        report::hand_over(&format!("export {name}='{value}'"));
    }
    report::complain("the sandbox runs until it is interrupted (Ctrl-C)");
}
