//! Volumes that are plugged in and pulled out, also while the machine runs.

use super::disks;
use super::inner::{Guest, Inner};
use super::state::Volume;
use crate::machine::MachineError;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::broadcast::Receiver;

/// How long a guest may take to let go of a disk.
const LETTING_GO: Duration = Duration::from_secs(10);

impl Inner {
    /// A volume is plugged in; one that was at a machine before has what was on it.
    pub(super) async fn attach(&self, id: &str, gib: u64, first: bool) -> Result<(), MachineError> {
        let live = self.gate().await;
        if self.state().volumes.iter().any(|v| v.id == id) {
            return Err(self.error(format!("volume {id} is attached already")));
        }
        let wrong = |why: String| self.error(format!("volume {id} cannot be attached: {why}"));
        self.folder.volumes().make(id, gib).await.map_err(wrong)?;
        let (target, lun) = self.state().place(first);
        let volume = Volume {
            id: id.to_owned(),
            gib,
            target,
            lun,
        };
        if let Some(guest) = &live.guest {
            let (medium, device) = disks::volume(&volume, &self.folder);
            plug_in(guest, medium, device).await.map_err(wrong)?;
        }
        self.state().volumes.push(volume);
        self.keep().await
    }

    /// It is pulled out; what is on it stays.
    pub(super) async fn detach(&self, id: &str) -> Result<(), MachineError> {
        let live = self.gate().await;
        if self.state().volumes.iter().all(|v| v.id != id) {
            return Err(self.error(format!("volume {id} is not attached")));
        }
        if let Some(guest) = &live.guest {
            pull_out(guest, &disks::volume_name(id))
                .await
                .map_err(|why| self.error(format!("volume {id} cannot be detached: {why}")))?;
        }
        self.state().volumes.retain(|v| v.id != id);
        self.keep().await
    }
}

async fn plug_in(guest: &Guest, medium: Value, device: Value) -> Result<(), String> {
    let name = medium["node-name"].clone();
    guest.qmp.call("blockdev-add", Some(medium)).await?;
    let added = guest.qmp.call("device_add", Some(device)).await;
    if added.is_err() {
        let back = json!({ "node-name": name });
        drop(guest.qmp.call("blockdev-del", Some(back)).await);
    }
    added.map(drop)
}

async fn pull_out(guest: &Guest, name: &str) -> Result<(), String> {
    let events = guest.qmp.events();
    guest
        .qmp
        .call("device_del", Some(json!({ "id": name })))
        .await?;
    tokio::time::timeout(LETTING_GO, deleted(events, name))
        .await
        .map_err(|_| "the system inside does not let go of it".to_owned())??;
    let medium = json!({ "node-name": name });
    guest.qmp.call("blockdev-del", Some(medium)).await.map(drop)
}

async fn deleted(mut events: Receiver<Value>, name: &str) -> Result<(), String> {
    loop {
        let event = events.recv().await.map_err(|_| "QEMU is gone".to_owned())?;
        if event["event"] == "DEVICE_DELETED" && event["data"]["device"] == name {
            return Ok(());
        }
    }
}
