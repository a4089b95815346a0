//! A client that is a program: what it says, under a deadline.

use crate::support::world::World;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
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
    answer(command.stdin(Stdio::null()), "").await
}

/// The same of one that is told something on its stdin.
pub(crate) async fn answer(command: &mut Command, told: &str) -> String {
    let what = format!("{:?}", command.as_std().get_args().collect::<Vec<_>>());
    let output = tokio::time::timeout(DEADLINE, talk(command, told))
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

async fn talk(command: &mut Command, told: &str) -> std::io::Result<Output> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    if !told.is_empty() {
        command.stdin(Stdio::piped());
    }
    let mut child = command.kill_on_drop(true).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(told.as_bytes()).await?;
    }
    child.wait_with_output().await
}
