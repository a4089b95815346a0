//! The vendors' clock, which need not be this host's.

use super::World;
use crate::face::Face;
use crate::settings::Settings;
use axum::http::HeaderValue;
use jiff::fmt::rfc2822::DateTimePrinter;
use jiff::{SignedDuration, Timestamp};

impl Settings {
    /// What it says now.
    pub(crate) fn now(&self) -> Timestamp {
        later(Timestamp::now(), self.clock_skew_seconds)
    }
}

impl World {
    /// What an answer of that face says of the time (`Date`); empty if it says nothing.
    pub(crate) async fn date(&self, face: Face) -> HeaderValue {
        let state = self.state.lock().await;
        let settings = &state.document.settings;
        let now = match face {
            Face::Hetzner => settings.now(),
            Face::Ovh => later(settings.now(), settings.ovh.clock_skew_seconds),
        };
        // without any, the server would put this host's own time in
        let silent = HeaderValue::from_static("");
        if !settings.tells_time {
            return silent;
        }
        let text = DateTimePrinter::new().timestamp_to_rfc9110_string(&now);
        let value = text.ok().and_then(|text| HeaderValue::from_str(&text).ok());
        value.unwrap_or(silent)
    }
}

fn later(time: Timestamp, seconds: i64) -> Timestamp {
    let skew = SignedDuration::from_secs(seconds);
    time.checked_add(skew).unwrap_or(time)
}
