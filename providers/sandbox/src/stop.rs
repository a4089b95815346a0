//! Everything of a world is ended: the process that serves it, and its real machines.

use crate::error::SandboxError;
use crate::lock::{self, Holder};
use crate::machine::qemu;
use crate::world::kind;
use rustix::process::Signal;
use std::path::Path;
use std::time::Duration;

/// A process that serves ends what it is at first: the start of a guest may take a minute, and
/// several may be due. Then it keeps its world, which takes moments.
const PATIENCE: Duration = Duration::from_secs(180);

/// Ends the process that serves the world of the folder, and every guest of it, each by its own
/// id; answers one line for each. Disks and the world stay: what was on is on again when the
/// world is opened next. A command that works on the world is not ended, and is an error.
pub async fn stop(state_dir: &Path) -> Result<Vec<String>, SandboxError> {
    let mut told = Vec::new();
    if !state_dir.exists() {
        return Ok(told);
    }
    if let Some(Holder {
        process,
        serves: true,
    }) = lock::holder(state_dir)?
    {
        process.signal(Signal::TERM);
        told.push(format!("ended the sandbox's process {}", process.pid));
    }
    // whoever has the world may be starting machines just now
    let _lock = lock::alone(state_dir, PATIENCE).await?;
    let machines = kind::folder(state_dir);
    if machines.exists() {
        told.extend(qemu::stop(&machines).await);
    }
    Ok(told)
}
