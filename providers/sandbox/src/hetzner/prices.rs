//! `GET /pricing`: what everything costs.

use super::call::{Answer, Call};
use super::{types, view};
use crate::settings::Settings;
use crate::settings::money::Money;
use serde_json::{Value, json};

pub(super) async fn all(call: Call) -> Answer {
    let held = call.hold().await?;
    Ok(view::shown("pricing", &json(&held.settings)))
}

fn json(settings: &Settings) -> Value {
    let prices = &settings.prices;
    let vat = prices.vat_percent;
    let server_types: Vec<Value> = settings
        .server_types
        .iter()
        .map(|found| {
            let prices: Vec<Value> = found
                .locations
                .iter()
                .map(|offer| types::prices(settings, offer))
                .collect();
            json!({"id": found.id, "name": found.name, "prices": prices})
        })
        .collect();
    let address = |hourly: Money, monthly: Money| -> Vec<Value> {
        settings
            .locations
            .iter()
            .map(|place| {
                json!({
                    "location": place.name,
                    "price_hourly": view::price(hourly, vat),
                    "price_monthly": view::price(monthly, vat),
                })
            })
            .collect()
    };
    json!({
        "currency": prices.currency,
        "vat_rate": format!("{vat}.000000"),
        "primary_ips": [
            {"type": "ipv4", "prices": address(prices.ipv4_hourly, prices.ipv4_monthly)},
            {"type": "ipv6", "prices": address(Money::NOTHING, Money::NOTHING)},
        ],
        // not sold here, and neither are load balancers
        "floating_ips": [],
        "floating_ip": {"price_monthly": view::price(Money::NOTHING, vat)},
        "image": {"price_per_gb_month": view::price(prices.image_gb_monthly, vat)},
        "volume": {"price_per_gb_month": view::price(prices.volume_gb_monthly, vat)},
        "server_backup": {"percentage": "20.00"},
        "server_types": server_types,
        "load_balancer_types": [],
    })
}
