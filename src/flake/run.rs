//! Nix as a child process: watched line by line, and ended with all it started.

use crate::child::Group;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

/// Lines of standard error that are kept.
const KEPT: usize = 200;
/// Bytes of standard output that are read, and of one line of standard error.
const MOST: u64 = 16 << 20;

/// When to give up.
#[derive(Debug, Clone)]
pub struct Limits {
    /// How long it may take.
    pub within: Duration,
    /// Ctrl-C, or whatever else ends the run.
    pub cancel: CancellationToken,
}

/// How a child ended by itself.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    pub(super) stdout: Vec<u8>,
    /// The last lines of standard error.
    pub(super) stderr: Vec<String>,
}

/// Why a child did not end by itself.
#[derive(Debug, thiserror::Error)]
pub(super) enum ChildError {
    #[error("it cannot be run: {0}")]
    Io(#[from] io::Error),
    #[error("it took longer than {} s", .0.as_secs())]
    TimedOut(Duration),
    #[error("it was cancelled")]
    Cancelled,
}

/// Runs a command to its end in a process group of its own; `on_line` gets every line of its
/// standard error. When time is up or the run is cancelled the whole group is ended first.
pub(super) async fn run(
    command: &mut Command,
    limits: &Limits,
    on_line: &mut (dyn FnMut(&str) + Send),
) -> Result<Ended, ChildError> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut group = Group::start(command)?;
    let stdout = group.child().stdout.take();
    let stderr = group.child().stderr.take();
    let told = async {
        let (stdout, stderr, status) =
            tokio::join!(all(stdout), lines(stderr, on_line), group.wait());
        Ok(Ended {
            status: status?,
            stdout: stdout?,
            stderr,
        })
    };
    let failure = tokio::select! {
        ended = told => return ended,
        () = tokio::time::sleep(limits.within) => ChildError::TimedOut(limits.within),
        () = limits.cancel.cancelled() => ChildError::Cancelled,
    };
    group.end().await;
    Err(failure)
}

async fn all(pipe: Option<impl AsyncRead + Unpin>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        pipe.take(MOST).read_to_end(&mut bytes).await?;
    }
    Ok(bytes)
}

async fn lines(
    pipe: Option<impl AsyncRead + Unpin>,
    on_line: &mut (dyn FnMut(&str) + Send),
) -> Vec<String> {
    let mut kept = std::collections::VecDeque::new();
    let Some(pipe) = pipe else {
        return Vec::new();
    };
    let mut pipe = BufReader::new(pipe);
    let mut line = Vec::new();
    while let Ok(1..) = (&mut pipe).take(MOST).read_until(b'\n', &mut line).await {
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end();
        on_line(text);
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(text.to_owned());
        line.clear();
    }
    kept.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    fn limits(within: Duration) -> Limits {
        Limits {
            within,
            cancel: CancellationToken::new(),
        }
    }

    fn sh(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    #[tokio::test]
    async fn both_streams_are_taken_and_the_end_is_told() {
        let mut seen = Vec::new();
        let ended = run(
            &mut sh("echo out; echo one >&2; echo two >&2; exit 3"),
            &limits(Duration::from_secs(20)),
            &mut |line| seen.push(line.to_owned()),
        )
        .await
        .unwrap();
        assert_eq!(ended.status.code(), Some(3));
        assert_eq!(ended.stdout, b"out\n");
        assert_eq!(ended.stderr, ["one", "two"]);
        assert_eq!(seen, ended.stderr);
    }

    #[tokio::test]
    async fn what_does_not_end_is_ended_with_its_children() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        // the grandchild ignores the polite request
        let script = format!(
            "sh -c 'trap \"\" TERM; echo $$ >{0}; while :; do sleep 1; done' & \
             while [ ! -s {0} ]; do sleep 0.05; done; echo ready >&2; wait",
            file.display()
        );
        let cancel = CancellationToken::new();
        let on_ready = cancel.clone();
        let limits = Limits {
            within: Duration::from_secs(60),
            cancel,
        };
        let error = run(&mut sh(&script), &limits, &mut |_| on_ready.cancel())
            .await
            .unwrap_err();
        assert!(matches!(error, ChildError::Cancelled), "{error}");
        let pid = std::fs::read_to_string(&file).unwrap();
        let status = format!("/proc/{}/stat", pid.trim());
        let until = Instant::now() + Duration::from_secs(20);
        // a zombie until the machine's first process takes note of it
        while std::fs::read_to_string(&status).is_ok_and(|s| !s.contains(") Z ")) {
            assert!(Instant::now() < until, "{pid} lives on");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    #[tokio::test]
    async fn time_is_bounded() {
        let error = run(
            &mut sh("sleep 600"),
            &limits(Duration::from_millis(100)),
            &mut |_| {},
        )
        .await
        .unwrap_err();
        assert!(matches!(error, ChildError::TimedOut(_)), "{error}");
    }
}
