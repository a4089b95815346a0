//! Boots a VPS into what is wanted: the rescue system, or its disk.

use super::Vps;
use super::convert::{LOCAL, RESCUE};
use super::wire::{Change, Detail};
use crate::rented::{done_after, still, then};
use provision_api::{Accepted, OwnedServer, Result, Stage, Task};

/// The vendor's words for tasks.
const REBOOT: &str = "rebootVm";
const START: &str = "startVm";
const NETBOOT: &str = "setNetboot";

impl Vps {
    /// Arms the rescue system, then boots. It takes no keys: its password goes out by mail. It
    /// stays armed until the disk is wanted again.
    pub(super) async fn boot_rescue(&self, server: &OwnedServer, stage: Stage) -> Result<Accepted> {
        self.boot_from(server, RESCUE, stage).await
    }

    /// Disarms the rescue system if it is armed, then boots.
    pub(super) async fn boot_disk(&self, server: &OwnedServer, stage: Stage) -> Result<Accepted> {
        self.boot_from(server, LOCAL, stage).await
    }

    async fn boot_from(
        &self,
        server: &OwnedServer,
        mode: &'static str,
        stage: Stage,
    ) -> Result<Accepted> {
        let service = server.id().as_str();
        still(self, server, &format!("boot {service}")).await?;
        let detail = self.detail(service).await?;
        if stage == Stage(0)
            && let Some(tasks) = self.set_netboot(service, &detail, mode).await?
        {
            return Ok(then(tasks, 1));
        }
        Ok(done_after(self.boot(service, &detail).await?))
    }

    /// Disarms the rescue system if it is armed.
    pub(super) async fn disk_next(&self, server: &OwnedServer) -> Result<Accepted> {
        let service = server.id().as_str();
        still(self, server, &format!("have {service} boot from disk")).await?;
        let detail = self.detail(service).await?;
        let tasks = self.set_netboot(service, &detail, LOCAL).await?;
        Ok(done_after(tasks.unwrap_or_default()))
    }

    /// Has it boot that way from now on; none if it does already. The vendor may do that in the
    /// background, although it answers no task: what it has begun is to be waited for.
    pub(super) async fn set_netboot(
        &self,
        service: &str,
        detail: &Detail,
        mode: &'static str,
    ) -> Result<Option<Vec<Task>>> {
        if detail.netboot == mode {
            return Ok(None);
        }
        let turn = self.rental.turn(service, NETBOOT).await?;
        let operation = format!("have {service} boot from {mode}");
        let change = Change { netboot: mode };
        self.rental.change(service, &change, &operation).await?;
        self.rental.begun(service, &turn).await.map(Some)
    }

    /// A fresh boot: on if it is off, else a reboot.
    async fn boot(&self, service: &str, detail: &Detail) -> Result<Vec<Task>> {
        let (verb, kind) = if detail.state == "stopped" {
            ("start", START)
        } else {
            ("reboot", REBOOT)
        };
        let turn = self.rental.turn(service, kind).await?;
        self.rental.act(service, &turn, verb, None::<&()>).await
    }

    /// On, if it is off.
    pub(super) async fn switched_on(&self, service: &str) -> Result<Vec<Task>> {
        let detail = self.detail(service).await?;
        if detail.state == "stopped" {
            self.boot(service, &detail).await
        } else {
            Ok(Vec::new())
        }
    }
}
