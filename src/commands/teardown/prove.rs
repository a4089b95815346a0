//! The proof of a removal.

use super::choose::Removal;
use super::remove::Remover;
use super::{Told, described, named};
use provision_api::{Leftover, OwnedServer};
use std::fmt::Display;

impl Remover {
    /// Lists again: what should be gone has to be gone.
    pub(super) async fn prove(&self, removal: &Removal, told: &mut Told) {
        if removal.is_empty() {
            return;
        }
        let owner = &self.context.owner;
        let unlisted = |error: &dyn Display| format!("what is left cannot be listed: {error}");
        match self.cloud.ours(owner).await {
            Ok(ours) => {
                let meant = |s: &&OwnedServer| removal.servers.iter().any(|r| r.id() == s.id());
                let left = ours.iter().filter(meant);
                let catalog = removal.catalog.as_ref();
                told.remaining
                    .extend(left.map(|server| described(server, catalog)));
            }
            Err(error) => told.errors.push(unlisted(&error)),
        }
        if removal.leftovers.is_empty() {
            return;
        }
        match self.cloud.provider.leftovers(owner).await {
            Ok(all) => {
                let is = |a: &Leftover, b: &Leftover| a.kind == b.kind && a.id == b.id;
                let meant = |l: &&Leftover| removal.leftovers.iter().any(|r| is(r, l));
                told.remaining.extend(all.iter().filter(meant).map(named));
            }
            Err(error) => told.errors.push(unlisted(&error)),
        }
    }
}
