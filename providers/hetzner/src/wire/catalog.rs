//! What is sold, where, and for how much.

use super::or_default;
use super::page::page;
use serde::Deserialize;

/// A type of server.
#[derive(Debug, Deserialize)]
pub(crate) struct ServerType {
    pub(crate) name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) architecture: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) cores: f64,
    /// GB, which are GiB.
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) memory: f64,
    /// GB.
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) disk: f64,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) prices: Vec<PlacePrice>,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) locations: Vec<Sold>,
}

/// Where a type is sold.
#[derive(Debug, Deserialize)]
pub(crate) struct Sold {
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) available: Option<bool>,
    #[serde(default)]
    pub(crate) deprecation: Option<Deprecation>,
}

/// That something is being phased out.
#[derive(Debug, Deserialize)]
pub(crate) struct Deprecation {
    #[serde(default)]
    pub(crate) unavailable_after: Option<String>,
}

/// What something costs at one place.
#[derive(Debug, Deserialize)]
pub(crate) struct PlacePrice {
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) location: String,
    #[serde(default)]
    pub(crate) price_hourly: Option<Price>,
}

/// Decimal numbers as text.
#[derive(Debug, Deserialize)]
pub(crate) struct Price {
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) gross: String,
}

page! {
    /// `GET /server_types`
    ServerTypes, server_types: ServerType
}

/// `GET /pricing`
#[derive(Debug, Deserialize)]
pub(crate) struct PricingAnswer {
    pub(crate) pricing: Pricing,
}

/// The currency, and what addresses cost.
#[derive(Debug, Deserialize)]
pub(crate) struct Pricing {
    pub(crate) currency: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) primary_ips: Vec<AddressPrices>,
}

/// What one kind of address (`ipv4`) costs.
#[derive(Debug, Deserialize)]
pub(crate) struct AddressPrices {
    #[serde(default, rename = "type", deserialize_with = "or_default")]
    pub(crate) kind: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) prices: Vec<PlacePrice>,
}
