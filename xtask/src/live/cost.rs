//! What a server has cost at most: the vendor bills every hour that was begun.

use std::time::Duration;

/// A price by the hour that is a cap: a number above nothing.
pub(super) fn price(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(price) if price.is_finite() && price > 0.0 => Ok(price),
        _ => Err("it is a number above 0, like 0.02".to_owned()),
    }
}

/// So many hours begun at that price; rounded up in the fourth place.
pub(super) fn at_most(took: Duration, hourly: f64) -> String {
    let hours = took.as_secs() / 3600 + 1;
    #[expect(clippy::cast_precision_loss, reason = "hours of one session")]
    let total = hourly * hours as f64;
    // what is no more than a trace of binary fractions is not rounded up
    let rounded = (total * 10_000.0 - 1e-6).ceil() / 10_000.0;
    format!("{rounded:.4} ({hours} h at {hourly} per hour, as the vendor bills hours begun)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_begun_are_whole() {
        for (seconds, hourly, expected) in [
            (60, 0.0048, "0.0048 (1 h"),
            (3599, 0.0048, "0.0048 (1 h"),
            (3600, 0.0048, "0.0096 (2 h"),
            (60, 0.00481, "0.0049 (1 h"),
        ] {
            let text = at_most(Duration::from_secs(seconds), hourly);
            assert!(
                text.starts_with(expected),
                "{seconds} s at {hourly}: {text}"
            );
        }
    }

    #[test]
    fn a_cap_is_above_nothing() {
        assert!(price("0.02").is_ok());
        for text in ["0", "-1", "NaN", "inf", "cheap", ""] {
            assert!(price(text).is_err(), "{text:?} was taken");
        }
    }
}
