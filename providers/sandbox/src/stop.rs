//! Everything of a world is ended: the process that serves it, and its real machines.

use crate::error::SandboxError;
use crate::lock::{self, Holder};
use crate::machine::qemu;
use crate::world::kind;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use std::path::Path;
use std::time::Duration;

/// A process that serves keeps its world first; that takes moments.
const PATIENCE: Duration = Duration::from_secs(30);

/// Ends the process that serves the world of the folder, and every guest of it, each by its own
/// id; answers one line for each. Disks and the world stay: what was on is on again when the
/// world is opened next. A command that works on the world is not ended, and is an error.
pub async fn stop(state_dir: &Path) -> Result<Vec<String>, SandboxError> {
    let mut told = Vec::new();
    if !state_dir.exists() {
        return Ok(told);
    }
    if let Some(Holder {
        pid, serves: true, ..
    }) = lock::holder(state_dir)?
    {
        end(pid);
        told.push(format!("ended the sandbox's process {pid}"));
    }
    // whoever has the world may be starting machines just now
    let _lock = lock::alone(state_dir, PATIENCE).await?;
    let machines = kind::folder(state_dir);
    if machines.exists() {
        told.extend(qemu::stop(&machines).await);
    }
    Ok(told)
}

/// Asks a process to end. One that is gone has done so already.
fn end(pid: u32) {
    let process = i32::try_from(pid)
        .ok()
        .and_then(Pid::from_raw)
        .and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
    if let Some(process) = process {
        let _ = pidfd_send_signal(process, Signal::TERM);
    }
}
