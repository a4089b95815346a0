//! What is there, how far it is, and its screen.

use super::wire::Vnc;
use super::{PublicCloud, convert, task};
use provision_api::http::Request;
use provision_api::{Console, OwnedServer, Progress, Result, Server, TaskId};

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

    /// One answer for each task, in order, from one list.
    pub(super) async fn look_at(&self, tasks: &[TaskId]) -> Result<Vec<Progress>> {
        let instances = if tasks.iter().any(|task| task::read(task).is_some()) {
            self.instances().await?
        } else {
            Vec::new()
        };
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
