//! A machine that cannot be brought back: the rest of its world can be used all the same, and it
//! can be destroyed.

use super::{Boot, Faults, Firmware, Image, Machine, MachineError, Maker, Platform, Spec};
use async_trait::async_trait;
use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;

/// It is off, says why, and is kept as it was, so that it is whole again when what was wrong is
/// mended and the world is opened anew. A guest of it that runs goes on until the power is pulled.
pub(crate) struct Broken {
    spec: Spec,
    why: String,
    snapshot: serde_json::Value,
    maker: Arc<dyn Maker>,
}

impl Broken {
    /// The machine of that id and snapshot, which its maker could not restore.
    pub(crate) fn new(
        id: &str,
        snapshot: serde_json::Value,
        why: &MachineError,
        maker: Arc<dyn Maker>,
    ) -> Self {
        Self {
            spec: spec(id, &snapshot),
            why: why.message.clone(),
            snapshot,
            maker,
        }
    }

    fn cannot<T>(&self) -> Result<T, MachineError> {
        Err(MachineError {
            machine: self.spec.id.clone(),
            message: format!(
                "it could not be brought back when the sandbox was opened: {}; mend that and open \
                 the sandbox again, or delete the server",
                self.why
            ),
        })
    }
}

/// What it is made of, as far as its snapshot tells.
fn spec(id: &str, snapshot: &serde_json::Value) -> Spec {
    let told = snapshot.get("spec").cloned().unwrap_or_default();
    let told = serde_json::from_value(told).ok();
    let spec = told.unwrap_or_else(|| Spec {
        id: String::new(),
        hostname: String::new(),
        ipv4: Ipv4Addr::UNSPECIFIED,
        ipv6: String::new(),
        ssh_port: 0,
        arch: String::new(),
        firmware: Firmware::Bios,
        memory_mib: 0,
        disk_gib: 0,
        platform: Platform::default(),
    });
    Spec {
        id: id.to_owned(),
        ..spec
    }
}

// its snapshot holds secrets
impl fmt::Debug for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broken")
            .field("machine", &self.spec.id)
            .field("why", &self.why)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Machine for Broken {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn is_on(&self) -> bool {
        false
    }

    async fn write_image(&self, _image: Image) -> Result<(), MachineError> {
        self.cannot()
    }

    async fn power_on(&self, _boot: Boot) -> Result<(), MachineError> {
        self.cannot()
    }

    async fn power_off(&self) -> Result<(), MachineError> {
        self.maker.halt(&self.spec.id).await
    }

    async fn arm(&self, _boot: Option<Boot>) {}

    async fn armed(&self) -> bool {
        false
    }

    async fn keep_booting(&self, _boot: Boot) {}

    async fn shutdown(&self) -> Result<(), MachineError> {
        self.cannot()
    }

    async fn attach_volume(
        &self,
        _volume: &str,
        _gib: u64,
        _first: bool,
    ) -> Result<(), MachineError> {
        self.cannot()
    }

    async fn detach_volume(&self, _volume: &str) -> Result<(), MachineError> {
        self.cannot()
    }

    async fn misbehave(&self, _faults: Faults) -> Result<(), MachineError> {
        self.cannot()
    }

    async fn console(&self) -> Vec<String> {
        vec![format!(
            "sandbox: this machine could not be brought back: {}",
            self.why
        )]
    }

    async fn snapshot(&self) -> serde_json::Value {
        self.snapshot.clone()
    }

    async fn destroy(&self) -> Result<(), MachineError> {
        self.maker.discard(&self.spec.id).await
    }
}
