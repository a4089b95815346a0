//! A failure as JSON. The keys are an interface: `docs/json.md`.

use crate::failure::Failure;
use serde::Serialize;

/// One failure, of a host or of the whole command.
#[derive(Debug, Serialize)]
pub struct FailureDocument {
    /// The server that it is about, as `hosts` names those that are up; none where it is about
    /// the whole command.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    exit_code: u8,
    what: String,
    why: String,
    mend: Option<String>,
    remains: Vec<String>,
    resume: Option<String>,
    remove: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    look: Option<String>,
}

impl FailureDocument {
    /// A failure as it is told.
    pub fn of(failure: &Failure) -> Self {
        Self {
            name: None,
            exit_code: failure.code(),
            what: failure.what.clone(),
            why: failure.why.clone(),
            mend: failure.mend.clone(),
            remains: failure.remains.clone(),
            resume: failure.resume.clone(),
            remove: failure.remove.clone(),
            look: failure.look.clone(),
        }
    }

    /// The same, of the server of that name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }
}

/// What a command that could not do its work tells, where it told nothing else.
#[derive(Debug, Serialize)]
pub struct FailuresDocument {
    schema: u32,
    failures: Vec<FailureDocument>,
}

impl FailuresDocument {
    /// The document for one failure.
    pub fn of(failure: &Failure) -> Self {
        Self {
            schema: 1,
            failures: vec![FailureDocument::of(failure)],
        }
    }
}
