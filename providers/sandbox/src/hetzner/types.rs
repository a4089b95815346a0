//! Server types: what is sold where, and whether at the moment.

use super::call::{Answer, Call};
use super::error::ApiError;
use super::{list, view};
use crate::settings::Settings;
use crate::settings::catalog::{CpuType, Offer, ServerType};
use jiff::Timestamp;
use serde_json::{Value, json};

const TB: u64 = 1 << 40;

/// A server type as the vendor shows it.
pub(super) fn json(settings: &Settings, found: &ServerType) -> Value {
    let locations: Vec<Value> = found
        .locations
        .iter()
        .map(|offer| {
            let place = settings
                .locations
                .iter()
                .find(|place| place.name == offer.location);
            json!({
                "id": place.map(|place| place.id),
                "name": offer.location,
                "deprecation": view::deprecation(offer.deprecation.as_ref()),
                "recommended": offer.recommended,
                "available": settings.available(found, &offer.location),
            })
        })
        .collect();
    // the field of the whole type is the vendor's old one: it speaks once all places do
    let whole = found
        .locations
        .iter()
        .map(|offer| offer.deprecation.as_ref())
        .min_by_key(Option::is_some);
    let whole = whole.flatten();
    json!({
        "id": found.id,
        "name": found.name,
        "description": found.name.to_uppercase(),
        "cores": found.cores,
        "memory": found.memory,
        "disk": found.disk,
        "deprecated": whole.is_some(),
        "deprecation": view::deprecation(whole),
        "prices": found.locations.iter().map(|offer| prices(settings, offer)).collect::<Vec<_>>(),
        "storage_type": "local",
        "cpu_type": match found.cpu_type { CpuType::Shared => "shared", CpuType::Dedicated => "dedicated" },
        "category": found.category,
        "architecture": found.architecture.vendor(),
        "locations": locations,
    })
}

/// What a type costs at one place.
pub(super) fn prices(settings: &Settings, offer: &Offer) -> Value {
    let vat = settings.prices.vat_percent;
    json!({
        "location": offer.location,
        "price_hourly": view::price(offer.hourly, vat),
        "price_monthly": view::price(offer.monthly, vat),
        "included_traffic": included_traffic(offer),
        "price_per_tb_traffic": view::price(offer.traffic_price, vat),
    })
}

/// In bytes.
pub(super) fn included_traffic(offer: &Offer) -> u64 {
    offer.traffic_tb.saturating_mul(TB)
}

/// Whether it may still be seen and ordered somewhere.
fn exists(found: &ServerType, now: Timestamp) -> bool {
    found.locations.iter().any(|offer| sold(offer, now))
}

/// Whether it may still be ordered there, if there is one left.
pub(super) fn sold(offer: &Offer, now: Timestamp) -> bool {
    offer
        .deprecation
        .as_ref()
        .is_none_or(|deprecation| now < deprecation.unavailable_after)
}

pub(super) async fn all(call: Call) -> Answer {
    let held = call.hold().await?;
    let name = call.query.one("name");
    let found = held
        .settings
        .server_types
        .iter()
        .filter(|found| exists(found, held.now) && name.is_none_or(|name| name == found.name))
        .map(|found| json(&held.settings, found))
        .collect();
    list::answer(&call.query, "/server_types", "server_types", &[], found)
}

pub(super) async fn one(call: Call) -> Answer {
    let id = call.id("server type")?;
    let held = call.hold().await?;
    let found = held
        .settings
        .server_types
        .iter()
        .find(|found| found.id == id);
    let found = found.ok_or_else(|| ApiError::not_found("server type", id))?;
    Ok(view::shown("server_type", &json(&held.settings, found)))
}
