//! Volumes plugged in, pulled out, made larger, protected.

use super::super::call::{Answer, Call};
use super::super::error::ApiError;
use super::super::project::{Effect, Resource};
use super::super::{servers, view};
use super::{SIZES, find, find_mut, unlocked};
use crate::latency::Work;
use serde_json::Value;

pub(in crate::hetzner) async fn attach(call: Call) -> Answer {
    let id = call.id("volume")?;
    let mut input = call.input(&["server", "automount"])?;
    let server = input.number("server");
    let server = input.required("server", server);
    input.flag("automount");
    input.done()?;
    let mut held = call.hold().await?;
    unlocked(&held, id)?;
    let volume = find(&held, id)?;
    if volume.server.is_some() {
        return Err(ApiError::unprocessable(
            "service_error",
            "volume is already attached to a server",
        ));
    }
    let Some(found) = held.hetzner.servers.get(&server) else {
        return Err(ApiError::invalid_field("server", "server not found"));
    };
    if found.location != volume.location {
        return Err(ApiError::invalid_field(
            "server",
            "server is in another location",
        ));
    }
    servers::unlocked(&held, server)?;
    let action = held.begin(
        "attach_volume",
        Work::Volume,
        &[Resource::Server(server), Resource::Volume(id)],
        Effect::AttachVolume { volume: id, server },
    );
    held.keep().await?;
    Ok(view::begun(&action))
}

pub(in crate::hetzner) async fn detach(call: Call) -> Answer {
    let id = call.id("volume")?;
    call.input(&[])?.done()?;
    let mut held = call.hold().await?;
    unlocked(&held, id)?;
    let Some(server) = find(&held, id)?.server else {
        return Err(ApiError::unprocessable(
            "service_error",
            "volume is not attached",
        ));
    };
    servers::unlocked(&held, server)?;
    let action = held.begin(
        "detach_volume",
        Work::Volume,
        &[Resource::Server(server), Resource::Volume(id)],
        Effect::DetachVolume { volume: id, server },
    );
    held.keep().await?;
    Ok(view::begun(&action))
}

/// Only of one that no machine has: a plugged in disk of the sandbox keeps its size.
pub(in crate::hetzner) async fn resize(call: Call) -> Answer {
    let id = call.id("volume")?;
    let mut input = call.input(&["size"])?;
    let size = input.number("size");
    let size = input.required("size", size);
    input.done()?;
    let mut held = call.hold().await?;
    unlocked(&held, id)?;
    let volume = find(&held, id)?;
    if size <= volume.size || !SIZES.contains(&size) {
        return Err(ApiError::invalid_field(
            "size",
            "must be greater than it is, and at most 10240",
        ));
    }
    if volume.server.is_some() {
        return Err(ApiError::unsupported("resizing a volume that is attached"));
    }
    if held.on_action.works() {
        find_mut(&mut held, id)?.size = size;
    }
    let action = held.begin(
        "resize_volume",
        Work::Volume,
        &[Resource::Volume(id)],
        Effect::None,
    );
    finish(held, action).await
}

pub(in crate::hetzner) async fn change_protection(call: Call) -> Answer {
    let id = call.id("volume")?;
    let mut input = call.input(&["delete"])?;
    let delete = input.flag("delete");
    input.done()?;
    let mut held = call.hold().await?;
    unlocked(&held, id)?;
    if let Some(delete) = delete
        && held.on_action.works()
    {
        find_mut(&mut held, id)?.protected = delete;
    }
    let action = held.begin(
        "change_protection",
        Work::Other,
        &[Resource::Volume(id)],
        Effect::None,
    );
    finish(held, action).await
}

async fn finish(mut held: crate::world::Held<'_>, action: Value) -> Answer {
    held.keep().await?;
    Ok(view::begun(&action))
}
