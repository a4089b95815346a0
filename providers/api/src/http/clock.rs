//! The vendor's clock, as its answers tell it.
//!
//! Servers' ends are written and judged in the vendor's time: a computer whose own clock is off
//! by days neither removes what lives nor keeps what is dead.

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::{AGE, DATE, HeaderMap};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Two answers that are further apart than they came do not mean the same clock.
const APART: Duration = Duration::from_secs(60);

/// The time that the last answer told, and when that was; the computer's own clock is not asked.
#[derive(Debug, Default)]
pub struct Clock {
    heard: Mutex<Heard>,
}

#[derive(Debug, Default)]
struct Heard {
    told: Option<Told>,
    /// The last answer told another time: one of the vendor's machines may be wrong.
    doubted: Option<Told>,
}

#[derive(Debug, Clone, Copy)]
struct Told {
    theirs: Timestamp,
    at: Instant,
}

impl Clock {
    /// Takes the time that was just told; another one than before only if it is told twice.
    pub fn set(&self, theirs: Timestamp) {
        let at = Instant::now();
        let new = Told { theirs, at };
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let agrees = |told: Option<Told>| told.is_none_or(|told| told.agrees_with(new));
        let is_told_again = heard.doubted.is_some() && agrees(heard.doubted);
        if is_told_again || agrees(heard.told) {
            *heard = Heard {
                told: Some(new),
                doubted: None,
            };
        } else {
            heard.doubted = Some(new);
        }
    }

    /// Takes the time from an answer's `Date`. One that a cache has kept tells an old time, and
    /// counts for nothing.
    pub(super) fn learn(&self, headers: &HeaderMap) {
        if let Some(theirs) = date(headers) {
            self.set(theirs);
        }
    }

    /// The vendor's time now, a second or two behind at most; none if it was never told, or if
    /// the last two answers told different ones.
    ///
    /// While this computer sleeps it may stand still: the next two answers put it right.
    pub fn now(&self) -> Option<Timestamp> {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let told = heard.told.filter(|_| heard.doubted.is_none())?;
        told.now()
    }
}

impl Told {
    fn now(self) -> Option<Timestamp> {
        self.theirs.checked_add(self.at.elapsed()).ok()
    }

    fn agrees_with(self, new: Self) -> bool {
        let apart = |now: Timestamp| now.duration_since(new.theirs).unsigned_abs();
        self.now().is_some_and(|now| apart(now) <= APART)
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
        // one of many machines that is wrong is not believed, nor is what it contradicts
        let eleven = "Mon, 23 Nov 2026 11:00:00 GMT";
        clock.learn(&headers(&[(DATE, eleven)]));
        assert_eq!(clock.now(), None);
        clock.learn(&headers(&[(DATE, noon)]));
        assert!((0..600).contains(&since("12")), "{:?}", clock.now());
        for _ in 0..2 {
            clock.learn(&headers(&[(DATE, eleven)]));
        }
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
