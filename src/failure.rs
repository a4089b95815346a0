//! What a command says when it could not do its work: what, why, what remains, how to go on.

use crate::event::Step;
use provision_api::{Error as ProviderError, ErrorKind};
use std::fmt;

/// How the process ends. The numbers are an interface: `docs/exit-codes.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// Something that none of the others tells.
    Other = 1,
    /// The command line is wrong (clap's own code).
    Usage = 2,
    /// The flake, a `host.toml`, or the configuration is wrong.
    Config = 3,
    /// Refused before anything was done: a price, a name that is taken, a missing `--yes`.
    Refused = 4,
    /// The credentials are missing, wrong, or not allowed to.
    Denied = 5,
    /// The vendor cannot be reached or answers with an error.
    Provider = 6,
    /// Sold out everywhere, or the account's limit is reached.
    SoldOut = 7,
    /// The gate: what the flake wants does not fit the machine.
    Gate = 8,
    /// A host key is not the expected one.
    Trust = 9,
    /// A machine did not answer in time.
    Unreachable = 10,
    /// Building or installing the system failed.
    Install = 11,
    /// The system runs, and is not what was installed.
    Unproven = 12,
    /// Another `provision` is at work on the same thing.
    Busy = 13,
    /// A program that is needed is not there.
    Tool = 14,
    /// The state folder cannot be read or written.
    State = 15,
    /// Something of ours is still there after a teardown.
    Remains = 16,
    /// Ctrl-C or a termination signal.
    Interrupted = 130,
}

/// A failure with all that the user needs to go on; boxed, because results are passed about much
/// more often than they are failures.
#[derive(Debug, Clone)]
pub struct Failure(Box<Details>);

/// What a [`Failure`] tells.
#[derive(Debug, Clone)]
pub struct Details {
    /// The process's exit code.
    pub exit: Exit,
    /// What could not be done (`web-1: the installation failed`).
    pub what: String,
    /// The cause, as far as it is known; empty when `what` says it all.
    pub why: String,
    /// How to mend it.
    pub mend: Option<String>,
    /// What exists now and what it costs.
    pub remains: Vec<String>,
    /// The command that goes on from here.
    pub resume: Option<String>,
    /// The command that removes what remains.
    pub remove: Option<String>,
    /// The command that shows all that was found out about it.
    pub look: Option<String>,
    /// The step that failed, where that is known.
    pub step: Option<Step>,
    /// The vendor refused, and that changed nothing.
    is_refusal: bool,
    passed_on: Option<u8>,
}

impl Failure {
    /// What and why; the rest is added with the `with_` methods.
    pub fn new(exit: Exit, what: impl Into<String>, why: impl fmt::Display) -> Self {
        Self(Box::new(Details {
            exit,
            what: what.into(),
            why: why.to_string(),
            mend: None,
            remains: Vec::new(),
            resume: None,
            remove: None,
            look: None,
            step: None,
            is_refusal: false,
            passed_on: None,
        }))
    }

    /// How to mend it.
    #[must_use]
    pub fn mend(mut self, mend: impl Into<String>) -> Self {
        self.mend.get_or_insert(mend.into());
        self
    }

    /// The step that failed; the innermost that is told counts.
    #[must_use]
    pub fn at(mut self, step: Step) -> Self {
        self.step.get_or_insert(step);
        self
    }

    /// Another way to mend it, beside the one that is told already.
    #[must_use]
    pub fn or_mend(mut self, mend: impl Into<String>) -> Self {
        let mend = mend.into();
        self.mend = Some(match self.mend.take() {
            Some(first) => format!("{first}\n{mend}"),
            None => mend,
        });
        self
    }

    /// From what a provider answered, with the exit code that its meaning asks for.
    pub fn provider(what: impl Into<String>, error: &ProviderError) -> Self {
        let (exit, mend) = match error.kind {
            ErrorKind::Denied => (
                Exit::Denied,
                Some("check the credentials and their rights: they have to read and write"),
            ),
            ErrorKind::SoldOut => (
                Exit::SoldOut,
                Some("name more types or locations in host.toml, or try again later"),
            ),
            ErrorKind::Quota => (
                Exit::SoldOut,
                Some("remove servers that are not needed, or ask the vendor for a higher limit"),
            ),
            ErrorKind::AlreadyExists => (Exit::Refused, None),
            ErrorKind::Protected => (
                Exit::Refused,
                Some("lift the protection at the vendor, then run the command again"),
            ),
            ErrorKind::NotOurs => (
                Exit::Busy,
                Some("nothing was done to it; see with provision list whose it is by now"),
            ),
            ErrorKind::Suspended => (
                Exit::Provider,
                Some("put its contract in order at the vendor, then run the command again"),
            ),
            ErrorKind::Untrusted => (
                Exit::Trust,
                Some(
                    "find out who answers there: the endpoint, this machine's clock and its \
                     certificate authorities have to be right; nothing was sent",
                ),
            ),
            ErrorKind::Cancelled => (Exit::Interrupted, None),
            _ => (Exit::Provider, None),
        };
        let mut failure = Self::new(exit, what, error);
        failure.mend = mend.map(str::to_owned);
        let refuses = matches!(
            error.kind,
            ErrorKind::Denied
                | ErrorKind::Untrusted
                | ErrorKind::Invalid
                | ErrorKind::NotFound
                | ErrorKind::Protected
                | ErrorKind::NotOurs
                | ErrorKind::AlreadyExists
                | ErrorKind::Unsupported
                | ErrorKind::Suspended
                | ErrorKind::Quota
        );
        // a try before it may have been taken
        failure.is_refusal = refuses && !error.in_doubt;
        failure
    }

    /// Whether a vendor refused before it did anything.
    pub fn is_refusal(&self) -> bool {
        self.is_refusal
    }

    /// The same, when something had been begun before.
    #[must_use]
    pub fn after_a_beginning(mut self) -> Self {
        self.is_refusal = false;
        self
    }

    /// A file of the state folder that could not be read or written.
    pub fn state(path: &std::path::Path, error: &std::io::Error) -> Self {
        let mend = if error.kind() == std::io::ErrorKind::StorageFull {
            "make room on the disk"
        } else {
            "make the folder writable, or name another with --state-dir"
        };
        Self::new(Exit::State, format!("cannot use {}", path.display()), error).mend(mend)
    }

    /// A command that ran on a host ended with this status, which becomes ours; it has told why
    /// itself.
    pub fn ended_with(status: i32) -> Self {
        let mut failure = Self::new(Exit::Other, "", "");
        failure.passed_on = u8::try_from(status).ok();
        failure
    }

    /// The process's exit code.
    pub fn code(&self) -> u8 {
        self.passed_on.unwrap_or(self.exit as u8)
    }

    /// Ctrl-C or a termination signal.
    pub fn interrupted(what: impl Into<String>) -> Self {
        Self::new(Exit::Interrupted, what, "interrupted")
    }
}

impl std::ops::Deref for Failure {
    type Target = Details;
    fn deref(&self) -> &Details {
        &self.0
    }
}

impl std::ops::DerefMut for Failure {
    fn deref_mut(&mut self) -> &mut Details {
        &mut self.0
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.what)?;
        if !self.why.is_empty() {
            write!(f, ": {}", self.why)?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}

/// The result of a command or a step.
pub type Outcome<T = ()> = Result<T, Failure>;
