//! What costs money, in words.

use rust_decimal::Decimal;

/// A price by the hour, with tax; one that the vendor does not tell is said to be unknown.
pub fn per_hour(price: Option<Decimal>, currency: Option<&str>) -> String {
    match (price, currency) {
        (Some(price), Some(currency)) => format!("{} {currency}/h", price.normalize()),
        _ => "at an unknown price".to_owned(),
    }
}
