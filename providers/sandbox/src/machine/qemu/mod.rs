//! Machines that are QEMU guests (skeleton of the agreed API).

use super::{Machine, MachineError, Maker, Spec};
use crate::images::Images;
use async_trait::async_trait;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What all real machines of a world have in common.
#[derive(Debug, Clone)]
pub struct QemuOptions {
    /// What they boot.
    pub images: Images,
    /// Where each has a folder of its own.
    pub folder: PathBuf,
}

/// Makes QEMU guests.
#[derive(Debug, Clone)]
pub struct Qemu {
    options: QemuOptions,
}

impl Qemu {
    /// A maker of machines with these options.
    pub fn new(options: QemuOptions) -> Self {
        Self { options }
    }
}

/// Ends and removes machines that no world knows; answers one line for each.
pub async fn sweep(_folder: &Path, _known: &[String]) -> Vec<String> {
    Vec::new()
}

/// What this computer lacks, each with the Debian package that brings it.
pub fn missing() -> Vec<String> {
    Vec::new()
}

/// Ends every guest of the folder by its own id; its disks stay. Answers one line for each.
pub async fn stop(_folder: &Path) -> Vec<String> {
    Vec::new()
}

#[async_trait]
impl Maker for Qemu {
    async fn make(&self, spec: Spec) -> Result<Arc<dyn Machine>, MachineError> {
        Err(MachineError {
            machine: spec.id,
            message: format!("not yet: {}", self.options.folder.display()),
        })
    }

    async fn restore(&self, _: serde_json::Value) -> Result<Arc<dyn Machine>, MachineError> {
        Err(MachineError {
            machine: String::new(),
            message: "not yet".to_owned(),
        })
    }
}
