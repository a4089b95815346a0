//! One phase of the installation: started in a process group of its own, read line by line, kept
//! in a log, ended with all of its children when time is up.

use crate::child::{self, Group};
use crate::event::Running;
use crate::failure::{Exit, Failure, Outcome};
use crate::installer::{Kind, files};
use crate::job::Job;
use crate::ssh::{Target, shim};
use provision_sandbox::{MachineKind, stand_in};
use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader};

/// Lines that are shown when a phase fails.
const LAST_LINES: usize = 15;
/// A line is cut here: a program that prints no end of line must not fill the memory.
const LONGEST_LINE: u64 = 16 * 1024;

/// The program that installs, ready to run phases.
#[derive(Debug)]
pub struct Installer {
    /// Which one it is.
    pub kind: Kind,
    program: PathBuf,
    path: OsString,
    programs: PathBuf,
    environment: Vec<(&'static str, &'static str)>,
    guard: PathBuf,
    log: PathBuf,
}

impl Drop for Installer {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.programs);
    }
}

impl Installer {
    /// Which program would install; without one nothing is to be created.
    pub fn kind(machines: Option<MachineKind>) -> Outcome<Kind> {
        let kind = Kind::of(machines);
        if kind == Kind::StandIn {
            return Ok(kind);
        }
        match child::find(kind.as_str(), None) {
            Some(_) => Ok(kind),
            None => Err(Failure::new(
                Exit::Tool,
                "nixos-anywhere is missing",
                "it is not on the PATH; nothing was created",
            )
            .mend(
                "nix shell nixpkgs#nixos-anywhere, or run provision by nix run, which brings it",
            )),
        }
    }

    /// Prepares what it needs to install this target.
    pub fn prepare(job: &Job, target: &Target) -> Outcome<Self> {
        let kind = Self::kind(job.context.machines())?;
        let names: &[&str] = match kind {
            Kind::StandIn => &["ssh", Kind::NixosAnywhere.as_str()],
            Kind::NixosAnywhere => &["ssh"],
        };
        let programs = files::programs(job, names)?;
        let program = match kind {
            Kind::StandIn => programs.join(Kind::NixosAnywhere.as_str()),
            Kind::NixosAnywhere => child::find(kind.as_str(), Some(&programs))
                .ok_or_else(|| Failure::new(Exit::Tool, "nixos-anywhere is missing", ""))?,
        };
        let rest = std::env::var_os("PATH").unwrap_or_default();
        let all = std::iter::once(programs.clone()).chain(std::env::split_paths(&rest));
        let path = std::env::join_paths(all)
            .map_err(|e| Failure::new(Exit::Other, "the PATH cannot be extended", e))?;
        let environment = if kind == Kind::StandIn && !job.emulated() {
            vec![stand_in::REAL]
        } else {
            Vec::new()
        };
        Ok(Self {
            kind,
            environment,
            guard: files::guard(job, target, &programs)?,
            log: job.dir.join("installer.log"),
            programs,
            program,
            path,
        })
    }

    /// Where everything that it prints is kept.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Runs phases to their end.
    pub async fn run(
        &self,
        job: &Job,
        running: &Running,
        phases: &str,
        arguments: &[OsString],
        deadline: Duration,
    ) -> Outcome {
        let mut log = self.open_log()?;
        let _ = writeln!(log, "--- {} --phases {phases}", self.kind.as_str());
        let mut command = child::command(&self.program);
        command
            .args(["--phases", phases])
            .args(arguments)
            .envs(self.environment.iter().copied())
            .env("PATH", &self.path)
            .env(shim::GUARD, &self.guard)
            .env_remove("SSH_AUTH_SOCK")
            .current_dir(job.flake.root())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut group = Group::start(&mut command).map_err(|e| {
            Failure::new(
                Exit::Tool,
                format!("cannot start {}", self.program.display()),
                e,
            )
        })?;
        let mut last = VecDeque::new();
        let ended = tokio::time::timeout(deadline, watch(&mut group, &mut log, running, &mut last));
        match ended.await {
            Ok(Ok(Ended::Stranger)) => {
                group.end().await;
                Err(self.stranger(job, phases))
            }
            Ok(Ok(Ended::With(status))) if status.success() => Ok(()),
            Ok(Ok(Ended::With(status))) => {
                Err(self.failed(job, phases, &last, &format!("it ended with {status}")))
            }
            Ok(Err(error)) => Err(self.failed(job, phases, &last, &error.to_string())),
            Err(_) => {
                group.end().await;
                let why = format!(
                    "it had not ended after {} s, and was ended",
                    deadline.as_secs()
                );
                Err(self.failed(job, phases, &last, &why))
            }
        }
    }

