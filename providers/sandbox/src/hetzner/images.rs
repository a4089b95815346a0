//! The vendor's images; the sandbox takes no snapshots of one's own.

use super::call::{Answer, Call};
use super::error::ApiError;
use super::input::Reference;
use super::view::time;
use super::{list, view};
use crate::settings::Settings;
use crate::settings::catalog::{Architecture, SystemImage};
use jiff::Timestamp;
use serde_json::{Value, json};

/// How large a system image is: about what the vendor says of its own.
const DISK_GB: u32 = 5;

/// An image as the vendor shows it.
pub(super) fn json(image: &SystemImage) -> Value {
    json!({
        "id": image.id,
        "type": "system",
        "status": "available",
        "name": image.name,
        "description": image.description,
        "image_size": null,
        "disk_size": DISK_GB,
        "created": time(Timestamp::UNIX_EPOCH),
        "created_from": null,
        "bound_to": null,
        "os_flavor": image.os_flavor,
        "os_version": image.os_version,
        "rapid_deploy": true,
        "protection": {"delete": false},
        "deprecated": image.deprecated.map(time),
        "deleted": null,
        "labels": {},
        "architecture": image.architecture.vendor(),
    })
}

/// The image that is meant for servers of this architecture: a name has one for each.
pub(super) fn choose<'a>(
    settings: &'a Settings,
    wanted: &Reference,
    architecture: Architecture,
) -> Result<&'a SystemImage, &'static str> {
    let mut meant = settings
        .images
        .iter()
        .filter(|image| wanted.means(image.id, &image.name))
        .peekable();
    if meant.peek().is_none() {
        return Err("image not found");
    }
    meant
        .find(|image| image.architecture == architecture)
        .ok_or("image is not compatible with the server type's architecture")
}

pub(super) async fn all(call: Call) -> Answer {
    let kinds = call
        .query
        .words("type", &["system", "app", "snapshot", "backup"])?;
    let states = call
        .query
        .words("status", &["available", "creating", "unavailable"])?;
    let architectures = call.query.words("architecture", &["x86", "arm"])?;
    let name = call.query.one("name");
    let deprecated = call.query.one("include_deprecated") == Some("true");
    let bound = call.query.all("bound_to").next().is_some();
    let labels =
        super::labels::Selector::parse(call.query.one("label_selector").unwrap_or_default())?;
    let held = call.hold().await?;
    let found = held
        .settings
        .images
        .iter()
        .filter(|_| kinds.is_empty() || kinds.contains(&"system"))
        .filter(|_| states.is_empty() || states.contains(&"available"))
        .filter(|_| !bound && labels.fits(&super::labels::Labels::new()))
        .filter(|image| {
            architectures.is_empty() || architectures.contains(&image.architecture.vendor())
        })
        .filter(|image| name.is_none_or(|name| name == image.name))
        .filter(|image| deprecated || image.deprecated.is_none_or(|at| at > held.now))
        .map(json)
        .collect();
    list::answer(
        &call.query,
        "/images",
        "images",
        &["id", "name", "created"],
        found,
    )
}

pub(super) async fn one(call: Call) -> Answer {
    let id = call.id("image")?;
    let held = call.hold().await?;
    let found = held.settings.images.iter().find(|image| image.id == id);
    Ok(view::shown(
        "image",
        &json(found.ok_or_else(|| ApiError::not_found("image", id))?),
    ))
}
