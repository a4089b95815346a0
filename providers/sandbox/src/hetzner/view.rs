//! How the vendor writes what many answers share.

use crate::settings::catalog::Deprecation;
use crate::settings::money::Money;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::{Value, json};

/// A point in time, to the second.
pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// An amount without and with tax.
pub(super) fn price(amount: Money, vat_percent: u32) -> Value {
    json!({"net": amount.net(), "gross": amount.gross(vat_percent)})
}

/// When something goes, or null.
pub(super) fn deprecation(deprecation: Option<&Deprecation>) -> Value {
    deprecation.map_or(Value::Null, |found| {
        json!({
            "announced": time(found.announced),
            "unavailable_after": time(found.unavailable_after),
        })
    })
}

/// 200 with one thing.
pub(super) fn shown(key: &str, value: &Value) -> Response {
    Json(json!({ key: value })).into_response()
}

/// 201 with whatever was made.
pub(super) fn made(body: Value) -> Response {
    (StatusCode::CREATED, Json(body)).into_response()
}

/// 201 with the action that was begun.
pub(super) fn begun(action: &Value) -> Response {
    made(json!({ "action": action }))
}

/// 204.
pub(super) fn nothing() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_has_no_fractions() {
        let at = Timestamp::from_millisecond(1_500_000_000_123).unwrap();
        assert_eq!(time(at), "2017-07-14T02:40:00Z");
    }
}
