//! The public price list, which nobody has to log in for.

use super::super::call::{Answer, Call, ok};
use super::super::error::ApiError;
use super::flavors::plan_code;
use crate::settings::ovh::cloud::Flavor;
use serde_json::{Value, json};

/// Some of the vendor's companies: each has a price list.
const SUBSIDIARIES: &[&str] = &[
    "ASIA", "AU", "CA", "CZ", "DE", "ES", "EU", "FI", "FR", "GB", "IE", "IN", "IT", "LT", "MA",
    "NL", "PL", "PT", "QC", "SG", "SN", "TN", "US", "WE", "WS",
];
/// A month costs as much as so many hours.
const MONTH: u64 = 500;

pub(super) async fn all(call: Call) -> Answer {
    let query = call.query(&["ovhSubsidiary", "productName"])?;
    let subsidiary = query
        .one("ovhSubsidiary")
        .ok_or_else(|| ApiError::bad_field("ovhSubsidiary", "Missing parameter"))?;
    if !SUBSIDIARIES.contains(&subsidiary) {
        return Err(ApiError::bad_field(
            "ovhSubsidiary",
            "Given data is not valid for type nichandle.OvhSubsidiaryEnum",
        ));
    }
    let held = call.hold().await?;
    let cloud = &held.settings.ovh.cloud;
    if !cloud.catalog.served {
        return Err(ApiError::not_found("Got an invalid (or empty) URL"));
    }
    let addons: Vec<Value> = cloud.flavors.iter().flat_map(addons).collect();
    Ok(ok(&json!({
        "catalogId": 1,
        "locale": {
            "currencyCode": cloud.catalog.currency,
            "subsidiary": subsidiary,
            "taxRate": cloud.catalog.tax_rate,
        },
        "plans": [],
        "products": [],
        "planFamilies": [],
        "addons": addons,
    })))
}

/// What an instance of the flavor costs, by the hour and by the month.
fn addons(flavor: &Flavor) -> Vec<Value> {
    let Some(hourly) = flavor.hourly else {
        return Vec::new();
    };
    let hourly = hourly.hundred_millionths();
    let addon = |monthly: bool, price: u64| {
        let (interval, kind) = if monthly {
            ("month", "rental")
        } else {
            ("hour", "consumption")
        };
        json!({
            "planCode": plan_code(&flavor.name, monthly),
            "invoiceName": flavor.name,
            "product": "publiccloud-instance",
            "pricingType": kind,
            "pricings": [{
                "phase": 1,
                "capacities": [kind],
                "commitment": 0,
                "description": "",
                "interval": 1,
                "intervalUnit": interval,
                "mode": "default",
                "type": kind,
                "price": price,
                "tax": 0,
            }],
        })
    };
    let mut found = vec![addon(false, hourly)];
    if flavor.os_type == "linux" {
        found.push(addon(true, hourly.saturating_mul(MONTH)));
    }
    found
}
