//! What a world's machines are, and who makes them.

use super::document::Document;
use crate::error::SandboxError;
use crate::machine::Maker;
use crate::machine::emulated::{Emulated, EmulatedOptions};
use crate::machine::qemu::{self, Qemu, QemuOptions};
use crate::options::{MachineKind, Options};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where a world keeps what belongs to its real machines.
pub(crate) fn folder(world: &Path) -> PathBuf {
    world.join("machines")
}

/// Takes the kind that is asked for, as long as there are no machines of another.
pub(crate) fn settle(options: &Options, document: &mut Document) -> Result<(), SandboxError> {
    let Some(wanted) = options.machines else {
        return Ok(());
    };
    if wanted != document.kind && !document.machines.is_empty() {
        return Err(SandboxError::OtherKind {
            path: options.state_dir.clone(),
            there: document.kind,
            wanted,
        });
    }
    document.kind = wanted;
    Ok(())
}

/// Who makes the machines of this world. Guests and volumes that a killed process left, and that
/// the world does not know, are ended and removed.
pub(crate) async fn maker(options: &Options, document: &Document) -> Arc<dyn Maker> {
    let machines = folder(&options.state_dir);
    let known: Vec<String> = document.machines.keys().cloned().collect();
    if machines.exists() {
        for stray in qemu::sweep(&machines, &known).await {
            tracing::warn!("{stray}");
        }
    }
    for stray in qemu::sweep_volumes(&machines, &document.hetzner.volume_ids()) {
        tracing::warn!("{stray}");
    }
    match document.kind {
        MachineKind::Emulated => Arc::new(Emulated::new(EmulatedOptions {
            latency: document.settings.latency.of_machines(),
        })),
        MachineKind::Qemu => Arc::new(Qemu::new(QemuOptions {
            images: options.images.clone(),
            folder: machines,
        })),
    }
}
