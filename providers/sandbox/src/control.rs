//! The control endpoint: what tests and demonstrations do to a world beside its vendors' HTTP.
//!
//! | request | does |
//! |---|---|
//! | `GET /_sandbox` | tells the port of SSH and the process |
//! | `POST /_sandbox/faults` | arms one rule, or a list of them; answers their ids |
//! | `GET`, `DELETE /_sandbox/faults` | lists them with their counts; disarms all |
//! | `GET /_sandbox/machines` | the machines: id, address, power |
//! | `POST /_sandbox/machines/{id}/faults` | makes a machine misbehave from now on |
//! | `GET /_sandbox/machines/{id}/console` | what its serial console said |
//! | `POST /_sandbox/machine-faults` | the same for machines still to be made, by host name |
//! | `POST /_sandbox/sold-out` | replaces what is sold out |
//! | `POST /_sandbox/settings` | lays settings over the world's, as a settings file does |
//! | `DELETE /_sandbox/ovh/tokens` | ends every `OAuth2` token that was given |
//! | `GET /_sandbox/ovh/mailbox` | what OVH mailed to the owner of rented servers: passwords |
//! | `GET`, `DELETE /_sandbox/requests` | the requests to the vendors' faces; forgets them |
//!
//! Every request carries the world's token as `Authorization: Bearer …`.

use crate::faults::Rule;
use crate::journal::Journal;
use crate::machine::Faults;
use crate::ovh;
use crate::settings::{MachineFaults, SoldOut, merged};
use crate::world::World;
use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::Arc;

/// Where it begins.
pub(crate) const BASE: &str = "/_sandbox";

type Answer = Result<Json<Value>, Refused>;

struct Refused(StatusCode, String);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, Json(json!({"error": {"message": self.1}}))).into_response()
    }
}

