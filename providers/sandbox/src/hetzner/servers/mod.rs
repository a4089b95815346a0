//! Servers: seen, renamed, removed.

pub(super) mod create;
pub(super) mod power;
pub(super) mod rescue;
pub(super) mod system;
mod view;

use super::call::{Answer, Call};
use super::error::ApiError;
use super::list::{self, Filter};
use super::names;
use super::project::{Effect, Resource, Server};
use crate::latency::Work;
use crate::world::Held;
use axum::Json;
use axum::response::IntoResponse;
use serde_json::json;

pub(super) use view::shown;

const STATUS: &[&str] = &[
    "running",
    "initializing",
    "starting",
    "stopping",
    "off",
    "deleting",
    "migrating",
    "rebuilding",
    "unknown",
];

pub(super) fn find<'a>(held: &'a Held<'_>, id: u64) -> Result<&'a Server, ApiError> {
    held.hetzner
        .servers
        .get(&id)
        .ok_or_else(|| ApiError::not_found("server", id))
}

pub(super) fn find_mut<'a>(held: &'a mut Held<'_>, id: u64) -> Result<&'a mut Server, ApiError> {
    held.hetzner
        .servers
        .get_mut(&id)
        .ok_or_else(|| ApiError::not_found("server", id))
}

/// That the server is there and no action runs on it.
pub(super) fn unlocked(held: &Held<'_>, id: u64) -> Result<(), ApiError> {
    find(held, id)?;
    match held.hetzner.runs_on(Resource::Server(id)) {
        Some(_) => Err(ApiError::locked("server")),
        None => Ok(()),
    }
}

fn name_unique(held: &Held<'_>, name: &str, own: Option<u64>) -> Result<(), ApiError> {
    let others = held.hetzner.servers.values();
    names::unique(
        name,
        "server",
        own,
        others.map(|server| (server.id, server.name.as_str())),
    )
}

pub(super) async fn all(call: Call) -> Answer {
    let filter = Filter::of(&call.query)?;
    let status = call.query.words("status", STATUS)?;
    let mut held = call.hold().await?;
    let mut wanted = Vec::new();
    let (now, fault) = (held.now, held.on_action.clone());
    for server in held.hetzner.servers.values_mut() {
        if !filter.fits(&server.name, &server.labels) || !fault.lists(server.created, now) {
            continue;
        }
        // a list that is behind, on demand
        if server.hidden > 0 {
            server.hidden -= 1;
        } else {
            wanted.push(server.id);
        }
    }
    let mut found = Vec::new();
    for id in wanted {
        let json = shown(&held, id).await?;
        if status.is_empty() || json["status"].as_str().is_some_and(|s| status.contains(&s)) {
            found.push(json);
        }
    }
    list::answer(
        &call.query,
        "/servers",
        "servers",
        &["id", "name", "created"],
        found,
    )
}

pub(super) async fn one(call: Call) -> Answer {
    let id = call.id("server")?;
    let held = call.hold().await?;
    Ok(super::view::shown("server", &shown(&held, id).await?))
}

pub(super) async fn update(call: Call) -> Answer {
    let id = call.id("server")?;
    let mut input = call.input(&["name", "labels"])?;
    let name = input.text("name");
    let name = input.name("name", name, names::hostname);
    let labels = input.labels("labels");
    input.done()?;
    let mut held = call.hold().await?;
    if let Some(name) = &name {
        name_unique(&held, name, Some(id))?;
    }
    let server = find_mut(&mut held, id)?;
    if let Some(name) = name {
        server.name = name;
    }
    if let Some(labels) = labels {
        server.labels = labels;
    }
    held.keep().await?;
    Ok(super::view::shown("server", &shown(&held, id).await?))
}

pub(super) async fn delete(call: Call) -> Answer {
    let id = call.id("server")?;
    let mut held = call.hold().await?;
    let server = find(&held, id)?;
    let machine = server.machine();
    if server.protected {
        return Err(ApiError::protected("server", "deletion"));
    }
    // one that hangs for ever must not keep its server for ever
    let busy = held.hetzner.actions.values();
    if busy
        .filter(|action| action.running() && action.due.is_some())
        .any(|action| action.concerns(Resource::Server(id)))
    {
        return Err(ApiError::locked("server"));
    }
    let goes = held.on_action.works();
    let action = held.begin(
        "delete_server",
        Work::Delete,
        &[Resource::Server(id)],
        Effect::None,
    );
    if goes {
        remove(&mut held, id);
        if let Err(error) = held.destroy(&machine).await {
            tracing::warn!(%error, "a machine could not be removed whole");
        }
    }
    held.keep().await?;
    Ok(Json(json!({ "action": action })).into_response())
}

/// The server goes at once; what it had goes with it, or is left without a server.
fn remove(held: &mut Held<'_>, id: u64) {
    let project = &mut held.hetzner;
    project.servers.remove(&id);
    project
        .addresses
        .retain(|_, address| address.server != Some(id) || !address.auto_delete);
    for address in project
        .addresses
        .values_mut()
        .filter(|a| a.server == Some(id))
    {
        address.server = None;
    }
    for volume in project
        .volumes
        .values_mut()
        .filter(|v| v.server == Some(id))
    {
        volume.server = None;
    }
}
