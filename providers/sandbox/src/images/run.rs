//! Runs other programs: each in a process group of its own, with a deadline, and with its last
//! lines kept for the case that it fails.

use super::ImageError;
use rustix::process::{Pid, Signal, kill_process_group};
use std::collections::VecDeque;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio_util::sync::CancellationToken;

/// How many lines are kept.
const LAST: usize = 15;
/// A kept line is cut here, in characters.
const LONGEST: usize = 300;
/// How long a program that is asked to end may tidy up after itself.
const GRACE: Duration = Duration::from_secs(20);

/// A program to run.
pub(super) struct Run<'a> {
    /// What it is to do, for errors.
    pub(super) step: &'a str,
    /// How long it may take.
    pub(super) deadline: Duration,
    /// Ends it early.
    pub(super) cancel: &'a CancellationToken,
    /// What it reads.
    pub(super) input: &'a str,
    /// Takes each line that it prints, and says how it may be shown.
    pub(super) line: &'a (dyn Fn(&str) -> String + Send + Sync),
}

/// Credentials of a real cloud, which no program that builds images needs.
const CREDENTIALS: [&str; 6] = [
    "HCLOUD_TOKEN",
    "OVH_APPLICATION_KEY",
    "OVH_APPLICATION_SECRET",
    "OVH_CONSUMER_KEY",
    "OVH_CLIENT_ID",
    "OVH_CLIENT_SECRET",
];

/// The command with a PATH that has administrators' programs, as Debian's root has.
pub(super) fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    let path = std::env::var("PATH").unwrap_or_default();
    command
        .env("PATH", format!("{path}:/usr/sbin:/sbin"))
        .env("LC_ALL", "C.UTF-8");
    for name in CREDENTIALS {
        command.env_remove(name);
    }
    command
}

impl Run<'_> {
    /// Runs it to its end; failing, running out of time and being given up are errors.
    pub(super) async fn run(&self, command: &mut Command) -> Result<(), ImageError> {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut group = Group::start(command)
            .map_err(|error| self.failed(format!("cannot start: {error}"), []))?;
        let mut last = VecDeque::new();
        let ended = tokio::select! {
                    ended = self.watch(&mut group, &mut last) => Some(ended),
                    () = self.cancel.cancelled() => None,
                    () = tokio::time::sleep(self.deadline) => {
                        group.end().await;
        let seconds = self.deadline.as_secs();
                        return Err(self.failed(format!("not done within {seconds} s"), last));
                    }
                };
        match ended {
            None => {
                group.end().await;
                Err(ImageError::Cancelled)
            }
            Some(Ok(status)) if status.success() => Ok(()),
            Some(Ok(status)) => Err(self.failed(format!("failed with {status}"), last)),
            Some(Err(error)) => Err(self.failed(format!("cannot be read: {error}"), last)),
        }
    }

    /// What a short program prints; nothing when it fails or takes more than the deadline.
    pub(super) async fn output(program: &str, arguments: &[&str]) -> Option<String> {
        let mut command = command(program);
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let output = tokio::time::timeout(GRACE, command.output())
            .await
            .ok()?
            .ok()?;
        output
            .status
            .success()
            .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn failed(&self, message: String, last: impl Into<VecDeque<String>>) -> ImageError {
        ImageError::Failed {
            step: self.step.to_owned(),
            message,
            last: last.into().into(),
        }
    }

    async fn watch(
        &self,
        group: &mut Group,
        last: &mut VecDeque<String>,
    ) -> io::Result<ExitStatus> {
        if let Some(mut input) = group.child.stdin.take() {
            // a program that reads nothing says by its status what is wrong
            let _ = input.write_all(self.input.as_bytes()).await;
        }
        let mut out: Option<Lines<BufReader<ChildStdout>>> = group.child.stdout.take().map(lines);
        let mut err: Option<Lines<BufReader<ChildStderr>>> = group.child.stderr.take().map(lines);
        while out.is_some() || err.is_some() {
            let (line, ended) = tokio::select! {
                line = next(&mut out), if out.is_some() => (line, true),
                line = next(&mut err), if err.is_some() => (line, false),
            };
            match line {
                Ok(Some(line)) => self.keep(&line, last),
                // not text, or the end
                Ok(None) | Err(_) if ended => out = None,
                Ok(None) | Err(_) => err = None,
            }
        }
        group.wait().await
    }

    fn keep(&self, line: &str, last: &mut VecDeque<String>) {
        let line = (self.line)(line.trim_end());
        if line.is_empty() {
            return;
        }
        if last.len() == LAST {
            last.pop_front();
        }
        last.push_back(line.chars().take(LONGEST).collect());
    }
}

