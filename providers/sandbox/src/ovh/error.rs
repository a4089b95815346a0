//! Errors as the vendor answers them: `{"class", "message", "errorCode"?, "httpCode"?}`.

use crate::error::SandboxError;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// What a request gets instead of what it asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ovh) struct ApiError {
    pub(super) status: u16,
    pub(super) class: &'static str,
    pub(super) message: String,
    pub(super) code: Option<&'static str>,
}

impl ApiError {
    pub(super) fn new(status: u16, class: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            class,
            message: message.into(),
            code: None,
        }
    }

    /// With a code, as errors of the login have.
    pub(super) fn coded(self, code: &'static str) -> Self {
        Self {
            code: Some(code),
            ..self
        }
    }

    /// 400: a parameter is wrong.
    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self::new(400, "Client::BadRequest", message)
    }

    /// 400: this parameter is wrong. What was given is not repeated, it may be a secret.
    pub(super) fn bad_field(name: &str, message: impl std::fmt::Display) -> Self {
        Self::bad(format!("[{name}] {message}"))
    }

    /// 403: what is known of the client does not let it do this.
    pub(super) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(403, "Client::Forbidden", message)
    }

    /// 404.
    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(404, "Client::NotFound", message)
    }

    /// 404: no such service, or none of this account's.
    pub(super) fn no_service() -> Self {
        Self::not_found("This service does not exist")
    }

    /// 409: something else is being done, or has to be done first.
    pub(super) fn conflict(message: impl Into<String>) -> Self {
        Self::new(409, "Client::Conflict", message)
    }

    /// 460: the service is not served any more.
    pub(super) fn expired(service: &str, state: &str) -> Self {
        Self::new(
            460,
            "Client::ServiceExpired",
            format!("The service {service} is {state}"),
        )
    }

    /// 501: the vendor can, the sandbox cannot.
    pub(super) fn unsupported(what: &str) -> Self {
        Self::new(
            501,
            "Server::NotImplemented",
            format!("the sandbox does not emulate {what}"),
        )
    }
}

impl From<SandboxError> for ApiError {
    fn from(error: SandboxError) -> Self {
        // the cause holds paths of this machine, which are for its log
        tracing::error!(%error, "the sandbox's world could not be kept");
        Self::new(
            500,
            "Server::InternalServerError",
            "the sandbox could not keep its world",
        )
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut body = json!({"class": self.class, "message": self.message});
        if let (Some(code), Some(fields)) = (self.code, body.as_object_mut()) {
            fields.insert("errorCode".to_owned(), json!(code));
            fields.insert("httpCode".to_owned(), json!(status.to_string()));
        }
        (status, Json(body)).into_response()
    }
}
