//! What is sold, where, and for how much.

use super::PublicCloud;
use super::sold::spent;
use super::wire::{Addon, Flavor, PriceList};
use provision_api::http::Request;
use provision_api::numbers::whole;
use provision_api::{Arch, Catalog, ErrorKind, Offer, Result, ServerType};
use rust_decimal::Decimal;
use serde_json::Value;
use std::collections::BTreeMap;

/// The vendor counts in so small parts of the currency: 10 to the minus eight.
const SCALE: u32 = 8;
/// More than this many of memory are MB, fewer are GB.
const LEAST_MB: f64 = 256.0;

impl PublicCloud {
    /// Flavors of all regions, with prices where the vendor's public price list is served.
    pub(super) async fn sold(&self) -> Result<Catalog> {
        let (flavors, prices) = tokio::try_join!(self.flavors(), self.prices())?;
        let (currency, hourly) = match prices {
            Some(list) => (list.locale.currency_code.clone(), hourly(list)),
            None => (String::new(), BTreeMap::new()),
        };
        let currency = Some(currency).filter(|currency| !currency.is_empty());
        Ok(Catalog {
            currency: currency.unwrap_or_else(|| usual_currency(self.subsidiary).to_owned()),
            types: types(&flavors, &hourly),
        })
    }

    /// The public price list, read once; none where it is not served.
    async fn prices(&self) -> Result<Option<&PriceList>> {
        let read = || async {
            let request = Request::get("/order/catalog/public/cloud", "read prices")
                .query("ovhSubsidiary", self.subsidiary);
            match self.client.open().get::<PriceList>(&request).await {
                Ok(list) => Ok(Some(list)),
                Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error),
            }
        };
        Ok(self.prices.get_or_try_init(read).await?.as_ref())
    }
}

/// What each plan costs by the hour, with tax. Without a tax rate nothing is known: a price that
/// lacks it would be too cheap.
pub(super) fn hourly(list: &PriceList) -> BTreeMap<&str, Decimal> {
    let Some(tax) = percent(&list.locale.tax_rate) else {
        tracing::warn!("the price list has no tax rate that can be read, so prices are unknown");
        return BTreeMap::new();
    };
    let factor = Decimal::ONE + tax / Decimal::ONE_HUNDRED;
    let price = |addon: &Addon| {
        let hourly = addon.pricings.iter().filter(|pricing| {
            pricing.interval_unit == "hour"
                && pricing
                    .interval
                    .as_i64()
                    .is_none_or(|interval| interval == 1)
        });
        // of several the dearest: too dear is better than too cheap
        let net = hourly
            .filter_map(|pricing| pricing.price.as_i64())
            .filter(|price| *price > 0)
            .max()?;
        // a product that no number holds is no price
        let gross = Decimal::try_new(net, SCALE).ok()?.checked_mul(factor)?;
        Some(gross.normalize())
    };
    let all = list.addons.iter();
    all.filter_map(|addon| Some((addon.plan_code.as_str(), price(addon)?)))
        .collect()
}

/// A rate, as a number or as its text.
fn percent(rate: &Value) -> Option<Decimal> {
    let text = match rate {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_owned(),
        _ => return None,
    };
    let rate = text.parse().or_else(|_| Decimal::from_scientific(&text));
    rate.ok().filter(|rate| *rate >= Decimal::ZERO)
}

/// The flavors of one name in several regions as one type.
pub(super) fn types(flavors: &[Flavor], hourly: &BTreeMap<&str, Decimal>) -> Vec<ServerType> {
    let mut types: Vec<ServerType> = Vec::new();
    for flavor in flavors {
        let plan = flavor.plan_codes.hourly.as_deref();
        let offer = Offer {
            location: flavor.region.clone(),
            hourly: plan.and_then(|plan| hourly.get(plan)).copied(),
            available: flavor.available && !spent(flavor),
            deprecated: false,
        };
        let known = types.iter_mut().find(|kind| kind.name == flavor.name);
        match known {
            Some(kind) => add(kind, offer),
            None => types.push(ServerType {
                name: flavor.name.clone(),
                arch: Arch::X86_64,
                cores: whole(flavor.vcpus),
                memory_mib: u64::from(memory_mib(flavor.ram)),
                disk_gib: u64::from(whole(flavor.disk)),
                offers: vec![offer],
            }),
        }
    }
    types
}

/// Adds an offer to those of a type. Of two at one place the one that can be had counts.
fn add(kind: &mut ServerType, offer: Offer) {
    let mut known = kind.offers.iter_mut();
    match known.find(|known| known.location == offer.location) {
        Some(known) if !known.available => *known = offer,
        Some(_) => {}
        None => kind.offers.push(offer),
    }
}

/// The vendor's text says GB, and its numbers are MB.
fn memory_mib(ram: f64) -> u32 {
    whole(if ram < LEAST_MB { ram * 1024.0 } else { ram })
}

fn usual_currency(subsidiary: &str) -> &'static str {
    match subsidiary {
        "CA" => "CAD",
        "US" => "USD",
        _ => "EUR",
    }
}
