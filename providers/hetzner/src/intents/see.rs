//! What is sold, and what is there.

use crate::wire::{PricingAnswer, ServerTypes, Servers};
use crate::{Hetzner, convert};
use provision_api::http::Request;
use provision_api::{Catalog, Result, Server};

impl Hetzner {
    /// Types and prices, read once.
    pub(crate) async fn sold(&self) -> Result<Catalog> {
        let read = || async {
            let pricing = Request::get("/pricing", "read prices");
            let types = Request::get("/server_types", "list server types");
            let (pricing, types) = tokio::try_join!(
                self.http.call::<PricingAnswer>(&pricing),
                self.list::<ServerTypes>(types)
            )?;
            convert::catalog(types, &pricing.pricing)
        };
        self.catalog.get_or_try_init(read).await.cloned()
    }

    /// Every server of the project.
    pub(crate) async fn seen(&self) -> Result<Vec<Server>> {
        let servers = self
            .list::<Servers>(Request::get("/servers", "list servers"))
            .await?;
        Ok(servers.iter().map(|server| self.meet(server)).collect())
    }
}
