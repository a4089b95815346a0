//! Dies at a line of the journal, as a crash would: what campaigns try, and only where debug
//! assertions are compiled in.
//!
//! `PROVISION_CRASH=after:7` ends the process by `SIGKILL` as soon as its seventh line is on the
//! disk, `before:7` when it is about to be written, `torn:7` with half of it written. Its children
//! are left alone, as a crash leaves them.

use rustix::process::{Signal, getpid, kill_process};
use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The variable that says where.
const VARIABLE: &str = "PROVISION_CRASH";

/// On which side of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// What the line tells has happened, and nobody has written it down.
    Before,
    /// Half of the line is on the disk.
    Torn,
    /// The line is on the disk, and nothing has followed.
    After,
}

/// Where a process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    side: Side,
    /// Counted from 1.
    line: usize,
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (side, line) = text.split_once(':').ok_or(())?;
        let side = match side {
            "before" => Side::Before,
            "torn" => Side::Torn,
            "after" => Side::After,
            _ => return Err(()),
        };
        let line = line.parse().map_err(|_| ())?;
        Ok(Self { side, line })
    }
}

/// Counts the lines, and knows at which of them the process dies.
#[derive(Debug)]
pub(super) struct Crash {
    place: Option<Place>,
    lines: AtomicUsize,
}

impl Crash {
    /// As the environment says; nonsense means nowhere.
    pub(super) fn from_environment() -> Self {
        let said = std::env::var(VARIABLE).ok();
        Self {
            place: said.and_then(|text| text.parse().ok()),
            lines: AtomicUsize::new(0),
        }
    }

    /// One more line is about to be written; how much of its bytes is written before the process
    /// dies, if it does so within the line.
    pub(super) fn before(&self, bytes: usize) -> Option<usize> {
        self.lines.fetch_add(1, Ordering::Relaxed);
        self.die_at(Side::Before);
        self.is_at(Side::Torn).then_some(bytes / 2)
    }

    /// That much of the line is on the disk.
    pub(super) fn after(&self, side: Side) {
        self.die_at(side);
    }

    fn is_at(&self, side: Side) -> bool {
        let line = self.lines.load(Ordering::Relaxed);
        self.place == Some(Place { side, line })
    }

    fn die_at(&self, side: Side) {
        if self.is_at(side) {
            let _ = kill_process(getpid(), Signal::KILL);
            // not reached: nobody survives that signal
            std::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_side_and_a_line() {
        let place = |side, line| Ok(Place { side, line });
        for (text, expected) in [
            ("before:1", place(Side::Before, 1)),
            ("torn:12", place(Side::Torn, 12)),
            ("after:7", place(Side::After, 7)),
            ("after:", Err(())),
            ("after", Err(())),
            ("during:7", Err(())),
            ("after:-1", Err(())),
        ] {
            assert_eq!(text.parse::<Place>(), expected, "{text}");
        }
    }

    #[test]
    fn nobody_dies_elsewhere() {
        let crash = |place: Option<&str>| Crash {
            place: place.map(|text| text.parse().unwrap()),
            lines: AtomicUsize::new(0),
        };
        let nowhere = crash(None);
        assert_eq!(nowhere.before(10), None);
        nowhere.after(Side::After);
        let torn = crash(Some("torn:2"));
        assert_eq!(torn.before(10), None);
        torn.after(Side::After);
        assert_eq!(torn.before(11), Some(5));
    }
}
