//! Errors as the vendor answers them: `{"error": {"code", "message", "details"}}`.

use crate::error::SandboxError;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// What a request gets instead of what it asked for.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::hetzner) struct ApiError {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) details: Value,
}

impl ApiError {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            details: Value::Null,
        }
    }

    /// 404: the thing of that kind and name is not there.
    pub(super) fn not_found(kind: &str, id: impl std::fmt::Display) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            format!("{kind} with ID '{id}' not found"),
        )
    }

    /// 422 with the fields and what is wrong with each.
    pub(super) fn invalid(problems: &[(String, String)]) -> Self {
        let fields: Vec<Value> = problems
            .iter()
            .map(|(name, message)| json!({"name": name, "messages": [message]}))
            .collect();
        let message = match problems {
            [(name, message)] => format!("invalid input in field '{name}': {message}"),
            several => {
                let names: Vec<String> = several
                    .iter()
                    .map(|(name, _)| format!("'{name}'"))
                    .collect();
                format!("invalid input in fields {}", names.join(", "))
            }
        };
        Self {
            details: json!({ "fields": fields }),
            ..Self::unprocessable("invalid_input", message)
        }
    }

    /// 422 with one field.
    pub(super) fn invalid_field(name: &str, message: impl Into<String>) -> Self {
        Self::invalid(&[(name.to_owned(), message.into())])
    }

    /// 422 with a code of its own.
    pub(super) fn unprocessable(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, message)
    }

    /// 409: another has the same name or fingerprint.
    pub(super) fn not_unique(field: &str, message: impl Into<String>) -> Self {
        Self {
            details: json!({"fields": [{"name": field}]}),
            ..Self::new(StatusCode::CONFLICT, "uniqueness_error", message)
        }
    }

    /// 423: an action runs on it.
    pub(super) fn locked(kind: &str) -> Self {
        Self::new(
            StatusCode::LOCKED,
            "locked",
            format!("{kind} is locked by an action that is still running"),
        )
    }

    /// 423: its protection forbids it.
    pub(super) fn protected(kind: &str, what: &str) -> Self {
        Self::new(
            StatusCode::LOCKED,
            "protected",
            format!("{kind} {what} is protected"),
        )
    }

    /// 422: the sandbox knows the request and does not do it.
    pub(super) fn unsupported(what: &str) -> Self {
        Self::unprocessable(
            "unsupported_error",
            format!("the sandbox does not emulate {what}"),
        )
    }
}

impl From<SandboxError> for ApiError {
    fn from(error: SandboxError) -> Self {
        // the cause holds paths of this machine, which are for its log
        tracing::error!(%error, "the sandbox's world could not be kept");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "server_error",
            "the sandbox could not keep its world",
        )
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let error = json!({"code": self.code, "message": self.message, "details": self.details});
        (self.status, Json(json!({ "error": error }))).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_named_in_the_message_and_in_the_details() {
        let error = ApiError::invalid_field("name", "is too long");
        assert_eq!(error.message, "invalid input in field 'name': is too long");
        assert_eq!(
            error.details,
            json!({"fields": [{"name": "name", "messages": ["is too long"]}]})
        );
        let two = ApiError::invalid(&[("a".into(), "x".into()), ("b".into(), "y".into())]);
        assert_eq!(two.message, "invalid input in fields 'a', 'b'");
    }
}
