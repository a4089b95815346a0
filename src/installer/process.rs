//! One phase of the installation: started in a process group of its own, read line by line, kept
//! in a log, ended with all of its children when time is up.

mod log;
mod watch;

use crate::child::{self, Group};
use crate::event::Running;
use crate::failure::{Exit, Failure, Outcome};
use crate::installer::{Kind, files};
use crate::job::Job;
use crate::ssh::pins::{self, Shown};
use crate::ssh::{Target, shim};
use log::Log;
use provision_sandbox::{MachineKind, stand_in};
use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use watch::Ended;
#[cfg(any(test, feature = "fuzz"))]
pub(crate) use watch::read_all;

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
    target: Target,
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
            target: target.clone(),
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
        let mut log = Log::new(self.open_log()?);
        log.line(&format!("--- {} --phases {phases}", self.kind.as_str()));
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
        let each = job.context.deadlines.command();
        let shows_another = || watch::shows_another(&self.target, each);
        let watching = watch::watch(&mut group, &mut log, running, &mut last, shows_another);
        match tokio::time::timeout(deadline, watching).await {
            Ok(Ok(Ended::Stranger)) => {
                group.end().await;
                Err(self.stranger(job, phases))
            }
            Ok(Ok(Ended::With(status))) if status.success() => Ok(()),
            Ok(Ok(Ended::With(status))) => {
                let why = format!("it ended with {status}");
                Err(self.whoever_answers(job, phases, &last, &why).await)
            }
            Ok(Err(error)) => Err(self.failed(job, phases, &last, &error.to_string())),
            Err(_) => {
                group.end().await;
                let why = format!(
                    "it had not ended after {} s, and was ended",
                    deadline.as_secs()
                );
                Err(self.whoever_answers(job, phases, &last, &why).await)
            }
        }
    }

    /// The failure of a phase, with who answers at the target's address by now: that may be why.
    async fn whoever_answers(
        &self,
        job: &Job,
        phases: &str,
        last: &VecDeque<String>,
        why: &str,
    ) -> Failure {
        let Target { host, port, .. } = &self.target;
        let each = job.context.deadlines.command();
        let answers = match pins::look(host, *port, each).await {
            Ok(Shown::Key(key)) if watch::is_another(Some(&key), &self.target.pins) => {
                return self.stranger(job, phases);
            }
            Ok(Shown::TurnedAway) => "turns connections away",
            Ok(Shown::Nobody) => "does not answer",
            Ok(Shown::Key(_)) | Err(_) => return self.failed(job, phases, last, why),
        };
        let why = format!("{why}; SSH at {host}:{port} {answers} now");
        self.failed(job, phases, last, &why)
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
