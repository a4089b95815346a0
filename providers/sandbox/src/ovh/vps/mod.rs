//! VPS: rented for a term, never made or removed here.

use super::Routes;
use crate::world::{Due, Held};
use axum::Router;
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

/// What is kept of them. No `Debug`: passwords are in it.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Rented {}

#[expect(clippy::unused_self, reason = "there are none yet")]
impl Rented {
    /// When something happens by itself next.
    pub(in crate::ovh) fn next_due(&self) -> Option<Due> {
        None
    }

    /// Whether one of them has the address, though no machine listens there yet.
    pub(in crate::ovh) fn has_address(&self, _: Ipv4Addr) -> bool {
        false
    }
}

/// Below `/1.0`.
pub(super) fn routes() -> Routes {
    Router::new()
}

/// Lets everything happen that is due; whether anything did.
#[expect(clippy::unused_async, reason = "there are none yet")]
pub(super) async fn settle(_: &mut Held<'_>) -> bool {
    false
}
