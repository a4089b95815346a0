//! Writes marks on a server.

use crate::Hetzner;
use crate::call::with_body;
use crate::convert::labels;
use crate::dialect::PROVIDER;
use crate::wire::{Labels, ServerAnswer};
use provision_api::http::Request;
use provision_api::{Error, ErrorKind, Looks, Marks, OwnedServer, Phase, Result};
use serde_json::json;
use std::sync::PoisonError;

impl Hetzner {
    /// Replaces the marks. The vendor replaces all labels, so the foreign ones that are on the
    /// server now are sent along; and what is not ours any more is not written on.
    pub(crate) async fn remark(&self, server: &OwnedServer, marks: &Marks) -> Result<OwnedServer> {
        let id = server.id();
        let operation = format!("mark server {}", server.server().name);
        let now = self.may_bear(server, marks, &operation).await?;
        let mut labels = labels::replace(&now.server().labels, marks);
        self.remember_birth(&now, &mut labels);
        let request = Request::put(format!("/servers/{id}"), operation.clone());
        let request = with_body(request, &json!({ "labels": labels }))?;
        let answer = self.http.call::<ServerAnswer>(&request).await?;
        OwnedServer::claim(self.meet(&answer.server), &marks.owner)
            .map_err(|error| Error::new(ErrorKind::Garbled, PROVIDER, operation, error.to_string()))
    }

    /// The server as it is now, if these marks may be written on it.
    async fn may_bear(
        &self,
        server: &OwnedServer,
        marks: &Marks,
        operation: &str,
    ) -> Result<OwnedServer> {
        let mut looks = Looks::new(&self.pace);
        let found = loop {
            let fresh = self.meet(&self.fresh(server.id()).await?);
            let now = self.http.clock().now();
            if let Some(found) = looks.found(server, marks, fresh, now).await {
                break found;
            }
        };
        found.map_err(|why| Error::new(ErrorKind::NotOurs, PROVIDER, operation, why.to_string()))
    }

    /// Writes down once, while the server is new, which addresses the vendor made with it.
    fn remember_birth(&self, server: &OwnedServer, labels: &mut Labels) {
        if server.marks().phase != Phase::Created || labels.contains_key(labels::BORN_WITH) {
            return;
        }
        let births = self.births.lock().unwrap_or_else(PoisonError::into_inner);
        let known = server
            .id()
            .as_str()
            .parse()
            .ok()
            .and_then(|id: u64| births.get(&id));
        if let Some(addresses) = known.filter(|addresses| !addresses.is_empty()) {
            let ids: Vec<_> = addresses.iter().map(u64::to_string).collect();
            labels.insert(labels::BORN_WITH.to_owned(), ids.join("."));
        }
    }
}
