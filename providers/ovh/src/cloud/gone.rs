//! Removes an instance, and the key that was made with it.

use super::task::Goal;
use super::wire::Key;
use super::{PublicCloud, convert, name};
use crate::client::segment;
use provision_api::{Accepted, ErrorKind, OwnedServer, Result, Stage};

impl PublicCloud {
    /// Deletes the instance; then its key, unless another instance has it as well.
    pub(super) async fn be_gone(&self, server: &OwnedServer, stage: Stage) -> Result<Accepted> {
        let id = server.id().as_str();
        let operation = format!("delete instance {}", server.server().name);
        let there = if stage == Stage(0) {
            match self.fresh_ours(server, &operation).await {
                Ok(fresh) if fresh.status == "DELETING" => {
                    self.delete_again(id, &operation).await?
                }
                Ok(_) => self.delete_instance(id, &operation).await?,
                Err(error) if error.kind == ErrorKind::NotFound => false,
                Err(error) => return Err(error),
            }
        } else {
            false
        };
        if there {
            return Ok(Goal::Gone.then(id, 1));
        }
        self.forget_key(server).await?;
        Ok(Accepted::default())
    }

    /// It is being deleted already. One deletion that never ends would keep it for ever, so it is
    /// asked for once more; that may be refused while the vendor is at it.
    async fn delete_again(&self, id: &str, operation: &str) -> Result<bool> {
        match self.delete_instance(id, operation).await {
            Err(error) if error.kind == ErrorKind::Conflict => Ok(true),
            answered => answered,
        }
    }

    /// Deletes; answers whether it was there.
    pub(super) async fn delete_instance(&self, id: &str, operation: &str) -> Result<bool> {
        let path = self.instance_path(id, "").await?;
        let there = self.gone_by(&path, operation).await?;
        // from now on the list is right not to show it
        self.ordered().remove(id);
        Ok(there)
    }

    /// Deletes the key that was made with the server.
    async fn forget_key(&self, server: &OwnedServer) -> Result<()> {
        let wanted = name::key_name(server.marks());
        let (instances, keys) = tokio::try_join!(self.instances(), self.keys())?;
        let Some(key) = keys.iter().find(|key| key.name == wanted) else {
            return Ok(());
        };
        let id = server.id().as_str();
        let used = instances
            .iter()
            .any(|instance| instance.id != id && convert::uses(instance, key));
        if used {
            return Ok(());
        }
        self.delete_key(key).await
    }

    /// Deletes a key.
    pub(super) async fn delete_key(&self, key: &Key) -> Result<()> {
        let path = self.path(&format!("/sshkey/{}", segment(&key.id))).await?;
        let operation = format!("delete key {}", key.name);
        self.gone_by(&path, &operation).await.map(drop)
    }

    /// Deletes; what is gone already is a success. Answers whether it was there.
    pub(super) async fn gone_by(&self, path: &str, operation: &str) -> Result<bool> {
        match self.client.v1().delete(path, operation).await {
            Ok(()) => Ok(true),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}
