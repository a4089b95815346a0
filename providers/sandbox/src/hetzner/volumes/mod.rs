//! Volumes: disks that are plugged into servers, and outlive them.

pub(super) mod plug;

use super::call::{Answer, Call};
use super::error::ApiError;
use super::list::Filter;
use super::project::{Effect, Resource, Volume};
use super::view::time;
use super::{list, locations, names, servers, view};
use crate::latency::Work;
use crate::world::Held;
use serde_json::{Value, json};

/// In GB.
const SIZES: std::ops::RangeInclusive<u64> = 10..=10_240;

fn shown(held: &Held<'_>, volume: &Volume) -> Value {
    let creating = held
        .hetzner
        .runs_on(Resource::Volume(volume.id))
        .is_some_and(|action| action.command == "create_volume");
    json!({
        "id": volume.id,
        "created": time(volume.created),
        "name": volume.name,
        "server": volume.server,
        "location": locations::named(held, &volume.location),
        "size": volume.size,
        "linux_device": format!("/dev/disk/by-id/scsi-0HC_Volume_{}", volume.id),
        "protection": {"delete": volume.protected},
        "labels": volume.labels,
        "status": if creating { "creating" } else { "available" },
        "format": volume.format,
    })
}

fn find<'a>(held: &'a Held<'_>, id: u64) -> Result<&'a Volume, ApiError> {
    held.hetzner
        .volumes
        .get(&id)
        .ok_or_else(|| ApiError::not_found("volume", id))
}

fn find_mut<'a>(held: &'a mut Held<'_>, id: u64) -> Result<&'a mut Volume, ApiError> {
    held.hetzner
        .volumes
        .get_mut(&id)
        .ok_or_else(|| ApiError::not_found("volume", id))
}

fn unlocked(held: &Held<'_>, id: u64) -> Result<(), ApiError> {
    find(held, id)?;
    match held.hetzner.runs_on(Resource::Volume(id)) {
        Some(_) => Err(ApiError::locked("volume")),
        None => Ok(()),
    }
}

fn name_unique(held: &Held<'_>, name: &str, own: Option<u64>) -> Result<(), ApiError> {
    let others = held.hetzner.volumes.values();
    names::unique(
        name,
        "volume",
        own,
        others.map(|volume| (volume.id, volume.name.as_str())),
    )
}

pub(super) async fn all(call: Call) -> Answer {
    let filter = Filter::of(&call.query)?;
    let status = call.query.words("status", &["available", "creating"])?;
    let held = call.hold().await?;
    let found = held
        .hetzner
        .volumes
        .values()
        .filter(|volume| filter.fits(&volume.name, &volume.labels))
        .map(|volume| shown(&held, volume))
        .filter(|shown| {
            status.is_empty()
                || shown["status"]
                    .as_str()
                    .is_some_and(|s| status.contains(&s))
        })
        .collect();
    list::answer(
        &call.query,
        "/volumes",
        "volumes",
        &["id", "name", "created"],
        found,
    )
}

pub(super) async fn one(call: Call) -> Answer {
    let id = call.id("volume")?;
    let held = call.hold().await?;
    Ok(view::shown("volume", &shown(&held, find(&held, id)?)))
}

pub(super) async fn create(call: Call) -> Answer {
    let fields = [
        "size",
        "name",
        "labels",
        "automount",
        "format",
        "location",
        "server",
    ];
    let mut input = call.input(&fields)?;
    let name = input.text("name");
    let name = input.name("name", name, names::volume);
    let name = input.required("name", name);
    let size = input.number("size");
    let size = input.required("size", size);
    if !SIZES.contains(&size) && size != 0 {
        input.wrong("size", "must be between 10 and 10240");
    }
    let format = input.text("format");
    if format
        .as_ref()
        .is_some_and(|format| format != "xfs" && format != "ext4")
    {
        input.wrong("format", "must be xfs or ext4");
    }
    let labels = input.labels("labels").unwrap_or_default();
    let (location, server) = (input.reference("location"), input.number("server"));
    if input.flag("automount").is_some() && server.is_none() {
        input.wrong("automount", "a server must be given");
    }
    if location.is_some() == server.is_some() {
        input.wrong("location", "give either a location or a server");
    }
    input.done()?;
    let mut held = call.hold().await?;
    name_unique(&held, &name, None)?;
    let location = match server {
        Some(server) => {
            servers::unlocked(&held, server)?;
            servers::find(&held, server)?.location.clone()
        }
        None => super::addresses::named_place(&held, location.as_ref())?,
    };
    let volume = Volume {
        id: held.hetzner.next_id(),
        name,
        created: held.now,
        size,
        location,
        labels,
        protected: false,
        format,
        server: None,
    };
    let id = volume.id;
    held.hetzner.volumes.insert(id, volume);
    let hangs = held.on_action.hangs;
    let action = held.begin(
        "create_volume",
        Work::Volume,
        &[Resource::Volume(id)],
        Effect::None,
    );
    let next: Vec<Value> = server
        .map(|server| {
            let creation = held.settings.latency.of(Work::Volume);
            // it waits for the other
            held.on_action.hangs = hangs;
            let resources = [Resource::Server(server), Resource::Volume(id)];
            let effect = Effect::AttachVolume { volume: id, server };
            held.begin_after(creation, "attach_volume", Work::Volume, &resources, effect)
        })
        .into_iter()
        .collect();
    let volume = shown(&held, find(&held, id)?);
    held.keep().await?;
    Ok(view::made(
        json!({"volume": volume, "action": action, "next_actions": next}),
    ))
}

pub(super) async fn update(call: Call) -> Answer {
    let id = call.id("volume")?;
    let mut input = call.input(&["name", "labels"])?;
    let name = input.text("name");
    let name = input.name("name", name, names::volume);
    let labels = input.labels("labels");
    input.done()?;
    let mut held = call.hold().await?;
    if let Some(name) = &name {
        name_unique(&held, name, Some(id))?;
    }
    let volume = find_mut(&mut held, id)?;
    if let Some(name) = name {
        volume.name = name;
    }
    if let Some(labels) = labels {
        volume.labels = labels;
    }
    held.keep().await?;
    Ok(view::shown("volume", &shown(&held, find(&held, id)?)))
}

pub(super) async fn delete(call: Call) -> Answer {
    let id = call.id("volume")?;
    let mut held = call.hold().await?;
    let volume = find(&held, id)?;
    if volume.protected {
        return Err(ApiError::protected("volume", "deletion"));
    }
    if volume.server.is_some() {
        return Err(ApiError::unprocessable(
            "service_error",
            "volume is still attached to a server",
        ));
    }
    unlocked(&held, id)?;
    held.hetzner.volumes.remove(&id);
    held.keep().await?;
    held.delete_volume(&id.to_string()).await;
    Ok(view::nothing())
}
