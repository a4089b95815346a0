//! What the vendor has and the sandbox has none of, and what nobody has.

use super::call::{Answer, Call};
use super::error::ApiError;
use super::{Routes, list};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;

/// Kinds of which there are none here: clients list them, and get an empty list.
const NONE: &[(&str, &str)] = &[
    ("isos", "ISO"),
    ("firewalls", "firewall"),
    ("networks", "network"),
    ("placement_groups", "placement group"),
    ("floating_ips", "floating IP"),
    ("load_balancers", "load balancer"),
    ("load_balancer_types", "load balancer type"),
    ("certificates", "certificate"),
];

pub(super) fn routes() -> Routes {
    let mut routes = Router::new()
        .route("/datacenters", get(datacenters))
        .route("/datacenters/{id}", get(datacenters));
    for &(key, kind) in NONE {
        let all = move |call: Call| async move {
            list::answer(&call.query, &format!("/{key}"), key, &[], Vec::new())
        };
        let make = move || async move { Err::<(), _>(ApiError::unsupported(&format!("{kind}s"))) };
        let one = move |call: Call| async move { nothing(&call, kind) };
        let base = get(all);
        let base = match key {
            "isos" | "load_balancer_types" => base,
            _ => base.post(make),
        };
        routes = routes
            .route(&format!("/{key}"), base)
            .route(&format!("/{key}/{{id}}"), get(one));
    }
    routes
}

fn nothing(call: &Call, kind: &str) -> Answer {
    Err(ApiError::not_found(kind, call.path_text("id")))
}

/// "Will be removed after 01 October 2026": as a vendor without them answers.
async fn datacenters() -> ApiError {
    ApiError {
        details: serde_json::json!({
            "announcement": "https://docs.hetzner.cloud/changelog",
        }),
        ..ApiError::new(
            StatusCode::GONE,
            "deprecated_api_endpoint",
            "API functionality was removed",
        )
    }
}

pub(super) async fn unknown() -> ApiError {
    ApiError::new(
        StatusCode::NOT_FOUND,
        "not_found",
        "there is no such endpoint",
    )
}

pub(super) async fn wrong_method() -> ApiError {
    ApiError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "the endpoint does not take this method",
    )
}
