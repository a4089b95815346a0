//! Boots a server into what is wanted: the rescue system, its disk, a fresh image.

use crate::Hetzner;
use crate::call::key_numbers;
use provision_api::{
    Accepted, ErrorKind, KeyId, OwnedServer, Result, ServerId, ServerStatus, Stage, Task,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

impl Hetzner {
    /// Arms the rescue system with these keys, then boots. It disarms itself on that boot.
    pub(crate) async fn boot_rescue(
        &self,
        server: &OwnedServer,
        keys: &[KeyId],
        stage: Stage,
    ) -> Result<Accepted> {
        if stage != Stage(0) {
            return self.boot(server).await;
        }
        let operation = format!("enable rescue server {}", server.id());
        let body = json!({ "type": "linux64", "ssh_keys": key_numbers(keys, &operation)? });
        let tasks = self
            .act(server.id(), "enable_rescue", "enable_rescue", Some(&body))
            .await?;
        Ok(then(tasks, 1))
    }

    /// Disarms the rescue system if it is armed, then boots.
    pub(crate) async fn boot_disk(&self, server: &OwnedServer, stage: Stage) -> Result<Accepted> {
        match self.disarm(server, stage).await? {
            Some(tasks) => Ok(then(tasks, 1)),
            None => self.boot(server).await,
        }
    }

    /// Disarms the rescue system if it is armed.
    pub(crate) async fn disk_next(&self, server: &OwnedServer, stage: Stage) -> Result<Accepted> {
        let tasks = self.disarm(server, stage).await?;
        Ok(done_after(tasks.unwrap_or_default()))
    }

    /// Writes the image to the disk. The vendor switches the server off for that, and on again
    /// unless it was off.
    pub(crate) async fn rebuild(
        &self,
        server: &OwnedServer,
        image: &str,
        user_data: &SecretString,
        stage: Stage,
    ) -> Result<Accepted> {
        if let Some(tasks) = self.disarm(server, stage).await? {
            return Ok(then(tasks, 1));
        }
        let id = server.id();
        if stage.0 < 2 {
            let body = json!({ "image": image, "user_data": user_data.expose_secret() });
            let tasks = self
                .act(id, "rebuild", "rebuild_server", Some(&body))
                .await?;
            return Ok(then(tasks, 2));
        }
        let tasks = if self.fresh(id).await?.status == "off" {
            self.switch_on(id).await?
        } else {
            Vec::new()
        };
        Ok(done_after(tasks))
    }

    /// At the first stage, if the rescue system is armed, disarms it. It may have disarmed
    /// itself since the server was seen, so a refusal counts only while it is still armed.
    async fn disarm(&self, server: &OwnedServer, stage: Stage) -> Result<Option<Vec<Task>>> {
        if stage != Stage(0) || !server.server().rescue_armed {
            return Ok(None);
        }
        let id = server.id();
        match self.act(id, "disable_rescue", "disable_rescue", None).await {
            Ok(tasks) => Ok(Some(tasks)),
            Err(error)
                if matches!(
                    error.kind,
                    ErrorKind::Invalid | ErrorKind::Unsupported | ErrorKind::Conflict
                ) && !self.fresh(id).await?.rescue_enabled =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// A fresh boot: on if it is off, else a reset.
    async fn boot(&self, server: &OwnedServer) -> Result<Accepted> {
        let id = server.id();
        let off = match server.server().status {
            ServerStatus::Off => true,
            ServerStatus::Running => false,
            // on the way to one of them
            _ => self.fresh(id).await?.status == "off",
        };
        let tasks = if off {
            self.switch_on(id).await?
        } else {
            self.act(id, "reset", "reset_server", None).await?
        };
        Ok(done_after(tasks))
    }

    async fn switch_on(&self, id: &ServerId) -> Result<Vec<Task>> {
        self.act(id, "poweron", "start_server", None).await
    }
}

fn then(tasks: Vec<Task>, stage: u8) -> Accepted {
    Accepted {
        tasks,
        next: Some(Stage(stage)),
    }
}

fn done_after(tasks: Vec<Task>) -> Accepted {
    Accepted { tasks, next: None }
}