    fn open_log(&self) -> Outcome<File> {
        OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&self.log)
            .map_err(|e| Failure::state(&self.log, &e))
    }

    fn stranger(&self, job: &Job, phases: &str) -> Failure {
        Failure::new(
            Exit::Trust,
            format!("{}: its host key is not the pinned one", job.name),
            format!(
                "in the phase {phases} another machine answered at its address; no password and \
                 no file was sent to it, and {} was ended",
                self.kind.as_str()
            ),
        )
        .mend(format!(
            "find out who answers there before anything else; all that it printed is in {}",
            self.log.display()
        ))
    }

    fn failed(&self, job: &Job, phases: &str, last: &VecDeque<String>, why: &str) -> Failure {
        let mut text = format!("{why}; its last lines:");
        for line in last {
            text.push_str("\n| ");
            text.push_str(line);
        }
        Failure::new(
            Exit::Install,
            format!(
                "{}: {} failed in its phase {phases}",
                job.name,
                self.kind.as_str()
            ),
            text,
        )
        .mend(format!("all that it printed is in {}", self.log.display()))
    }
}

/// How it came to its end.
enum Ended {
    With(std::process::ExitStatus),
    /// Another host key answered: nixos-anywhere would try again for ever.
    Stranger,
}

async fn watch(
    group: &mut Group,
    log: &mut File,
    running: &Running,
    last: &mut VecDeque<String>,
) -> std::io::Result<Ended> {
    let mut out = Lines::new(group.child().stdout.take());
    let mut err = Lines::new(group.child().stderr.take());
    loop {
        let line = tokio::select! {
            Some(line) = out.next(), if !out.ended() => line,
            Some(line) = err.next(), if !err.ended() => line,
            else => break,
        };
        let _ = writeln!(log, "{line}");
        if is_stranger(&line) {
            return Ok(Ended::Stranger);
        }
        match heading(&line) {
            Some(heading) => running.doing(heading),
            None => running.output(line.clone()),
        }
        if last.len() == LAST_LINES {
            last.pop_front();
        }
        last.push_back(line);
    }
    group.wait().await.map(Ended::With)
}

/// What OpenSSH says when the pinned key is not the one that is shown (sshconnect.c).
fn is_stranger(line: &str) -> bool {
    line.contains("REMOTE HOST IDENTIFICATION HAS CHANGED")
        || line.contains("Host key verification failed")
}

/// `### Formatting hard drive with disko ###` is what nixos-anywhere calls a step.
fn heading(line: &str) -> Option<String> {
    let inner = line.trim().strip_prefix("###")?.strip_suffix("###")?;
    Some(inner.trim().to_lowercase())
}

/// The lines of a pipe, without control characters, each of bounded length.
struct Lines<R> {
    pipe: Option<BufReader<R>>,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    fn new(pipe: Option<R>) -> Self {
        Self {
            pipe: pipe.map(BufReader::new),
        }
    }

    fn ended(&self) -> bool {
        self.pipe.is_none()
    }

    async fn next(&mut self) -> Option<String> {
        let pipe = self.pipe.as_mut()?;
        let mut bytes = Vec::new();
        let read = pipe.take(LONGEST_LINE).read_until(b'\n', &mut bytes).await;
        if !matches!(read, Ok(1..)) {
            self.pipe = None;
            return None;
        }
        let text = String::from_utf8_lossy(&bytes);
        Some(
            text.trim_end()
                .chars()
                .filter(|c| !c.is_control() || *c == '\t')
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_told_from_other_lines() {
        assert_eq!(
            heading("### Formatting hard drive with disko ###").as_deref(),
            Some("formatting hard drive with disko")
        );
        assert_eq!(heading("# a comment"), None);
        assert_eq!(heading("copying path '/nix/store/x'"), None);
    }

    #[test]
    fn another_host_key_is_told_from_other_failures() {
        for (line, stranger) in [
            (
                "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @",
                true,
            ),
            ("Host key verification failed.", true),
            ("ssh-copy-id: ERROR: Host key verification failed.", true),
            (
                "ssh: connect to host 192.0.2.1 port 22: Connection refused",
                false,
            ),
            ("Permission denied (publickey).", false),
        ] {
            assert_eq!(is_stranger(line), stranger, "{line}");
        }
    }

    #[tokio::test]
    async fn endless_lines_are_cut_and_control_characters_dropped() {
        let text = format!("{}\n\x1b[31mred\x07\n", "x".repeat(40_000));
        let mut lines = Lines::new(Some(text.as_bytes()));
        assert_eq!(lines.next().await.unwrap().len(), 16 * 1024);
        lines.next().await;
        lines.next().await;
        assert_eq!(lines.next().await.as_deref(), Some("[31mred"));
    }
}
