//! What happens while a command works. Reporters see these and nothing else.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The stages that a server goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// What will be done, and whether it may.
    Plan,
    /// A server is made, or the existing one is taken.
    Acquire,
    /// It answers, with the host key that it must have.
    Reach,
    /// What it is.
    Probe,
    /// Whether what the flake wants fits it.
    Gate,
    /// The system and the disk layout are built.
    Build,
    /// The running system is exchanged for an installer in memory.
    Kexec,
    /// The disk is partitioned and the system written to it.
    Install,
    /// It boots from its disk.
    Boot,
    /// It is what was installed.
    Prove,
    /// It is looked at, because something failed.
    Examine,
    /// It is booted into the rescue system.
    Rescue,
    /// It is removed.
    Remove,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Plan => "plan",
            Self::Acquire => "acquire",
            Self::Reach => "reach",
            Self::Probe => "probe",
            Self::Gate => "gate",
            Self::Build => "build",
            Self::Kexec => "kexec",
            Self::Install => "install",
            Self::Boot => "boot",
            Self::Prove => "prove",
            Self::Examine => "examine",
            Self::Rescue => "rescue",
            Self::Remove => "remove",
        })
    }
}

/// Something that happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// A step has begun.
    Started {
        /// The server it is about.
        name: String,
        /// Which step.
        step: Step,
    },
    /// Where a step is.
    Doing {
        /// The server it is about.
        name: String,
        /// Which step.
        step: Step,
        /// What it is doing now.
        what: String,
    },
    /// A step has ended well.
    Done {
        /// The server it is about.
        name: String,
        /// Which step.
        step: Step,
        /// What came of it.
        what: String,
        /// How long it took.
        took: Duration,
    },
    /// A step has failed; the failure itself is told at the end.
    Failed {
        /// The server it is about.
        name: String,
        /// Which step.
        step: Step,
        /// How long it took.
        took: Duration,
    },
    /// Something worth knowing.
    Note(String),
    /// Something that may be wrong.
    Warning(String),
    /// A line that a child process printed.
    Output {
        /// The server it is about.
        name: String,
        /// The line.
        line: String,
    },
}

/// Something that is told what happens.
pub trait Reporter: Send + Sync + fmt::Debug {
    /// Is called for each event, from any thread.
    fn tell(&self, event: &Event);

    /// Gives the terminal back, so that something else can be printed or asked.
    fn pause(&self) {}
}

/// Where the work tells what happens.
#[derive(Debug, Clone)]
pub struct Teller(Arc<dyn Reporter>);

impl Teller {
    /// All events go to this reporter.
    pub fn new(reporter: Arc<dyn Reporter>) -> Self {
        Self(reporter)
    }

    /// Tells one event.
    pub fn tell(&self, event: &Event) {
        self.0.tell(event);
    }

    /// Something worth knowing.
    pub fn note(&self, text: impl Into<String>) {
        self.tell(&Event::Note(text.into()));
    }

    /// Something that may be wrong.
    pub fn warn(&self, text: impl Into<String>) {
        self.tell(&Event::Warning(text.into()));
    }

    /// Gives the terminal back.
    pub fn pause(&self) {
        self.0.pause();
    }

    /// A step begins.
    pub fn begin(&self, name: &str, step: Step) -> Running {
        self.tell(&Event::Started {
            name: name.to_owned(),
            step,
        });
        Running {
            teller: self.clone(),
            name: name.to_owned(),
            step,
            since: Instant::now(),
            ended: false,
        }
    }
}

/// A step that is under way; dropped before it is done, it has failed.
#[derive(Debug)]
pub struct Running {
    teller: Teller,
    name: String,
    step: Step,
    since: Instant,
    ended: bool,
}

impl Running {
    /// What it is doing now.
    pub fn doing(&self, what: impl Into<String>) {
        self.teller.tell(&Event::Doing {
            name: self.name.clone(),
            step: self.step,
            what: what.into(),
        });
    }

    /// A line that a child process printed.
    pub fn output(&self, line: impl Into<String>) {
        self.teller.tell(&Event::Output {
            name: self.name.clone(),
            line: line.into(),
        });
    }

    /// It has ended well.
    pub fn done(mut self, what: impl Into<String>) {
        self.ended = true;
        self.teller.tell(&Event::Done {
            name: self.name.clone(),
            step: self.step,
            what: what.into(),
            took: self.since.elapsed(),
        });
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.ended {
            self.teller.tell(&Event::Failed {
                name: self.name.clone(),
                step: self.step,
                took: self.since.elapsed(),
            });
        }
    }
}
