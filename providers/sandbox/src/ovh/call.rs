//! A request as the handlers get it.

use super::error::ApiError;
use super::input::{self, Input};
use crate::faults::OnAction;
use crate::world::{Held, World};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Query, RawPathParams, Request};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a handler answers.
pub(in crate::ovh) type Answer = Result<Response, ApiError>;

/// A request that passed the gate.
pub(in crate::ovh) struct Call {
    world: Arc<World>,
    query: Vec<(String, String)>,
    path: BTreeMap<String, String>,
    body: Bytes,
    on_action: OnAction,
}

impl Call {
    /// Takes the world in hand for this request.
    pub(super) async fn hold(&self) -> Result<Held<'_>, ApiError> {
        let mut held = self.world.hold().await?;
        held.on_action = self.on_action.clone();
        Ok(held)
    }

    /// A part of the path, decoded.
    pub(super) fn path(&self, name: &str) -> &str {
        self.path.get(name).map_or("", String::as_str)
    }

    /// The query, which may have these names and no others.
    pub(super) fn query(&self, known: &[&str]) -> Result<Parameters<'_>, ApiError> {
        input::refuse_unknown(self.query.iter().map(|(name, _)| name.as_str()), known)?;
        Ok(Parameters(&self.query))
    }

    /// The body, which may have these fields and no others.
    pub(super) fn input(&self, known: &[&str]) -> Result<Input, ApiError> {
        Input::parse(&self.body, known)
    }
}

/// The query's names and values.
#[derive(Debug, Clone, Copy)]
pub(in crate::ovh) struct Parameters<'a>(&'a [(String, String)]);

impl<'a> Parameters<'a> {
    /// The value of that name, if it is not empty.
    pub(super) fn one(self, name: &str) -> Option<&'a str> {
        self.0
            .iter()
            .rev()
            .find(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }
}

impl FromRequest<Arc<World>> for Call {
    type Rejection = ApiError;

    async fn from_request(request: Request, world: &Arc<World>) -> Result<Self, ApiError> {
        let (mut parts, body) = request.into_parts();
        let params = RawPathParams::from_request_parts(&mut parts, world)
            .await
            .map_err(|error| ApiError::bad(error.to_string()))?;
        let path = params
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let Query(query) = Query::<Vec<(String, String)>>::from_request_parts(&mut parts, world)
            .await
            .map_err(|error| ApiError::bad(error.to_string()))?;
        let on_action = parts.extensions.remove::<OnAction>().unwrap_or_default();
        let body = Bytes::from_request(Request::from_parts(parts, body), world)
            .await
            .map_err(|error| ApiError::bad(error.to_string()))?;
        Ok(Self {
            world: Arc::clone(world),
            query,
            path,
            body,
            on_action,
        })
    }
}

/// 200 with a value; every success of the vendor's is one.
pub(in crate::ovh) fn ok(value: &Value) -> Response {
    Json(value).into_response()
}

/// 200 with `null`, as `PUT` and `DELETE` answer.
pub(in crate::ovh) fn nothing() -> Response {
    ok(&Value::Null)
}
