//! OVHcloud's HTTP: its authentication, and a folder for each product.
//!
//! Every product has routes, a part of the account that is kept, a `settle` that lets happen what
//! is due, and a `next_due` that says when to look again.

mod account;
mod auth;
mod call;
mod cloud;
mod dedicated;
mod error;
mod iam;
mod input;
mod rented;
mod vps;

use crate::world::{Held, World};
use axum::Router;
use axum::middleware;
use axum::routing::{get, post};
use error::ApiError;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;

pub(crate) use account::{Account, Credentials};
pub(crate) use auth::forget_tokens;
pub(crate) use cloud::console_notes;

/// Where the face begins.
pub(crate) const ROOT: &str = "/ovh";
/// Where the first version of the API begins, which most routes are of.
pub(crate) const V1: &str = "/ovh/1.0";
/// Where `OAuth2` tokens are had.
pub(crate) const TOKEN: &str = "/ovh/auth/oauth2/token";

type Routes = Router<Arc<World>>;

/// The face, below [`ROOT`].
pub(crate) fn router(world: &Arc<World>) -> Router {
    let first = Router::new()
        .route("/auth/time", get(auth::time))
        .merge(cloud::routes())
        .merge(vps::routes())
        .merge(dedicated::routes());
    Router::new()
        .route("/auth/oauth2/token", post(auth::token))
        .nest("/1.0", first)
        .nest("/v2", iam::routes())
        .fallback(unknown)
        .method_not_allowed_fallback(unknown)
        .layer(middleware::from_fn_with_state(
            Arc::clone(world),
            auth::pass,
        ))
        .with_state(Arc::clone(world))
}

/// The vendor tells no wrong method from a wrong path.
async fn unknown() -> ApiError {
    ApiError::not_found("Got an invalid (or empty) URL")
}

/// Lets everything happen that is due; whether anything did.
pub(crate) async fn settle(held: &mut Held<'_>) -> bool {
    let mut changed = cloud::settle(held).await;
    changed |= vps::settle(held).await;
    changed |= dedicated::settle(held).await;
    changed
}

/// What faults that are over have left behind is mended: no list is behind any more, and the tasks
/// of rented servers go on.
pub(crate) fn heal(held: &mut Held<'_>) {
    held.ovh.cloud.list_all();
    rented::go_on::<vps::Vps>(held);
    rented::go_on::<dedicated::Dedicated>(held);
}

/// What the vendor mailed to the owner of rented servers.
pub(crate) fn mailbox(held: &Held<'_>) -> Vec<serde_json::Value> {
    let mut mails = rented::mailbox::<vps::Vps>(held);
    mails.extend(rented::mailbox::<dedicated::Dedicated>(held));
    mails
}

/// When something that begins now and takes so long is over; far away rather than an overflow.
fn later(now: Timestamp, by: Duration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}
