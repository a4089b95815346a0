//! `OAuth2` by client credentials: tokens that are given, and end.

use super::super::account::Token;
use super::super::error::ApiError;
use super::super::later;
use crate::face::Sent;
use crate::world::document::secret;
use crate::world::{Held, World};
use axum::Json;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use data_encoding::BASE64;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// An error as the standard (RFC 6749, 5.2) has it, not as the rest of the API does.
fn refused(status: StatusCode, error: &str, description: &str) -> Response {
    let body = json!({"error": error, "error_description": description});
    (status, Json(body)).into_response()
}

/// `POST /auth/oauth2/token`: gives a token to whoever knows the client's secret.
pub(in crate::ovh) async fn token(State(world): State<Arc<World>>, request: Request) -> Response {
    let body = request.extensions().get::<Sent>().map(|sent| &sent.body);
    let form = body.and_then(|body| read(body)).unwrap_or_default();
    let of = |name: &str| {
        let found = form.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.clone())
    };
    match of("grant_type").as_deref() {
        Some("client_credentials") => {}
        Some(_) => {
            let text = "the grant type is not supported";
            return refused(StatusCode::BAD_REQUEST, "unsupported_grant_type", text);
        }
        None => {
            let text = "grant_type is missing";
            return refused(StatusCode::BAD_REQUEST, "invalid_request", text);
        }
    }
    if of("scope").is_some_and(|scope| scope != "all") {
        let text = "the only scope is all";
        return refused(StatusCode::BAD_REQUEST, "invalid_scope", text);
    }
    let given = basic(request.headers())
        .or_else(|| Some((of("client_id")?, of("client_secret")?)))
        .unwrap_or_default();
    let Ok(mut held) = world.hold().await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let own = &held.ovh.credentials;
    if given != (own.client_id.clone(), own.client_secret.clone()) {
        let text = "client authentication failed";
        return refused(StatusCode::UNAUTHORIZED, "invalid_client", text);
    }
    let answer = give(&mut held);
    match held.keep().await {
        Ok(()) => Json(answer).into_response(),
        Err(error) => ApiError::from(error).into_response(),
    }
}

fn give(held: &mut Held<'_>) -> serde_json::Value {
    let seconds = held.settings.ovh.token_lifetime_seconds;
    let (token, now) = (secret(64), held.now);
    let until = later(now, Duration::from_secs(seconds.into()));
    held.ovh.tokens.retain(|token| token.until > now);
    held.ovh.tokens.push(Token {
        token: token.clone(),
        until,
    });
    json!({"access_token": token, "token_type": "Bearer", "expires_in": seconds, "scope": "all"})
}

/// A form's fields, which are written as a query is.
fn read(body: &[u8]) -> Option<Vec<(String, String)>> {
    let text = std::str::from_utf8(body).ok()?;
    let uri: Uri = format!("/?{}", text.trim()).parse().ok()?;
    let Query(fields) = Query::try_from_uri(&uri).ok()?;
    Some(fields)
}

/// The client's id and secret, where they are not in the form.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(BASE64.decode(encoded.trim().as_bytes()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

/// Whether the token was given and has not ended.
pub(super) fn check(held: &Held<'_>, header: &HeaderValue) -> Result<(), ApiError> {
    let given = header
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, given)| given.trim());
    let good = given.is_some_and(|given| {
        let mut tokens = held.ovh.tokens.iter();
        tokens.any(|known| known.token == given && known.until > held.now)
    });
    if good {
        return Ok(());
    }
    Err(ApiError::new(
        401,
        "Client::Unauthorized",
        "Invalid or expired token",
    ))
}

/// Every token that was given ends now.
pub(crate) fn forget(held: &mut Held<'_>) {
    held.ovh.tokens.clear();
}
