//! The tasks of a VPS, as the vendor shows them.

use super::Vps;
use crate::ovh::call::{Answer, Call, ok};
use crate::ovh::rented::{self, Task, enter, listed, service, time};
use jiff::Timestamp;
use serde_json::{Value, json};

/// The vendor's words for the states of tasks, and for what they do.
const STATES: &[&str] = &[
    "blocked",
    "cancelled",
    "doing",
    "done",
    "error",
    "paused",
    "todo",
    "waitingAck",
];
const TYPES: &[&str] = &[
    "addVeeamBackupJob",
    "changeRootPassword",
    "createSnapshot",
    "deleteSnapshot",
    "deliverVm",
    "getConsoleUrl",
    "internalTask",
    "migrate",
    "openConsoleAccess",
    "provisioningAdditionalIp",
    "reOpenVm",
    "rebootVm",
    "reinstallVm",
    "removeVeeamBackup",
    "rescheduleAutoBackup",
    "restoreFullVeeamBackup",
    "restoreVeeamBackup",
    "restoreVm",
    "revertSnapshot",
    "setMonitoring",
    "setNetboot",
    "startVm",
    "stopVm",
    "upgradeVm",
];

fn task_state(task: &Task, now: Timestamp) -> &'static str {
    match (&task.error, task.running()) {
        (Some(error), _) => ["blocked", "cancelled", "paused"]
            .iter()
            .copied()
            .find(|word| *word == error.code)
            .unwrap_or("error"),
        (None, false) => "done",
        (None, true) if task.started == now => "todo",
        (None, true) => "doing",
    }
}

/// `vps.Task`
pub(super) fn shown(task: &Task, now: Timestamp) -> Value {
    json!({
        "id": task.id,
        "date": time(task.started),
        "type": task.function,
        "state": task_state(task, now),
        "progress": task.progress(now),
    })
}

pub(super) async fn all(call: Call) -> Answer {
    let query = call.query(&["state", "type"])?;
    let state = rented::word("state", query.one("state"), STATES)?;
    let kind = rented::word("type", query.one("type"), TYPES)?;
    let mut held = call.hold().await?;
    enter::<Vps>(&mut held, call.path("service")).await?;
    let service = service::<Vps>(&held, call.path("service"))?;
    let found: Vec<u64> = listed(service)
        .filter(|task| state.is_none_or(|wanted| task_state(task, held.now) == wanted))
        .filter(|task| kind.is_none_or(|wanted| task.function == wanted))
        .map(|task| task.id)
        .collect();
    Ok(ok(&json!(found)))
}

pub(super) async fn one(call: Call) -> Answer {
    call.query(&[])?;
    let mut held = call.hold().await?;
    enter::<Vps>(&mut held, call.path("service")).await?;
    let service = service::<Vps>(&held, call.path("service"))?;
    let task = rented::task(service, call.path("id"))?;
    Ok(ok(&shown(task, held.now)))
}
