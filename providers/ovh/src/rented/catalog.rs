//! What is for sale: nothing. Contracts are made elsewhere, and their prices are not told.

use crate::Config;
use provision_api::Catalog;

/// What the vendor bills in at this endpoint.
pub(crate) fn currency(config: &Config) -> &'static str {
    match config.subsidiary() {
        "CA" => "CAD",
        "US" => "USD",
        _ => "EUR",
    }
}

/// A catalog of things that are not for sale here.
pub(crate) fn empty_catalog(currency: &str) -> Catalog {
    Catalog {
        currency: currency.to_owned(),
        types: Vec::new(),
    }
}
