//! A client that is a program: what it says, under a deadline.

use crate::support::world::World;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

const DEADLINE: Duration = Duration::from_secs(120);

/// The program with the environment that the sandbox tells, and no other account's.
pub(crate) fn command(program: &Path, world: &World) -> Command {
    let mut command = Command::new(program);
    command
        .env("HOME", world.folder.path())
        .env("HCLOUD_CONFIG", world.file("cli.toml"))
        .env_remove("HCLOUD_CONTEXT")
        .envs(world.access().environment())
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

/// Its stdout; a failure fails the test with what it said.
pub(crate) async fn output(command: &mut Command) -> String {
    let what = format!("{:?}", command.as_std().get_args().collect::<Vec<_>>());
    let output = tokio::time::timeout(DEADLINE, command.output())
        .await
        .unwrap_or_else(|_| panic!("{what} did not end"))
        .unwrap_or_else(|e| panic!("{what}: {e}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{what} ended with {}:\n{}{}",
        output.status,
        text(&output.stdout),
        text(&output.stderr)
    );
    text(&output.stdout)
}
