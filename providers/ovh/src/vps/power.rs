//! Boots a VPS into what is wanted: the rescue system, or its disk.

use super::Vps;
use super::convert::{LOCAL, RESCUE};
use super::wire::{Change, Detail};
use crate::rented::{done_after, own_turn, still, then};
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
        let detail = self.detail(server.id().as_str()).await?;
        if stage == Stage(0)
            && let Some(tasks) = self.set_netboot(server, &detail, mode).await?
        {
            return Ok(then(tasks, 1));
        }
        Ok(done_after(self.boot(server, &detail).await?))
    }

    /// Disarms the rescue system if it is armed.
    pub(super) async fn disk_next(&self, server: &OwnedServer) -> Result<Accepted> {
        let detail = self.detail(server.id().as_str()).await?;
        if let Some(tasks) = self.set_netboot(server, &detail, LOCAL).await? {
            return Ok(done_after(tasks));
        }
        still(
            self,
            server,
            &format!("have {} boot from disk", server.id()),
        )
        .await?;
        Ok(Accepted::default())
    }

    /// Has it boot that way from now on; none if it does already. The vendor may do that in the
    /// background, although it answers no task: what it has begun is to be waited for.
    pub(super) async fn set_netboot(
        &self,
        server: &OwnedServer,
        detail: &Detail,
        mode: &'static str,
    ) -> Result<Option<Vec<Task>>> {
        if detail.netboot == mode {
            return Ok(None);
        }
        let service = server.id().as_str();
        let operation = format!("have {service} boot from {mode}");
        let turn = own_turn(self, server, NETBOOT, &operation).await?;
        let change = Change { netboot: mode };
        self.rental.change(service, &change, &operation).await?;
        self.rental.begun(service, &turn).await.map(Some)
    }

    /// A fresh boot: on if it is off, else a reboot.
    async fn boot(&self, server: &OwnedServer, detail: &Detail) -> Result<Vec<Task>> {
        let service = server.id().as_str();
        let (verb, kind) = if detail.state == "stopped" {
            ("start", START)
        } else {
            ("reboot", REBOOT)
        };
        let turn = own_turn(self, server, kind, &format!("{verb} {service}")).await?;
        self.rental.act(service, &turn, verb, None::<&()>).await
    }

    /// On, if it is off.
    pub(super) async fn switched_on(&self, server: &OwnedServer) -> Result<Vec<Task>> {
        let detail = self.detail(server.id().as_str()).await?;
        if detail.state == "stopped" {
            self.boot(server, &detail).await
        } else {
            still(self, server, &format!("switch {} on", server.id())).await?;
            Ok(Vec::new())
        }
    }
}
