//! Boots a server into what is wanted, and gives it back.

use super::Dedicated;
use super::boots::to_disk;
use super::wire::{Change, Reinstall, RescueKey};
use crate::rented::{done_after, own_turn, release, still, still_to_release, then};
use provision_api::{Accepted, ErrorKind, KeyId, OwnedServer, Result, Stage, Task};

/// The vendor's words for tasks.
const REBOOT: &str = "hardReboot";
const REINSTALL: &str = "reinstallServer";

impl Dedicated {
    /// Has it boot the rescue system with that key for root, and reboots. It stays armed until
    /// the disk is wanted again.
    pub(super) async fn boot_rescue(
        &self,
        server: &OwnedServer,
        keys: &[KeyId],
    ) -> Result<Accepted> {
        let service = server.id().as_str();
        let operation = format!("boot {service} into rescue");
        let key = self.rental.only_key(keys, &operation)?;
        let change = Change {
            boot_id: Some(self.rescue_boot(service).await?),
            rescue_ssh_key: Some(RescueKey(Some(key))),
            ..Change::default()
        };
        let tasks = self.reboot(server, &change, &operation).await?;
        Ok(done_after(tasks))
    }

    /// Has it boot from its disk, and reboots.
    pub(super) async fn boot_disk(&self, server: &OwnedServer) -> Result<Accepted> {
        let operation = format!("boot {} from disk", server.id());
        let change = self.disk_change(server).await?;
        let tasks = self.reboot(server, &change, &operation).await?;
        Ok(done_after(tasks))
    }

    /// Has it boot from its disk, whoever reboots it.
    pub(super) async fn disk_next(&self, server: &OwnedServer) -> Result<Accepted> {
        let service = server.id().as_str();
        let change = self.disk_change(server).await?;
        still(self, server, &format!("have {service} boot from disk")).await?;
        self.change(service, &change).await?;
        Ok(Accepted::default())
    }

    /// Gives the server back: with a reset the vendor installs once more what it installed last,
    /// and mails the password to the account's contact. Either way it boots from its disk from
    /// then on, and our key does not open its rescue system any more. The marks go last, so that
    /// whatever fails before can be tried again.
    ///
    /// Stages: install (0), be nobody's (1).
    pub(super) async fn release(
        &self,
        server: &OwnedServer,
        reset: bool,
        stage: Stage,
    ) -> Result<Accepted> {
        let Some(now) = still_to_release(self, server).await? else {
            return Ok(Accepted::default());
        };
        if reset && stage == Stage(0) {
            let tasks = self.reinstall(server).await?;
            return Ok(then(tasks, 1));
        }
        // whoever had it next would be in the rescue system for ever
        if stage == Stage(0) && now.rescue_armed {
            let change = Change {
                rescue_ssh_key: Some(RescueKey(None)),
                ..self.disk_change(server).await?
            };
            self.change(server.id().as_str(), &change).await?;
        }
        release(self, server).await?;
        Ok(Accepted::default())
    }

    async fn reinstall(&self, server: &OwnedServer) -> Result<Vec<Task>> {
        let service = server.id().as_str();
        let operation = format!("reinstall {service}");
        let (detail, facts, disk) = tokio::try_join!(
            self.detail(service),
            self.facts(service),
            self.disk_boot(service),
        )?;
        if !can_be_installed(&detail.os) {
            let message = format!(
                "the vendor says that its system is {:?}, which it cannot install by itself; \
                 install one in the control panel, or release the server as it is",
                detail.os
            );
            return Err(self
                .rental
                .error(ErrorKind::Unsupported, operation, message));
        }
        let turn = own_turn(self, server, REINSTALL, &operation).await?;
        let in_rescue = detail
            .boot
            .is_some_and(|boot| facts.rescues.contains(&boot));
        let change = Change {
            boot_id: Some(disk).filter(|disk| detail.boot != Some(*disk)),
            rescue_ssh_key: in_rescue.then_some(RescueKey(None)),
            ..Change::default()
        };
        self.change(service, &change).await?;
        let body = Reinstall {
            operating_system: &detail.os,
        };
        self.rental
            .act(service, &turn, "reinstall", Some(&body))
            .await
    }

    async fn disk_change(&self, server: &OwnedServer) -> Result<Change<'static>> {
        let service = server.id().as_str();
        let (detail, facts, disk) = tokio::try_join!(
            self.detail(service),
            self.facts(service),
            self.disk_boot(service),
        )?;
        Ok(to_disk(&detail, &facts, server.marks().phase, disk))
    }

    /// Changes what it boots and reboots it, which also switches on what is off; nothing is
    /// changed while the vendor is at something else.
    async fn reboot(
        &self,
        server: &OwnedServer,
        change: &Change<'_>,
        operation: &str,
    ) -> Result<Vec<Task>> {
        let service = server.id().as_str();
        let turn = own_turn(self, server, REBOOT, operation).await?;
        self.change(service, change).await?;
        self.rental.act(service, &turn, "reboot", None::<&()>).await
    }

    async fn change(&self, service: &str, change: &Change<'_>) -> Result<()> {
        if *change == Change::default() {
            return Ok(());
        }
        let operation = format!("change what {service} boots");
        self.rental.change(service, change, &operation).await
    }
}

/// Whether the vendor can install this by its name alone: a system of the customer's own needs
/// an image, and one that is none cannot be had again.
fn can_be_installed(os: &str) -> bool {
    !(os.is_empty() || os.starts_with("none") || os.starts_with("byo"))
}

#[cfg(test)]
mod tests {
    use super::can_be_installed;

    #[test]
    fn only_the_vendors_own_systems_come_back() {
        for (os, expected) in [
            ("debian12_64", true),
            ("ubuntu2404-server_64", true),
            ("none_64", false),
            ("byolinux_64", false),
            ("byoi_64", false),
            ("", false),
        ] {
            assert_eq!(can_be_installed(os), expected, "{os}");
        }
    }
}
