//! `provision sandbox stop`: nothing of the sandbox runs any more.

use crate::cli::{Global, Output};
use crate::context::open_state;
use crate::failure::{Exit, Failure, Outcome};
use crate::report;
use provision_sandbox::SandboxError;

/// Ends what runs, and says what that was.
pub(super) async fn run(global: &Global) -> Outcome {
    let state = open_state(global, true)?;
    let ended = provision_sandbox::stop(&state.root().join("world")).await;
    let ended = ended.map_err(|error| match error {
        SandboxError::InUse { .. } => Failure::new(
            Exit::Busy,
            "the sandbox is not stopped: a command works in it",
            error,
        )
        .mend("end that command (Ctrl-C), then stop the sandbox again"),
        other => Failure::new(Exit::Other, "the sandbox cannot be stopped", other),
    })?;
    if global.output == Output::Json {
        report::document(&serde_json::json!({ "schema": 1, "ended": ended }));
    } else if ended.is_empty() {
        report::print("nothing of the sandbox runs");
    } else {
        report::print(&ended.join("\n"));
    }
    Ok(())
}
