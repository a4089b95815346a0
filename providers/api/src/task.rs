//! What a vendor has accepted and not finished yet.

use crate::{Error, TaskId};
use serde::{Deserialize, Serialize};

/// One thing the vendor is doing for us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// The vendor's id.
    pub id: TaskId,
    /// The vendor's word for it (`create_server`).
    pub what: String,
}

/// How far a task is.
#[derive(Debug, Clone)]
pub enum Progress {
    /// Under way; percent where the vendor tells.
    Running(Option<u8>),
    /// Finished well.
    Done,
    /// Ended in an error, or vanished.
    Failed(Error),
}

/// Which part of an intent comes next. Zero is the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Stage(pub u8);

/// The answer to an intent: what is pending, and whether there is more to do after it.
///
/// The engine journals this, waits for the tasks, and calls again with `next`; a crash between
/// loses nothing, because the journal knows the tasks and the stage.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Accepted {
    /// What has to end before the next stage may begin.
    pub tasks: Vec<Task>,
    /// The stage to go on with, `None` when the intent is fulfilled once the tasks are done.
    pub next: Option<Stage>,
}
