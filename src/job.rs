//! One server that is worked on: what all of its steps share.

use crate::cli::Stage;
use crate::clouds::Cloud;
use crate::context::Context;
use crate::event::{Running, Step};
use crate::failure::{Failure, Outcome};
use crate::flake::Flake;
use crate::found::Found;
use crate::host::Host;
use crate::identity::KeyFile;
use crate::journal::{Journal, Record};
use crate::lease::Keeper;
use crate::ssh::Target;
use crate::state::ServerState;
use provision_api::{Accepted, ServerId};
use provision_sandbox::MachineKind;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Real hardware boots so many times slower than a virtual machine: its firmware looks at its
/// memory, its cards and the network first.
const METAL: u32 = 4;

/// Something that a run which is stopped waits for: dropped, it would leave what nobody tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnderWay {
    /// How long it may take from when the run is stopped.
    pub within: Duration,
    /// What may remain if it has not ended then.
    pub remains: String,
}

/// It is under way until this is dropped.
#[derive(Debug)]
pub struct Ending<'a>(&'a watch::Sender<Option<UnderWay>>);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.send_replace(None);
    }
}

/// One server that is worked on.
#[derive(Debug)]
pub struct Job {
    /// What every command works with.
    pub context: Arc<Context>,
    /// The cloud it is in, if it is in one that we talk to.
    pub cloud: Option<Arc<Cloud>>,
    /// The host of the flake.
    pub host: Host,
    /// The server's name.
    pub name: String,
    /// The flake: the user's, or a work copy in the sandbox.
    pub flake: Flake,
    /// The journal of the run.
    pub journal: Arc<Journal>,
    /// What this run keeps of this server: logs, and what is handed to the installer.
    pub dir: PathBuf,
    /// What is kept of the server beyond the run.
    pub kept: ServerState,
    /// The login key.
    pub login: KeyFile,
    /// What is passed on to the installation.
    pub stage: Stage,
    /// What is under way that must not be dropped in its middle, if anything is.
    pub under_way: watch::Sender<Option<UnderWay>>,
    /// The server that this job has made, and not removed again: a list that does not show it yet
    /// is no proof that it does not exist.
    pub made: watch::Sender<Option<ServerId>>,
    /// What this run has written on the server: that it is at work on it.
    pub lease: Keeper,
}

impl Job {
    /// Begins a step: journalled with what it is about to do, then shown.
    pub fn begin(&self, step: Step, what: impl Into<String>) -> Outcome<Running> {
        let what = what.into();
        let running = self.context.teller.begin(&self.name, step);
        running.doing(what.clone());
        self.journal
            .write(Some(&self.name), Record::Intent { step, what })?;
        Ok(running)
    }

    /// Ends a step well.
    pub fn done(&self, running: Running, step: Step, what: impl Into<String>) -> Outcome {
        let what = what.into();
        self.write(Record::Done {
            step,
            what: what.clone(),
        })?;
        running.done(what);
        Ok(())
    }

    /// Journals what a step met.
    pub fn write(&self, record: Record) -> Outcome {
        self.journal.write(Some(&self.name), record)
    }

    /// Journals what the vendor accepted.
    pub fn accepted(&self, step: Step, accepted: &Accepted) -> Outcome {
        self.write(Record::Accepted {
            step,
            accepted: accepted.clone(),
        })
    }

    /// Journals what a probe found.
    pub fn found(&self, found: &Found) -> Outcome {
        self.write(Record::Found {
            found: Box::new(found.clone()),
        })
    }

    /// A step's failure, journalled.
    pub fn failed(&self, step: Step, failure: Failure) -> Failure {
        let record = Record::Failed {
            step,
            error: failure.to_string(),
        };
        // a journal that cannot be written is told by the failure itself, or by the next step
        let _ = self.write(record);
        failure
    }

    /// From here on, until the answer is dropped, a run that is stopped waits for it.
    pub fn must_end(&self, within: Duration, remains: impl Into<String>) -> Ending<'_> {
        let remains = remains.into();
        self.under_way
            .send_replace(Some(UnderWay { within, remains }));
        Ending(&self.under_way)
    }

    /// Notes that a server was made, or that it was removed again.
    pub fn made(&self, server: Option<ServerId>) {
        self.made.send_replace(server);
    }

    /// The server at that address, as root of the system that an installation begins from.
    pub fn target(&self, address: &str, user: &str, phase: &str) -> Target {
        Target {
            name: self.name.clone(),
            host: address.to_owned(),
            port: self.context.ssh_port(),
            user: user.to_owned(),
            identity: self.login.path.clone(),
            pins: self.kept.pins(phase),
        }
    }

    /// How long a new or rebuilt machine may take until it answers.
    pub fn first_boot_within(&self) -> Duration {
        self.context.deadlines.first_boot() * self.slowness()
    }

    /// How long a boot from the disk may take.
    pub fn boot_within(&self) -> Duration {
        self.context.deadlines.boot() * self.slowness()
    }

    fn slowness(&self) -> u32 {
        let is_metal = |cloud: &Arc<Cloud>| cloud.provider.capabilities().metal;
        if self.cloud.as_ref().is_some_and(is_metal) {
            METAL
        } else {
            1
        }
    }

    /// Whether the machine is the sandbox's: nothing is charged, and what cannot be had is made up
    /// for.
    pub fn in_sandbox(&self) -> bool {
        self.context.sandbox.is_some()
    }

    /// Whether the machine is emulated: no real system can be installed on it.
    pub fn emulated(&self) -> bool {
        self.context.machines() == Some(MachineKind::Emulated)
    }
}
