//! Calls that several intents share: lists, and one instance.

use super::wire::{Flavor, Image, Instance, Key};
use super::{PublicCloud, convert, error};
use crate::client::segment;
use provision_api::http::Request;
use provision_api::{ErrorKind, OwnedServer, Result};
use std::sync::Arc;

impl PublicCloud {
    /// Every instance of the project that is not gone yet, in all regions.
    pub(super) async fn instances(&self) -> Result<Vec<Instance>> {
        let path = self.path("/instance").await?;
        let mut all: Vec<Instance> = self.client.v1().get(&path, "list instances").await?;
        all.retain(|instance| instance.status != "DELETED");
        Ok(all)
    }

    /// Every login key of the project, in all regions.
    pub(super) async fn keys(&self) -> Result<Vec<Key>> {
        let path = self.path("/sshkey").await?;
        self.client.v1().get(&path, "list keys").await
    }

    /// What is sold, in all regions, read once.
    pub(super) async fn flavors(&self) -> Result<Arc<Vec<Flavor>>> {
        let read = || async {
            let path = self.path("/flavor").await?;
            let mut all: Vec<Flavor> = self.client.v1().get(&path, "list flavors").await?;
            all.retain(|flavor| flavor.os_type.is_empty() || flavor.os_type == "linux");
            Ok(Arc::new(all))
        };
        self.flavors.get(|_| true, read).await
    }

    /// The images that instances can be made of in that region, read once.
    pub(super) async fn images(&self, region: &str) -> Result<Arc<Vec<Image>>> {
        let mut known = self.images.lock().await;
        if let Some(images) = known.get(region) {
            return Ok(Arc::clone(images));
        }
        let operation = format!("list images in {region}");
        let request = Request::get(self.path("/image").await?, operation)
            .query("region", region)
            .query("osType", "linux");
        let images: Arc<Vec<Image>> = Arc::new(self.client.v1().call(request).await?);
        known.insert(region.to_owned(), Arc::clone(&images));
        Ok(images)
    }

    /// The path of something of an instance.
    pub(super) async fn instance_path(&self, id: &str, below: &str) -> Result<String> {
        self.path(&format!("/instance/{}{below}", segment(id)))
            .await
    }

    /// The instance as it is now, with the names of its key and flavor.
    pub(super) async fn fresh(&self, id: &str) -> Result<Instance> {
        let path = self.instance_path(id, "").await?;
        let operation = format!("look at instance {id}");
        let instance: Instance = self.client.v1().get(&path, &operation).await?;
        if instance.status == "DELETED" {
            let why = "it was deleted";
            return Err(error(ErrorKind::NotFound, operation, why));
        }
        Ok(instance)
    }

    /// The instance as it is now, if it is still ours: marks may have changed since the server
    /// was claimed.
    pub(super) async fn fresh_ours(
        &self,
        server: &OwnedServer,
        operation: &str,
    ) -> Result<Instance> {
        let instance = self.fresh(server.id().as_str()).await?;
        match OwnedServer::claim(convert::server(&instance, &[], &[]), &server.marks().owner) {
            Ok(_) => Ok(instance),
            Err(not_ours) => Err(error(ErrorKind::Denied, operation, not_ours.to_string())),
        }
    }
}
