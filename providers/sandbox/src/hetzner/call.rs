//! A request as the handlers get it.

use super::error::ApiError;
use super::input::Input;
use crate::faults::OnAction;
use crate::world::{Held, World};
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Query, RawPathParams, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a handler answers.
pub(super) type Answer = Result<Response, ApiError>;

/// A request that passed the gate.
pub(super) struct Call {
    world: Arc<World>,
    pub(super) query: Parameters,
    path: BTreeMap<String, String>,
    body: Bytes,
    on_action: OnAction,
}

/// The query, in which a name may occur many times.
#[derive(Debug)]
pub(super) struct Parameters(pub(super) Vec<(String, String)>);

impl Parameters {
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The last of that name counts.
    pub(super) fn one<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.all(name).last()
    }

    /// Every value of that name is one of these.
    pub(super) fn words<'a>(
        &'a self,
        name: &'a str,
        known: &[&str],
    ) -> Result<Vec<&'a str>, ApiError> {
        let found: Vec<&str> = self.all(name).collect();
        match found.iter().find(|word| !known.contains(word)) {
            Some(word) => Err(ApiError::invalid_field(
                name,
                format!("'{word}' is not one of {}", known.join(", ")),
            )),
            None => Ok(found),
        }
    }

    pub(super) fn numbers(&self, name: &str) -> Result<Vec<u64>, ApiError> {
        self.all(name)
            .map(|text| {
                text.parse()
                    .map_err(|_| ApiError::invalid_field(name, "must be a whole number"))
            })
            .collect()
    }
}

impl Call {
    /// Takes the world in hand for this request.
    pub(super) async fn hold(&self) -> Result<Held<'_>, ApiError> {
        let mut held = self.world.hold().await?;
        held.on_action = self.on_action.clone();
        Ok(held)
    }

    /// The number in the path; what is none belongs to nothing.
    pub(super) fn id(&self, kind: &str) -> Result<u64, ApiError> {
        self.path_number("id", kind)
    }

    /// Another number in the path.
    pub(super) fn path_number(&self, name: &str, kind: &str) -> Result<u64, ApiError> {
        let text = self.path.get(name).map_or("", String::as_str);
        text.parse().map_err(|_| ApiError::not_found(kind, text))
    }

    /// A part of the path.
    pub(super) fn path_text(&self, name: &str) -> &str {
        self.path.get(name).map_or("", String::as_str)
    }

    /// The body, which may have these fields and no others.
    pub(super) fn input(&self, known: &[&str]) -> Result<Input, ApiError> {
        Input::parse(&self.body, known)
    }
}

impl FromRequest<Arc<World>> for Call {
    type Rejection = ApiError;

    async fn from_request(request: Request, world: &Arc<World>) -> Result<Self, ApiError> {
        let (mut parts, body) = request.into_parts();
        let path = path(&mut parts, world).await?;
        let Query(query) = Query::<Vec<(String, String)>>::from_request_parts(&mut parts, world)
            .await
            .map_err(|error| ApiError::invalid_field("query", error.to_string()))?;
        let on_action = parts.extensions.remove::<OnAction>().unwrap_or_default();
        let body = Bytes::from_request(Request::from_parts(parts, body), world)
            .await
            .map_err(|error| {
                ApiError::new(StatusCode::BAD_REQUEST, "json_error", error.to_string())
            })?;
        Ok(Self {
            world: Arc::clone(world),
            query: Parameters(query),
            path,
            body,
            on_action,
        })
    }
}

async fn path(parts: &mut Parts, world: &Arc<World>) -> Result<BTreeMap<String, String>, ApiError> {
    let params = RawPathParams::from_request_parts(parts, world)
        .await
        .map_err(|error| ApiError::invalid_field("path", error.to_string()))?;
    Ok(params
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect())
}
