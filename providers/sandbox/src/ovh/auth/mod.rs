//! Who may pass: whoever signs with the application's secret, or has a token.

mod rules;
mod signature;
mod token;

use super::call::{Answer, ok};
use super::error::ApiError;
use crate::face::Sent;
use crate::world::{Held, World};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::json;
use std::sync::Arc;

pub(crate) use token::forget as forget_tokens;
pub(super) use token::token;

/// What nobody needs to log in for.
const OPEN: &[&str] = &[
    "/auth/time",
    "/auth/oauth2/token",
    "/order/catalog/public/cloud",
];

/// What the vendor's clock says, which may be another one than this host's.
fn clock(held: &Held<'_>) -> Timestamp {
    let skew = jiff::SignedDuration::from_secs(held.settings.ovh.clock_skew_seconds);
    held.now.checked_add(skew).unwrap_or(held.now)
}

/// `GET /auth/time`: seconds of the epoch.
pub(super) async fn time(State(world): State<Arc<World>>) -> Answer {
    let held = world.hold().await.map_err(ApiError::from)?;
    Ok(ok(&json!(clock(&held).as_second())))
}

pub(super) async fn pass(
    State(world): State<Arc<World>>,
    request: Request,
    next: Next,
) -> Response {
    let sent = request.extensions().get::<Sent>().cloned();
    let (method, headers) = (request.method().clone(), request.headers().clone());
    match check(&world, &method, &headers, sent).await {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

async fn check(
    world: &World,
    method: &Method,
    headers: &HeaderMap,
    sent: Option<Sent>,
) -> Result<(), ApiError> {
    let Some(sent) = sent else {
        return Err(ApiError::bad("the request did not come in by the listener"));
    };
    if OPEN.contains(&sent.below.as_str()) {
        return Ok(());
    }
    let held = world.hold().await?;
    if let Some(bearer) = headers.get(header::AUTHORIZATION) {
        return token::check(&held, bearer);
    }
    let key = signature::check(&held, method, headers, &sent)?;
    rules::check(&held, &key, method.as_str(), &sent.below)
}
