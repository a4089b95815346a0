//! One run of `ssh`: what goes in, what comes out, and what its own errors mean.

use super::{Printed, SshError};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};

/// No terminal, and an end where nobody answers any more.
pub(super) const PATIENCE: [&str; 7] = [
    "-T",
    "-o",
    "ConnectTimeout=10",
    "-o",
    "ServerAliveInterval=5",
    "-o",
    "ServerAliveCountMax=3",
];

/// More than this, in bytes, answers nothing that is ever asked: a machine that prints without end
/// must not fill the memory.
const MOST: u64 = 8 * 1024 * 1024;

/// Runs `ssh`, hands it what goes to its standard input, and reads what it prints.
pub(super) async fn execute(
    mut command: tokio::process::Command,
    stdin: Option<&[u8]>,
    deadline: Duration,
) -> Result<Printed, SshError> {
    command
        .env_remove("SSH_AUTH_SOCK")
        .stdin(if stdin.is_some() {
            Stdio::piped()
        } else {
            Stdio::null()
        })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command
        .spawn()
        .map_err(|e| SshError::NoProgram(e.to_string()))?;
    let (input, out, err) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let telling = async {
        if let (Some(mut pipe), Some(bytes)) = (input, stdin) {
            // a machine that does not read all of it tells so by its exit status
            let _ = pipe.write_all(bytes).await;
        }
        Ok(())
    };
    let work = async {
        let ((), stdout, stderr) = tokio::try_join!(telling, all_of(out), all_of(err))?;
        let status = child.wait().await.map_err(|e| broken(&e))?;
        Ok(Printed {
            stdout,
            stderr,
            code: status.code().unwrap_or(255),
        })
    };
    match tokio::time::timeout(deadline, work).await {
        Err(_) => Err(SshError::TimedOut(deadline.as_secs())),
        Ok(printed) => printed.and_then(classify),
    }
}

/// All that comes, unless it is more than anything that was asked for.
async fn all_of(pipe: Option<impl AsyncRead + Unpin>) -> Result<String, SshError> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        let mut pipe = pipe.take(MOST);
        pipe.read_to_end(&mut bytes).await.map_err(|e| broken(&e))?;
        if pipe.limit() == 0 {
            return Err(SshError::Endless(MOST / (1024 * 1024)));
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn broken(error: &std::io::Error) -> SshError {
    SshError::NoProgram(error.to_string())
}

/// `ssh` ends with 255 for its own errors; what it prints tells which.
fn classify(printed: Printed) -> Result<Printed, SshError> {
    if printed.code != 255 {
        return Ok(printed);
    }
    let text = printed.stderr.trim();
    let last = text.lines().last().unwrap_or("no reason given").to_owned();
    let says = |needle: &str| text.contains(needle);
    if says("Host key verification failed")
        || says("REMOTE HOST IDENTIFICATION HAS CHANGED")
        || says("no matching host key type found")
    {
        return Err(SshError::HostKey(last));
    }
    if says("Permission denied") || says("Too many authentication failures") {
        return Err(SshError::Refused(last));
    }
    Err(SshError::Silent(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(code: i32, stderr: &str) -> Result<Printed, SshError> {
        classify(Printed {
            stdout: String::new(),
            stderr: stderr.to_owned(),
            code,
        })
    }

    #[tokio::test]
    async fn what_is_printed_without_end_is_not_waited_for() {
        let printed = |script: &str| {
            let mut command = crate::child::command("sh");
            command.args(["-c", script]);
            execute(command, Some(b"given"), Duration::from_secs(60))
        };
        for stream in [1, 2] {
            let ended = printed(&format!("yes without an end >&{stream}")).await;
            assert!(matches!(ended, Err(SshError::Endless(8))), "{ended:?}");
        }
        let well = printed("cat; echo told >&2; exit 3").await.unwrap();
        assert_eq!(
            (well.stdout.as_str(), well.stderr.as_str(), well.code),
            ("given", "told\n", 3)
        );
    }

    #[test]
    fn sshs_own_errors_are_told_apart() {
        assert!(ended(1, "Permission denied by the program itself").is_ok());
        assert!(matches!(
            ended(
                255,
                "ssh: connect to host 127.0.0.1 port 1: Connection refused"
            ),
            Err(SshError::Silent(_))
        ));
        assert!(matches!(
            ended(
                255,
                "No ED25519 host key is known for x and you have requested strict checking.\nHost key verification failed."
            ),
            Err(SshError::HostKey(_))
        ));
        assert!(matches!(
            ended(255, "root@127.0.0.1: Permission denied (publickey)."),
            Err(SshError::Refused(_))
        ));
    }
}
