//! Boots an instance into what is wanted: the rescue system, its disk, a fresh image.
//!
//! `OpenStack` takes each of these in some statuses only, so the status is looked at first; an
//! instance in the rescue system can neither be rebooted nor rebuilt, it has to leave it first.

use super::task::Goal;
use super::wire::{Instance, RescueAnswer};
use super::{PublicCloud, convert};
use provision_api::http::{Guarded, Request};
use provision_api::{Accepted, ErrorKind, OwnedServer, Result, Stage};
use secrecy::SecretString;
use serde_json::json;
use std::sync::{MutexGuard, PoisonError};

impl PublicCloud {
    /// Boots the rescue system; out of it and in again, if it is there already.
    pub(super) async fn boot_rescue(&self, server: &OwnedServer, stage: Stage) -> Result<Accepted> {
        let id = server.id().as_str();
        if stage == Stage(0) {
            let operation = format!("put instance {} into rescue", server.server().name);
            let fresh = self.fresh_ours(server, &operation).await?;
            if convert::in_rescue(&fresh.status) {
                self.leave_rescue(&fresh).await?;
                return Ok(Goal::Active.then(id, 1));
            }
        }
        let answer = self.set_rescue(id, true, convert::in_rescue).await?;
        let password = match answer {
            Guarded::Answered(answer) => answer.and_then(|answer| answer.admin_password),
            Guarded::Found(instance) => instance.rescue_password,
        };
        match password {
            Some(password) => self.passwords().insert(id.to_owned(), password),
            None => self.passwords().remove(id),
        };
        Ok(Goal::Rescue.last(id))
    }

    /// Out of the rescue system, or on, or once more.
    pub(super) async fn boot_disk(&self, server: &OwnedServer) -> Result<Accepted> {
        let operation = format!("boot instance {} from its disk", server.server().name);
        let fresh = self.fresh_ours(server, &operation).await?;
        let id = &fresh.id;
        if convert::in_rescue(&fresh.status) {
            self.leave_rescue(&fresh).await?;
        } else if convert::is_off(&fresh.status) {
            self.start(id).await?;
        } else {
            let path = self.instance_path(id, "/reboot").await?;
            let request = Request::post(path, format!("reboot instance {id}"));
            let request = self
                .client
                .v1()
                .with_body(request, &json!({ "type": "hard" }))?;
            // twice is a fresh boot as well
            self.client.v1().send(request.harmless()).await?;
        }
        Ok(Goal::Active.last(id))
    }

    /// Out of the rescue system, if it is there: the next boot would be the rescue system again.
    pub(super) async fn disk_next(&self, server: &OwnedServer) -> Result<Accepted> {
        let operation = format!("let instance {} boot from its disk", server.server().name);
        let fresh = self.fresh_ours(server, &operation).await?;
        if !convert::in_rescue(&fresh.status) {
            return Ok(Accepted::default());
        }
        self.leave_rescue(&fresh).await?;
        Ok(Goal::Active.last(&fresh.id))
    }

    /// Writes the image to the disk, on which it then boots.
    pub(super) async fn rebuild(
        &self,
        server: &OwnedServer,
        image: &str,
        stage: Stage,
    ) -> Result<Accepted> {
        let operation = format!("rebuild instance {}", server.server().name);
        let fresh = self.fresh_ours(server, &operation).await?;
        let id = &fresh.id;
        if stage == Stage(0) {
            if convert::in_rescue(&fresh.status) {
                self.leave_rescue(&fresh).await?;
                return Ok(Goal::Active.then(id, 1));
            }
            if convert::is_off(&fresh.status) {
                // it would be off after that as well
                self.start(id).await?;
                return Ok(Goal::Active.then(id, 1));
            }
        }
        let image_id = self.image_id(image, &fresh.region, &operation).await?;
        let path = self.instance_path(id, "/reinstall").await?;
        let request = Request::post(path, operation).destructive();
        let request = self
            .client
            .v1()
            .with_body(request, &json!({ "imageId": image_id }))?;
        let look = || self.now(id, |status| status == "REBUILD");
        self.client
            .v1()
            .guarded::<Option<Instance>, _, _, _>(request, look)
            .await?;
        Ok(Goal::Active.last(id))
    }

    /// The password of the rescue system that was entered last.
    pub(super) async fn password(&self, server: &OwnedServer) -> Result<Option<SecretString>> {
        let id = server.id().as_str();
        if let Some(password) = self.passwords().get(id) {
            return Ok(Some(password.clone()));
        }
        let operation = format!("get the rescue password of {}", server.server().name);
        let fresh = self.fresh_ours(server, &operation).await?;
        Ok(fresh
            .rescue_password
            .filter(|_| convert::in_rescue(&fresh.status)))
    }

    async fn leave_rescue(&self, instance: &Instance) -> Result<()> {
        self.passwords().remove(&instance.id);
        let left = |status: &str| ["UNRESCUING", "ACTIVE"].contains(&status);
        self.set_rescue(&instance.id, false, left).await.map(drop)
    }

    /// In or out. A second try would be refused by what the first one did, so after a lost
    /// answer the status says whether that was taken.
    async fn set_rescue(
        &self,
        id: &str,
        rescue: bool,
        done: impl Fn(&str) -> bool + Sync,
    ) -> Result<Guarded<Option<RescueAnswer>, Instance>> {
        let into = if rescue { "into" } else { "out of" };
        let path = self.instance_path(id, "/rescueMode").await?;
        let request = Request::post(path, format!("boot instance {id} {into} rescue"));
        let request = self
            .client
            .v1()
            .with_body(request, &json!({ "rescue": rescue }))?;
        let look = || self.now(id, &done);
        self.client.v1().guarded(request, look).await
    }

    async fn start(&self, id: &str) -> Result<()> {
        let path = self.instance_path(id, "/start").await?;
        let request = Request::post(path, format!("start instance {id}")).harmless();
        match self.client.v1().send(request).await {
            // the lost answer's start: it is no longer off
            Err(error) if error.kind == ErrorKind::Conflict => {
                let on = self.now(id, |status| !convert::is_off(status)).await?;
                on.map(drop).ok_or(error)
            }
            other => other.map(drop),
        }
    }

    /// The instance as it is now, if its status is such.
    async fn now(&self, id: &str, such: impl Fn(&str) -> bool) -> Result<Option<Instance>> {
        let fresh = self.fresh(id).await?;
        Ok(Some(fresh).filter(|fresh| such(&fresh.status)))
    }

    fn passwords(&self) -> MutexGuard<'_, std::collections::BTreeMap<String, SecretString>> {
        self.passwords
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
