//! How a guest ended: QEMU writes its events to a file, whether or not anybody is connected.

use serde::Deserialize;
use std::path::Path;

/// How a guest ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// The system inside rebooted: the firmware comes next.
    Reboot,
    /// The system inside switched the machine off.
    Off,
    /// It was ended from outside, or did not get to say anything.
    Killed,
}

#[derive(Deserialize)]
struct Line {
    event: String,
    #[serde(default)]
    data: Data,
}

#[derive(Default, Deserialize)]
struct Data {
    #[serde(default)]
    reason: String,
}

/// Reads it from the file of the events.
pub(super) fn ending(file: &Path) -> Ending {
    std::fs::read(file).map_or(Ending::Killed, |bytes| {
        last(&String::from_utf8_lossy(&bytes))
    })
}

/// The last word on it (`SHUTDOWN` with a `ShutdownCause` in QEMU's QMP reference).
fn last(text: &str) -> Ending {
    let reason = text
        .lines()
        .rev()
        .filter_map(|line| serde_json::from_str::<Line>(line).ok())
        .find(|line| line.event == "SHUTDOWN")
        .map(|line| line.data.reason);
    match reason.as_deref() {
        Some("guest-reset" | "subsystem-reset") => Ending::Reboot,
        Some("guest-shutdown") => Ending::Off,
        _ => Ending::Killed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_counts() {
        let hello = "{\"QMP\": {}}\n{\"return\": {}}\n";
        let shutdown = |reason: &str| {
            format!(
                "{{\"timestamp\": {{}}, \"event\": \"SHUTDOWN\", \"data\": {{\"guest\": true, \"reason\": \"{reason}\"}}}}\n"
            )
        };
        for (text, expected) in [
            (String::new(), Ending::Killed),
            (hello.to_owned(), Ending::Killed),
            (shutdown("guest-reset"), Ending::Reboot),
            (shutdown("guest-shutdown"), Ending::Off),
            (shutdown("host-signal"), Ending::Killed),
            (shutdown("host-qmp-quit"), Ending::Killed),
            (shutdown("something-new"), Ending::Killed),
            (
                shutdown("guest-reset") + "{\"event\": \"STOP\"}\n{\"half",
                Ending::Reboot,
            ),
            (
                shutdown("guest-reset") + &shutdown("guest-shutdown"),
                Ending::Off,
            ),
        ] {
            assert_eq!(last(&format!("{hello}{text}")), expected, "{text}");
        }
    }
}