impl From<crate::error::SandboxError> for Refused {
    fn from(error: crate::error::SandboxError) -> Self {
        Self(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
    }
}

fn wrong(message: impl Into<String>) -> Refused {
    Refused(StatusCode::UNPROCESSABLE_ENTITY, message.into())
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(|error| wrong(error.to_string()))
}

pub(crate) fn router(world: &Arc<World>, journal: &Arc<Journal>) -> Router {
    let requests = Router::new()
        .route("/requests", get(requests).delete(forget))
        .with_state(Arc::clone(journal));
    Router::new()
        .route("/", get(about))
        .route("/faults", get(faults).post(arm).delete(disarm))
        .route("/machines", get(machines))
        .route("/machines/{id}/faults", post(misbehave))
        .route("/machines/{id}/console", get(console))
        .route("/machine-faults", post(machine_faults))
        .route("/sold-out", post(sold_out))
        .route("/settings", post(lay_over))
        .route("/ovh/tokens", delete(forget_tokens))
        .route("/ovh/mailbox", get(mailbox))
        .with_state(Arc::clone(world))
        .merge(requests)
        .layer(middleware::from_fn_with_state(Arc::clone(world), authorize))
}

async fn authorize(
    State(world): State<Arc<World>>,
    request: Request,
    next: Next,
) -> Result<Response, Refused> {
    let wanted = format!("Bearer {}", world.hold().await?.token);
    let given = request.headers().get(header::AUTHORIZATION);
    if given.is_none_or(|given| given.as_bytes() != wanted.as_bytes()) {
        return Err(Refused(
            StatusCode::UNAUTHORIZED,
            "the world's token is needed".to_owned(),
        ));
    }
    Ok(next.run(request).await)
}

async fn about(State(world): State<Arc<World>>) -> Answer {
    let held = world.hold().await?;
    Ok(Json(
        json!({"pid": std::process::id(), "ssh_port": held.ssh_port}),
    ))
}

async fn faults(State(world): State<Arc<World>>) -> Answer {
    let held = world.hold().await?;
    Ok(Json(json!({ "faults": &held.faults })))
}

async fn arm(State(world): State<Arc<World>>, body: Bytes) -> Answer {
    let given: Value = read(&body)?;
    let rules: Vec<Rule> = match given {
        Value::Array(_) => read(&body)?,
        _ => vec![read(&body)?],
    };
    rules.iter().try_for_each(Rule::check).map_err(wrong)?;
    let mut held = world.hold().await?;
    let ids: Vec<u64> = rules.into_iter().map(|rule| held.arm(rule)).collect();
    held.keep().await?;
    Ok(Json(json!({ "ids": ids })))
}

/// Ends all faults, and what those that are over have left behind: no list is behind any more, and
/// a rented server's task does not hang.
async fn disarm(State(world): State<Arc<World>>) -> Answer {
    let mut held = world.hold().await?;
    held.faults.clear();
    held.hetzner.list_all();
    ovh::heal(&mut held);
    held.keep().await?;
    Ok(Json(json!({})))
}

async fn machines(State(world): State<Arc<World>>) -> Answer {
    let held = world.hold().await?;
    let mut shown = Vec::new();
    for id in held.machine_ids() {
        if let Some(machine) = held.machine(&id) {
            let spec = machine.spec();
            shown.push(json!({
                "id": id,
                "hostname": spec.hostname,
                "ipv4": spec.ipv4,
                "ssh_port": spec.ssh_port,
                "firmware": spec.firmware,
                "on": machine.is_on().await,
            }));
        }
    }
    Ok(Json(json!({ "machines": shown })))
}

fn no_machine(id: &str) -> Refused {
    Refused(StatusCode::NOT_FOUND, format!("there is no machine {id}"))
}

async fn misbehave(State(world): State<Arc<World>>, Path(id): Path<String>, body: Bytes) -> Answer {
    let faults: Faults = read(&body)?;
    let mut held = world.hold().await?;
    let machine = held.machine(&id).ok_or_else(|| no_machine(&id))?;
    machine
        .misbehave(faults)
        .await
        .map_err(|error| wrong(error.to_string()))?;
    held.keep().await?;
    Ok(Json(json!({})))
}

async fn console(State(world): State<Arc<World>>, Path(id): Path<String>) -> Answer {
    let held = world.hold().await?;
    let machine = held.machine(&id).ok_or_else(|| no_machine(&id))?;
    let mut lines = machine.console().await;
    lines.extend(ovh::console_notes(&held, &id));
    Ok(Json(json!({ "lines": lines })))
}

async fn machine_faults(State(world): State<Arc<World>>, body: Bytes) -> Answer {
    let rules: Vec<MachineFaults> = read(&body)?;
    let mut held = world.hold().await?;
    held.settings.machine_faults = rules;
    held.keep().await?;
    Ok(Json(json!({})))
}

async fn sold_out(State(world): State<Arc<World>>, body: Bytes) -> Answer {
    let gone: Vec<SoldOut> = read(&body)?;
    let mut held = world.hold().await?;
    for one in &gone {
        held.settings.check_sold_out(one).map_err(wrong)?;
    }
    held.settings.sold_out = gone;
    held.keep().await?;
    Ok(Json(json!({})))
}

/// What machines were made with, latencies and firmware, stays theirs.
async fn lay_over(State(world): State<Arc<World>>, body: Bytes) -> Answer {
    let file: Value = read(&body)?;
    let mut held = world.hold().await?;
    let settings = merged(&held.settings, &file).map_err(wrong)?;
    held.take_settings(settings);
    held.keep().await?;
    Ok(Json(json!({})))
}

async fn forget_tokens(State(world): State<Arc<World>>) -> Answer {
    let mut held = world.hold().await?;
    ovh::forget_tokens(&mut held);
    held.keep().await?;
    Ok(Json(json!({})))
}

async fn mailbox(State(world): State<Arc<World>>) -> Answer {
    let held = world.hold().await?;
    Ok(Json(json!({"mails": ovh::mailbox(&held)})))
}

async fn requests(State(journal): State<Arc<Journal>>) -> Json<Value> {
    Json(json!({"requests": journal.all()}))
}

async fn forget(State(journal): State<Arc<Journal>>) -> Json<Value> {
    journal.clear();
    Json(json!({}))
}
