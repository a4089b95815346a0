//! What is there, how far it is, and its screen.

use super::wire::Vnc;
use super::{PublicCloud, convert, task};
use provision_api::http::Request;
use provision_api::{Console, OwnedServer, Progress, Result, Server, TaskId};
use std::collections::BTreeSet;

impl PublicCloud {
    /// Every server of the project.
    pub(super) async fn seen(&self) -> Result<Vec<Server>> {
        let (instances, keys) = tokio::try_join!(self.instances(), self.keys())?;
        if instances.is_empty() {
            return Ok(Vec::new());
        }
        let flavors = self.flavors().await?;
        let each = instances.iter();
        Ok(each
            .map(|instance| convert::server(instance, &flavors, &keys))
            .collect())
    }

    /// One answer for each task, in order, from one list. An instance that it does not show may
    /// be gone, or newer than the list: that one is asked for by itself.
    pub(super) async fn look_at(&self, tasks: &[TaskId]) -> Result<Vec<Progress>> {
        let meant = tasks.iter().filter_map(task::read);
        let mut hidden: BTreeSet<String> = meant.map(|(id, _)| id.to_owned()).collect();
        let mut instances = Vec::new();
        if !hidden.is_empty() {
            instances = self.listed().await?;
            for instance in &instances {
                hidden.remove(&instance.id);
            }
            instances.extend(self.unlisted(&hidden).await?);
        }
        let progress = |task| task::progress(self.client.provider(), task, &instances);
        Ok(tasks.iter().map(progress).collect())
    }

    /// An address with a password in it, good for a while.
    pub(super) async fn screen(&self, server: &OwnedServer) -> Result<Console> {
        let operation = format!("open the console of instance {}", server.server().name);
        let path = self.instance_path(server.id().as_str(), "/vnc").await?;
        // another one does no harm to the first
        let request = Request::post(path, operation).harmless();
        let vnc: Vnc = self.client.v1().call(request).await?;
        Ok(Console {
            url: vnc.url,
            password: None,
        })
    }
}
