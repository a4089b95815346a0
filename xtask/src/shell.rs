//! Children: each in a process group of its own, under a deadline, with its output passed on
//! and kept.

use crate::interrupt;
use rustix::process::{Pid, Signal, kill_process_group};
use std::io::{Read, Write};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

const LOOK: Duration = Duration::from_millis(50);
const GRACE: Duration = Duration::from_secs(10);

/// How a child is run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct How {
    /// How long it may take.
    pub(crate) deadline: Duration,
    /// How long it gets to end after it was asked to.
    pub(crate) grace: Duration,
    /// Its stdout is shown while it runs; kept in either case.
    pub(crate) show: bool,
    /// Ctrl-C is for it too. A clean-up that a Ctrl-C has caused does not listen.
    pub(crate) interruptible: bool,
}

impl How {
    /// Shown, interruptible, so many minutes.
    pub(crate) const fn minutes(minutes: u64) -> Self {
        Self {
            deadline: Duration::from_secs(minutes * 60),
            grace: GRACE,
            show: true,
            interruptible: true,
        }
    }

    /// The same, but its stdout is only kept.
    pub(crate) const fn quiet(mut self) -> Self {
        self.show = false;
        self
    }
}

/// A child that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// How it ended.
    pub(crate) status: ExitStatus,
    /// What it wrote to stdout.
    pub(crate) stdout: String,
}

impl Ended {
    /// Its stdout, or an error that names it when it did not succeed.
    pub(crate) fn success(self, what: &str) -> Result<String, String> {
        if self.status.success() {
            Ok(self.stdout)
        } else {
            Err(format!("{what} ended with {}", self.status))
        }
    }
}

/// Runs it to its end, without a stdin; stderr goes to ours.
///
/// An error says that it could not be started, or that it was ended by the deadline or by a
/// Ctrl-C; an exit code other than zero is in [`Ended::status`].
pub(crate) fn run(command: &mut Command, how: How) -> Result<Ended, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .process_group(0)
        .spawn()
        .map_err(|e| format!("{name} could not be started: {e}"))?;
    let output = pass_on(&mut child, how.show);
    let outcome = wait(&mut child, &name, how);
    // whoever of its group still holds the pipe has outlived it by mistake
    let stdout = output.recv_timeout(GRACE).unwrap_or_else(|_| {
        signal(&child, Signal::KILL);
        output.recv_timeout(GRACE).unwrap_or_default()
    });
    Ok(Ended {
        status: outcome?,
        stdout,
    })
}

/// Reads the child's stdout in a thread; what it was comes through the channel at the end.
fn pass_on(child: &mut Child, show: bool) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    let pipe = child.stdout.take();
    thread::spawn(move || {
        let mut kept = Vec::new();
        if let Some(mut pipe) = pipe {
            let mut chunk = [0; 8192];
            while let Ok(n @ 1..) = pipe.read(&mut chunk) {
                let new = chunk.get(..n).unwrap_or_default();
                kept.extend_from_slice(new);
                if show {
                    let mut out = std::io::stdout().lock();
                    let _ = out.write_all(new).and_then(|()| out.flush());
                }
            }
        }
        let _ = sender.send(String::from_utf8_lossy(&kept).into_owned());
    });
    receiver
}

fn wait(child: &mut Child, name: &str, how: How) -> Result<ExitStatus, String> {
    let until = Instant::now() + how.deadline;
    loop {
        if let Some(status) = child.try_wait().map_err(|e| format!("{name}: {e}"))? {
            return Ok(status);
        }
        if how.interruptible && interrupt::came() {
            end(child, Signal::INT, how.grace);
            return Err(format!("{name} was interrupted"));
        }
        if Instant::now() >= until {
            end(child, Signal::TERM, how.grace);
            let minutes = how.deadline.as_secs() / 60;
            return Err(format!("{name} was not done within {minutes} minutes"));
        }
        thread::sleep(LOOK);
    }
}

/// Asks its group to end, and ends it when it does not.
fn end(child: &mut Child, politely: Signal, grace: Duration) {
    signal(child, politely);
    let until = Instant::now() + grace;
    while Instant::now() < until {
        if matches!(child.try_wait(), Ok(Some(_)) | Err(_)) {
            break;
        }
        thread::sleep(LOOK);
    }
    signal(child, Signal::KILL);
    let _ = child.wait();
}

fn signal(child: &Child, signal: Signal) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // gone already is what we want
        let _ = kill_process_group(group, signal);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    fn within(millis: u64) -> How {
        How {
            deadline: Duration::from_millis(millis),
            grace: Duration::from_millis(200),
            show: false,
            interruptible: false,
        }
    }

    #[test]
    fn keeps_what_was_said_and_how_it_ended() {
        let ended = run(&mut sh("echo one; echo two; exit 3"), within(30_000)).unwrap();
        assert_eq!(ended.stdout, "one\ntwo\n");
        assert_eq!(ended.status.code(), Some(3));
        assert!(
            ended
                .success("it")
                .unwrap_err()
                .starts_with("it ended with")
        );
    }

    #[test]
    fn ends_the_whole_group_at_the_deadline() {
        let folder = tempfile::tempdir().unwrap();
        let pid = folder.path().join("pid");
        // one that neither hears TERM nor ends, and has a child of its own
        let script = format!(
            "trap '' TERM; sleep 600 & echo $! > {}; wait; sleep 600",
            pid.display()
        );
        let error = run(&mut sh(&script), within(500)).unwrap_err();
        assert!(error.contains("not done"), "{error}");
        let pid = std::fs::read_to_string(&pid).unwrap();
        let stat = format!("/proc/{}/stat", pid.trim());
        // gone, or dead and not yet collected by whoever inherited it; that takes a moment
        let dead = || std::fs::read_to_string(&stat).map_or(true, |text| text.contains(") Z "));
        let until = Instant::now() + GRACE;
        while !dead() {
            assert!(Instant::now() < until, "it outlived its group");
            thread::sleep(LOOK);
        }
    }

    #[test]
    fn says_what_is_not_there() {
        let error = run(&mut Command::new("no-such-program"), within(1000)).unwrap_err();
        assert!(
            error.contains("no-such-program could not be started"),
            "{error}"
        );
    }
}