fn lines<T: AsyncRead>(stream: T) -> Lines<BufReader<T>> {
    BufReader::new(stream).lines()
}

async fn next<T: AsyncRead + Unpin>(
    stream: &mut Option<Lines<BufReader<T>>>,
) -> io::Result<Option<String>> {
    match stream {
        Some(lines) => lines.next_line().await,
        None => Ok(None),
    }
}

/// A child with all of its own children: ended together when this is dropped.
pub(super) struct Group {
    pub(super) child: Child,
    id: Option<Pid>,
}

impl Group {
    pub(super) fn start(command: &mut Command) -> io::Result<Self> {
        let child = command.process_group(0).spawn()?;
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Ok(Self {
            id: id.and_then(Pid::from_raw),
            child,
        })
    }

    /// Waits until the first process has ended; what it left behind is ended then.
    pub(super) async fn wait(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait().await?;
        self.signal(Signal::KILL);
        // from here on the number may become somebody else's
        self.id = None;
        Ok(status)
    }

    fn signal(&self, signal: Signal) {
        if let Some(id) = self.id {
            // gone already is what is wanted
            let _ = kill_process_group(id, signal);
        }
    }

    /// Asks the group to end, and after a while ends by force what is left of it.
    pub(super) async fn end(mut self) {
        self.signal(Signal::TERM);
        // whoever is left did not listen: dropping ends it
        let _ = tokio::time::timeout(GRACE, self.child.wait()).await;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    async fn sh(
        script: &str,
        deadline: Duration,
        cancel: &CancellationToken,
    ) -> (Result<(), ImageError>, Vec<String>) {
        let lines = Mutex::new(Vec::new());
        let line = |line: &str| {
            lines.lock().unwrap().push(line.to_owned());
            line.replace("secret", "<hidden>")
        };
        let run = Run {
            step: "test",
            deadline,
            cancel,
            input: "told\n",
            line: &line,
        };
        let result = run.run(command("sh").args(["-c", script])).await;
        (result, lines.into_inner().unwrap())
    }

    #[tokio::test]
    async fn lines_are_told_and_the_last_ones_kept() {
        let cancel = CancellationToken::new();
        let (result, lines) = sh("cat; echo err >&2", Duration::from_secs(20), &cancel).await;
        result.unwrap();
        assert!(lines.contains(&"told".to_owned()) && lines.contains(&"err".to_owned()));

        let script = "for i in $(seq 40); do echo line $i; done; echo a secret; exit 3";
        let (result, _) = sh(script, Duration::from_secs(20), &cancel).await;
        let error = result.unwrap_err().to_string();
        assert!(
            error.starts_with("test: failed with exit status: 3"),
            "{error}"
        );
        assert!(
            error.contains("line 40") && error.contains("a <hidden>"),
            "{error}"
        );
        assert!(!error.contains("line 9\n"), "{error}");
    }

    #[tokio::test]
    async fn what_takes_too_long_is_ended() {
        let cancel = CancellationToken::new();
        let (result, _) = sh("sleep 1000", Duration::ZERO, &cancel).await;
        let error = result.unwrap_err().to_string();
        assert!(error.contains("not done within 0 s"), "{error}");
    }

    #[tokio::test]
    async fn what_is_given_up_ends_with_its_children() {
        let child = Mutex::new(String::new());
        let cancel = CancellationToken::new();
        let line = |line: &str| {
            line.clone_into(&mut child.lock().unwrap());
            cancel.cancel();
            String::new()
        };
        let run = Run {
            step: "test",
            deadline: Duration::from_secs(900),
            cancel: &cancel,
            input: "",
            line: &line,
        };
        let result = run
            .run(command("sh").args(["-c", "sleep 1000 & echo $!; wait"]))
            .await;
        assert!(matches!(result, Err(ImageError::Cancelled)));
        let child = child.into_inner().unwrap();
        // one that nobody has waited for yet is a zombie, and no longer at work
        let at_work = || {
            let stat = std::fs::read_to_string(format!("/proc/{child}/stat"));
            stat.is_ok_and(|stat| !stat.contains(") Z "))
        };
        let mut looks = 0;
        while at_work() {
            looks += 1;
            assert!(looks < 500, "{child} is still at work");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
