//! Calls of `ssh`, in the forms in which the real program makes them.

use super::{Aborted, args::Request, say};
use std::ffi::OsString;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// The real program gives each question whether a machine is there so long.
const QUESTION: Duration = Duration::from_secs(10);
/// A phase may take so long; who runs this program has a deadline of their own before that.
const PHASE: Duration = Duration::from_secs(2 * 60 * 60);
/// How often a machine is asked whether it is there.
const PACE: Duration = Duration::from_millis(250);

/// A machine behind ssh.
#[derive(Debug)]
pub(super) struct Remote {
    /// Before the host.
    args: Vec<OsString>,
    /// `[user@]host`.
    pub(super) host: String,
    debug: bool,
}

/// What a question was answered with.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) ok: bool,
    pub(super) out: String,
    pub(super) err: String,
}

impl Remote {
    /// The machine of a request.
    pub(super) fn new(request: &Request) -> Self {
        let mut args: Vec<OsString> = Vec::new();
        if let Some(identity) = &request.identity {
            args.extend(["-o".into(), "IdentitiesOnly=yes".into(), "-i".into()]);
            args.push(identity.into());
        }
        for option in ["UserKnownHostsFile=/dev/null", "StrictHostKeyChecking=no"] {
            args.extend(["-o".into(), option.into()]);
        }
        args.extend(request.ssh.iter().map(OsString::from));
        Self {
            args,
            host: request.target.clone(),
            debug: request.debug,
        }
    }

    /// From now on as root.
    pub(super) fn become_root(&mut self) {
        let host = self.host.rsplit('@').next().unwrap_or_default();
        self.host = format!("root@{host}");
    }

    /// From now on at this port. Like the real program, it changes a port that was given and
    /// adds none.
    pub(super) fn change_port(&mut self, port: &str) {
        if let Some(at) = self.args.iter().position(|a| a == "-p")
            && let Some(old) = self.args.get_mut(at + 1)
        {
            *old = port.into();
        }
    }

    /// `ssh [BEFORE] ARGS HOST [AFTER]`.
    fn command(&self, before: &[&str], after: &[&str]) -> Command {
        let mut command = Command::new("ssh");
        command.args(before).args(&self.args).arg(&self.host);
        command.args(after);
        if self.debug {
            let words: Vec<_> = command.get_args().map(|a| a.to_string_lossy()).collect();
            say(&format!("SSH COMMAND: ssh {}", words.join(" ")));
        }
        command
    }

    /// The login name that ssh's configuration settles.
    pub(super) fn user(&self) -> Result<String, Aborted> {
        let mut command = Command::new("ssh");
        command.args(&self.args).args(["-G", &self.host]);
        let answer = ask(command)?;
        let user = answer
            .out
            .lines()
            .find_map(|line| line.strip_prefix("user "));
        user.map(str::to_owned)
            .ok_or_else(|| format!("ssh -G does not tell the user: {}", answer.err.trim()).into())
    }

    /// Whether a login works at all, with every key that there is.
    pub(super) fn greet(&self) -> Result<Answer, Aborted> {
        let before = ["-o", "IdentitiesOnly=no", "-o", "ConnectTimeout=10"];
        ask(self.command(&before, &["exit", "0"]))
    }

    /// What a script says.
    pub(super) fn ask(&self, script: &str) -> Result<Answer, Aborted> {
        ask(self.command(&["-T"], &["-o", "ConnectTimeout=10", script]))
    }

    /// What a script says that has more to do than to answer.
    pub(super) fn ask_for_long(&self, script: &str) -> Result<Answer, Aborted> {
        ask_within(
            self.command(&["-T"], &["-o", "ConnectTimeout=10", script]),
            Duration::from_secs(60),
        )
    }

    /// The id of the boot that answers; nothing when none does.
    pub(super) fn boot(&self) -> Result<Result<String, String>, Aborted> {
        let script = "cat /proc/sys/kernel/random/boot_id";
        let answer = ask(self.command(&[], &["--", script]))?;
        Ok(if answer.ok {
            Ok(answer.out.trim().to_owned())
        } else {
            Err(answer.err.trim().to_owned())
        })
    }

    /// Asks again and again, until the answer is the wanted one.
    pub(super) fn until(
        &self,
        patience: Duration,
        what: &str,
        wanted: impl Fn(&Result<String, String>) -> bool,
    ) -> Result<(), Aborted> {
        let end = Instant::now() + patience;
        loop {
            let boot = self.boot()?;
            if wanted(&boot) {
                return Ok(());
            }
            if Instant::now() > end {
                let last = boot.err().unwrap_or_default();
                let seconds = patience.as_secs();
                return Err(format!("{what} not within {seconds} s. {last}").into());
            }
            std::thread::sleep(PACE);
        }
    }

    /// Runs a script with this file as its input.
    pub(super) fn run_from(&self, script: &str, input: File) -> Result<ExitStatus, Aborted> {
        let mut command = self.command(&["-T"], &[script]);
        command.stdin(input);
        let status = wait(&mut spawn(&mut command)?, PHASE)?;
        status.ok_or_else(too_long)
    }

    /// The arguments that come before the host, for programs that call ssh by themselves.
    pub(super) fn args(&self) -> &[OsString] {
        &self.args
    }

    /// Runs a script with this input; what it says goes where this program's output goes.
    pub(super) fn run(&self, script: &str, input: Vec<u8>) -> Result<ExitStatus, Aborted> {
        let mut command = self.command(&["-T"], &[script]);
        command.stdin(Stdio::piped());
        let mut child = spawn(&mut command)?;
        let stdin = child.stdin.take();
        let feeding = std::thread::spawn(move || {
            if let Some(mut stdin) = stdin {
                // a machine that takes no more says why on its own
                drop(stdin.write_all(&input));
            }
        });
        let status = wait(&mut child, PHASE)?;
        drop(feeding.join());
        status.ok_or_else(too_long)
    }
}

fn too_long() -> Aborted {
    format!("the machine took longer than {} s", PHASE.as_secs()).into()
}

fn spawn(command: &mut Command) -> Result<Child, Aborted> {
    command
        .spawn()
        .map_err(|e| format!("ssh cannot be run ({e}): is it installed, and on PATH?").into())
}

/// Asks a short question.
fn ask(command: Command) -> Result<Answer, Aborted> {
    ask_within(command, QUESTION)
}

fn ask_within(mut command: Command, long: Duration) -> Result<Answer, Aborted> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = spawn(&mut command)?;
    let Some(status) = wait(&mut child, long)? else {
        let err = "no answer in time".to_owned();
        return Ok(Answer {
            err,
            ..Answer::default()
        });
    };
    let mut answer = Answer {
        ok: status.success(),
        ..Answer::default()
    };
    // answers are short: they fit into the pipes that the child has left behind
    if let Some(mut out) = child.stdout.take() {
        drop(out.read_to_string(&mut answer.out));
    }
    if let Some(mut err) = child.stderr.take() {
        drop(err.read_to_string(&mut answer.err));
    }
    Ok(answer)
}

/// Waits for a child, and ends one that takes longer.
pub(super) fn wait(child: &mut Child, long: Duration) -> Result<Option<ExitStatus>, Aborted> {
    let end = Instant::now() + long;
    let mut pause = Duration::from_millis(2);
    loop {
        let waited = child
            .try_wait()
            .map_err(|e| Aborted(format!("a child cannot be waited for: {e}")))?;
        if waited.is_some() {
            return Ok(waited);
        }
        if Instant::now() > end {
            drop(child.kill());
            drop(child.wait());
            return Ok(None);
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}
