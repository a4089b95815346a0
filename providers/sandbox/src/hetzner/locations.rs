//! Locations.

use super::call::{Answer, Call};
use super::error::ApiError;
use super::{list, view};
use crate::settings::catalog::Location;
use crate::world::Held;
use serde_json::{Value, json};

fn json(place: &Location) -> Value {
    json!({
        "id": place.id,
        "name": place.name,
        "description": place.description,
        "country": place.country,
        "city": place.city,
        "latitude": place.latitude,
        "longitude": place.longitude,
        "network_zone": place.network_zone,
    })
}

/// The location of that name as the vendor shows it.
pub(super) fn named(held: &Held<'_>, name: &str) -> Value {
    held.settings
        .locations
        .iter()
        .find(|place| place.name == name)
        .map_or(Value::Null, json)
}

pub(super) async fn all(call: Call) -> Answer {
    let held = call.hold().await?;
    let name = call.query.one("name");
    let places = held.settings.locations.iter();
    let found = places
        .filter(|place| name.is_none_or(|name| name == place.name))
        .map(json)
        .collect();
    list::answer(
        &call.query,
        "/locations",
        "locations",
        &["id", "name"],
        found,
    )
}

pub(super) async fn one(call: Call) -> Answer {
    let id = call.id("location")?;
    let held = call.hold().await?;
    let found = held.settings.locations.iter().find(|place| place.id == id);
    Ok(view::shown(
        "location",
        &json(found.ok_or_else(|| ApiError::not_found("location", id))?),
    ))
}
