//! Amounts of money as decimals, since binary fractions have no cents.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// A net amount in the world's currency, exact to ten places.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Money(u64);

const PLACES: usize = 10;
const ONE: u64 = 10_u64.pow(10);
/// So that an amount with tax, in twelve places, still fits.
const MOST: u64 = 1_000_000;

impl Money {
    /// No money at all.
    pub(crate) const NOTHING: Self = Self(0);

    /// In hundred-millionths, rounded down: OVH's catalog counts in them.
    pub(crate) fn hundred_millionths(self) -> u64 {
        self.0 / 100
    }

    /// As the vendor writes a net amount: ten places.
    pub(crate) fn net(self) -> String {
        format!("{}.{:010}", self.0 / ONE, self.0 % ONE)
    }

    /// As the vendor writes it with tax: sixteen places.
    pub(crate) fn gross(self, vat_percent: u32) -> String {
        let exact = u128::from(self.0) * u128::from(100 + vat_percent);
        let one = u128::from(ONE) * 100;
        format!("{}.{:012}0000", exact / one, exact % one)
    }
}

impl FromStr for Money {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("{text:?} is no amount: write it like \"0.0048\", with at most ten places");
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(part) || part.len() > PLACES {
            return Err(wrong());
        }
        let whole: u64 = whole.parse().map_err(|_| wrong())?;
        let part: u64 = format!("{part:0<PLACES$}").parse().map_err(|_| wrong())?;
        if whole >= MOST {
            return Err(format!(
                "{text:?} is too much: less than {MOST} is possible"
            ));
        }
        Ok(Self(whole * ONE + part))
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let net = self.net();
        let short = net.trim_end_matches('0');
        f.write_str(short.strip_suffix('.').unwrap_or(short))
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Money({self})")
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_as_the_vendor_does() {
        for (text, net, gross) in [
            ("0.0048", "0.0048000000", "0.0057120000000000"),
            ("1", "1.0000000000", "1.1900000000000000"),
            ("12.49", "12.4900000000", "14.8631000000000000"),
            ("0.0000000001", "0.0000000001", "0.0000000001190000"),
            ("0", "0.0000000000", "0.0000000000000000"),
        ] {
            let money: Money = text.parse().unwrap();
            assert_eq!(money.net(), net);
            assert_eq!(money.gross(19), gross);
            assert_eq!(money.to_string(), text);
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in [
            "",
            ".5",
            "1.",
            "-1",
            "1,5",
            "0.00000000001",
            "1000000",
            "1e3",
            "99999999999999999999",
        ] {
            assert!(text.parse::<Money>().is_err(), "{text}");
        }
    }
}
