//! Calls that several intents share: lists, and one instance.

use super::wire::{Flavor, Image, Instance, Key};
use super::{PublicCloud, convert, error};
use crate::client::segment;
use crate::rented::gather;
use provision_api::http::Request;
use provision_api::{ErrorKind, Looks, OwnedServer, Result};
use std::collections::BTreeSet;
use std::sync::{Arc, MutexGuard, PoisonError};

impl PublicCloud {
    /// Every instance of the project that is not gone yet, in all regions; those that this run
    /// ordered also if the list does not show them (yet).
    pub(super) async fn instances(&self) -> Result<Vec<Instance>> {
        let mut all = self.listed().await?;
        let mut hidden = self.ordered().clone();
        for instance in &all {
            hidden.remove(&instance.id);
        }
        all.extend(self.unlisted(&hidden).await?);
        Ok(all)
    }

    /// What the list shows, which may be older than the newest instances.
    pub(super) async fn listed(&self) -> Result<Vec<Instance>> {
        let path = self.path("/instance").await?;
        let mut all: Vec<Instance> = self.client.v1().get(&path, "list instances").await?;
        all.retain(|instance| instance.status != "DELETED");
        Ok(all)
    }

    /// Those of the instances that there are although the list does not show them, each asked for
    /// by itself. One that is being deleted is gone once the list does not show it.
    pub(super) async fn unlisted(&self, ids: &BTreeSet<String>) -> Result<Vec<Instance>> {
        let looked = gather(ids.iter().map(|id| self.fresh(id))).await;
        let mut there = Vec::new();
        for (id, fresh) in ids.iter().zip(looked) {
            match fresh {
                Ok(instance) if convert::is_alive(&instance.status) => there.push(instance),
                Ok(_) => drop(self.ordered().remove(id)),
                Err(error) if error.kind == ErrorKind::NotFound => {
                    self.ordered().remove(id);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(there)
    }

    /// The ids of what this run ordered.
    pub(super) fn ordered(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.ordered.lock().unwrap_or_else(PoisonError::into_inner)
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
        let mut looks = Looks::new(&self.pace);
        loop {
            let instance = self.fresh(server.id().as_str()).await?;
            let seen = convert::server(&instance, &[], &[]);
            if let Some(still) = looks.held(server, seen).await {
                return match still {
                    Ok(_) => Ok(instance),
                    Err(not_ours) => {
                        Err(error(ErrorKind::NotOurs, operation, not_ours.to_string()))
                    }
                };
            }
        }
    }
}
