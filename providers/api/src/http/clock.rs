//! The vendor's clock, as its answers tell it.
//!
//! Servers' ends are written and judged in the vendor's time: a computer whose own clock is off
//! by days neither removes what lives nor keeps what is dead.

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::{AGE, DATE, HeaderMap};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// The time that the last answer told, and when that was; the computer's own clock is not asked.
#[derive(Debug, Default)]
pub struct Clock {
    told: Mutex<Option<Told>>,
}

#[derive(Debug, Clone, Copy)]
struct Told {
    theirs: Timestamp,
    at: Instant,
}

impl Clock {
    /// Takes the time that was just told.
    pub fn set(&self, theirs: Timestamp) {
        let told = Told {
            theirs,
            at: Instant::now(),
        };
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = Some(told);
    }

    /// Takes the time from an answer's `Date`. One that a cache has kept tells an old time, and
    /// counts for nothing.
    pub(super) fn learn(&self, headers: &HeaderMap) {
        if let Some(theirs) = date(headers) {
            self.set(theirs);
        }
    }

    /// The vendor's time now, a second or two behind at most; none if it was never told.
    ///
    /// While this computer sleeps it may stand still: the next answer puts it right.
    pub fn now(&self) -> Option<Timestamp> {
        let told = *self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let Told { theirs, at } = told?;
        theirs.checked_add(at.elapsed()).ok()
    }
}

fn date(headers: &HeaderMap) -> Option<Timestamp> {
    let is_fresh = |age: &reqwest::header::HeaderValue| age.as_bytes() == b"0";
    if !headers.get(AGE).is_none_or(is_fresh) {
        return None;
    }
    let text = headers.get(DATE)?.to_str().ok()?;
    Some(rfc2822::parse(text).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::{HeaderName, HeaderValue};

    fn headers(all: &[(HeaderName, &'static str)]) -> HeaderMap {
        let own = |(name, value): &(HeaderName, &'static str)| {
            (name.clone(), HeaderValue::from_static(value))
        };
        all.iter().map(own).collect()
    }

    #[test]
    fn the_time_is_what_was_told_last() {
        let clock = Clock::default();
        assert_eq!(clock.now(), None, "nobody told it");
        clock.learn(&headers(&[]));
        assert_eq!(clock.now(), None);
        let noon = "Mon, 23 Nov 2026 12:00:00 GMT";
        clock.learn(&headers(&[(DATE, noon)]));
        let since = |hour: &str| {
            let from: Timestamp = format!("2026-11-23T{hour}:00:00Z").parse().unwrap();
            clock.now().unwrap().duration_since(from).as_secs()
        };
        assert!((0..600).contains(&since("12")), "{:?}", clock.now());
        clock.learn(&headers(&[(DATE, "Mon, 23 Nov 2026 11:00:00 GMT")]));
        assert!((0..600).contains(&since("11")), "{:?}", clock.now());
    }

    #[test]
    fn what_is_no_time_of_now_counts_for_nothing() {
        let noon = "Mon, 23 Nov 2026 12:00:00 GMT";
        for (all, is_told) in [
            (vec![(DATE, noon)], true),
            (vec![(DATE, noon), (AGE, "0")], true),
            (vec![(DATE, noon), (AGE, "86400")], false),
            (vec![(DATE, noon), (AGE, "old")], false),
            (vec![(DATE, "soon")], false),
            (vec![(DATE, "")], false),
            (vec![(DATE, "Mon, 99 Nov 2026 12:00:00 GMT")], false),
        ] {
            let clock = Clock::default();
            clock.learn(&headers(&all));
            assert_eq!(clock.now().is_some(), is_told, "{all:?}");
        }
    }
}
