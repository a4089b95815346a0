//! Types, places and prices.

use super::time;
use crate::dialect::PROVIDER;
use crate::wire::{self, Pricing};
use jiff::Timestamp;
use provision_api::numbers::whole;
use provision_api::{Arch, Catalog, Error, ErrorKind, Offer, Result, ServerType};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// The vendor's types and prices as a catalog. A type is offered where the vendor lists it with
/// a price; the price includes an IPv4 address.
pub(crate) fn catalog(types: Vec<wire::ServerType>, pricing: &Pricing) -> Result<Catalog> {
    let addresses = address_prices(pricing);
    // where the address has no price of its own, too dear is better than too cheap
    let dearest = addresses.values().max().copied().ok_or_else(|| {
        Error::new(
            ErrorKind::Garbled,
            PROVIDER,
            "read prices",
            "no hourly price for IPv4 addresses",
        )
    })?;
    let now = Timestamp::now();
    let types = types.into_iter().map(|kind| ServerType {
        offers: offers(&kind, now, |place| {
            addresses.get(place).copied().unwrap_or(dearest)
        }),
        arch: Arch::from(kind.architecture),
        cores: whole(kind.cores),
        memory_mib: u64::from(whole(kind.memory * 1024.0)),
        disk_gib: u64::from(whole(kind.disk)),
        name: kind.name,
    });
    Ok(Catalog {
        types: types.collect(),
        currency: pricing.currency.clone(),
    })
}

fn address_prices(pricing: &Pricing) -> BTreeMap<&str, Decimal> {
    let ipv4 = pricing
        .primary_ips
        .iter()
        .filter(|prices| prices.kind == "ipv4");
    ipv4.flat_map(|prices| &prices.prices)
        .filter_map(|price| Some((price.location.as_str(), hourly(price)?)))
        .collect()
}

fn offers(
    kind: &wire::ServerType,
    now: Timestamp,
    address: impl Fn(&str) -> Decimal,
) -> Vec<Offer> {
    let offer = |sold: &wire::Sold| {
        let place = &sold.name;
        let price = kind.prices.iter().find(|price| price.location == *place)?;
        let gone = sold.deprecation.as_ref().is_some_and(|deprecation| {
            time(deprecation.unavailable_after.as_deref()).is_some_and(|end| end <= now)
        });
        Some(Offer {
            location: place.clone(),
            // a sum that no number holds is no price
            hourly: Some(hourly(price)?.checked_add(address(place))?.normalize()),
            available: sold.available.unwrap_or(true) && !gone,
            deprecated: sold.deprecation.is_some(),
        })
    };
    kind.locations.iter().filter_map(offer).collect()
}

fn hourly(price: &wire::PlacePrice) -> Option<Decimal> {
    price.price_hourly.as_ref()?.gross.parse().ok()
}
