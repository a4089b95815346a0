//! Actions.

use crate::dialect::{PROVIDER, meaning};
use crate::wire::Action;
use provision_api::numbers::percent;
use provision_api::{Error, ErrorKind, Progress, Result, Task, TaskId};

/// What has to be waited for: actions that are done need no poll, one that failed is an error.
pub(crate) fn tasks(actions: impl IntoIterator<Item = Action>) -> Result<Vec<Task>> {
    let mut tasks = Vec::new();
    for action in actions {
        match progress(&action) {
            Progress::Done => {}
            Progress::Failed(error) => return Err(error),
            Progress::Running(_) => tasks.push(Task {
                id: TaskId::new(action.id.to_string()),
                what: action.command,
            }),
        }
    }
    Ok(tasks)
}

/// How far an action is. A status that is not known counts as running: it will change.
pub(crate) fn progress(action: &Action) -> Progress {
    match action.status.as_str() {
        "success" => Progress::Done,
        "error" => Progress::Failed(failure(action)),
        _ => Progress::Running(action.progress.map(percent)),
    }
}

fn failure(action: &Action) -> Error {
    let (code, message) = match &action.error {
        Some(error) => (error.code.as_str(), error.message.as_str()),
        None => ("", "the vendor gives no reason"),
    };
    let kind = meaning(code).unwrap_or(ErrorKind::Unknown);
    let operation = if action.command.is_empty() {
        "action"
    } else {
        &action.command
    };
    let message = format!("{message} (action {})", action.id);
    let mut error = Error::new(kind, PROVIDER, operation, message);
    error.code = Some(code.to_owned()).filter(|code| !code.is_empty());
    error
}
