//! The journal of a run: one JSON document a line, on disk before the act and after it.
//!
//! It never decides what is ours (the marks in the cloud do). It tells what was meant, what was
//! accepted and what came of it, for `show`, for resuming, and for whoever has to find out.

#[cfg(debug_assertions)]
mod crash;
pub mod orders;

use crate::event::{Step, Teller};
use crate::failure::{Failure, Outcome};
use crate::found::Found;
use jiff::Timestamp;
use orders::Order;
use provision_api::{Accepted, HostName, Owner, RunId, ServerId};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// The version of the lines' schema: `docs/journal.md`.
pub const SCHEMA: u32 = 1;

/// Its name in the run's folder.
pub(crate) const FILE: &str = "journal.jsonl";

/// One line.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Line {
    /// [`SCHEMA`] of the program that wrote it.
    pub schema: u32,
    /// When it was written.
    pub at: Timestamp,
    /// The server's name at the vendor, for what is about one server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it tells.
    #[serde(flatten)]
    pub record: Record,
}

/// What a line tells.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "kebab-case")]
pub enum Record {
    /// The first line.
    Run {
        /// The run.
        run: RunId,
        /// The verb.
        command: String,
        /// Whose servers.
        owner: Owner,
        /// The provider.
        provider: String,
        /// The hosts of the flake.
        hosts: Vec<HostName>,
    },
    /// A step is about to act.
    Intent {
        /// Which step.
        step: Step,
        /// What it is about to do.
        what: String,
    },
    /// A server is about to be ordered: from here on one may come to exist.
    Order {
        /// What, and for how much.
        order: Order,
    },
    /// The vendor accepted something that is not finished.
    Accepted {
        /// Which step.
        step: Step,
        /// Tasks and the stage that comes next.
        #[serde(flatten)]
        accepted: Accepted,
    },
    /// A server is ours.
    Server {
        /// The vendor's id.
        id: ServerId,
        /// It existed before.
        adopted: bool,
    },
    /// What a probe found.
    Found {
        /// All of it, boot id and serials included.
        found: Box<Found>,
    },
    /// A step has ended well.
    Done {
        /// Which step.
        step: Step,
        /// What came of it.
        what: String,
    },
    /// A step has failed.
    Failed {
        /// Which step.
        step: Step,
        /// What, and why.
        error: String,
    },
    /// What was found out about a failure is kept.
    PostMortem {
        /// The step that failed.
        step: Step,
        /// The file.
        file: PathBuf,
    },
    /// A line of a newer schema.
    #[serde(other)]
    Unknown,
}

/// The journal of one run, open for writing.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    /// None where nothing can be written down.
    file: Option<Mutex<File>>,
    /// It was said that something could not be written.
    is_said: AtomicBool,
    #[cfg(debug_assertions)]
    crash: crash::Crash,
}

impl Journal {
    /// Opens the journal of the run in this folder.
    pub fn open(dir: &Path) -> Outcome<Self> {
        let path = dir.join(FILE);
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&path)
            .map_err(|e| Failure::state(&path, &e))?;
        Ok(Self {
            path,
            file: Some(Mutex::new(file)),
            is_said: AtomicBool::new(false),
            #[cfg(debug_assertions)]
            crash: crash::Crash::from_environment(),
        })
    }

    /// None: for what has to be done although nothing can be written down.
    pub fn nowhere() -> Self {
        Self {
            path: PathBuf::new(),
            file: None,
            is_said: AtomicBool::new(false),
            #[cfg(debug_assertions)]
            crash: crash::Crash::from_environment(),
        }
    }

    /// Writes a line, and returns when it is on the disk.
    pub fn write(&self, name: Option<&str>, record: Record) -> Outcome {
        let line = Line {
            schema: SCHEMA,
            at: Timestamp::now(),
            name: name.map(str::to_owned),
            record,
        };
        let save = || -> std::io::Result<()> {
            let mut text = serde_json::to_vec(&line)?;
            text.push(b'\n');
            let Some(file) = &self.file else {
                return Ok(());
            };
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            #[cfg(debug_assertions)]
            if let Some(half) = self.crash.before(text.len()) {
                file.write_all(&text[..half])?;
                file.sync_data()?;
                self.crash.after(crash::Side::Torn);
            }
            file.write_all(&text)?;
            file.sync_data()?;
            #[cfg(debug_assertions)]
            self.crash.after(crash::Side::After);
            Ok(())
        };
        save().map_err(|e| Failure::state(&self.path, &e))
    }

    /// Writes a line, or says once that it cannot be written: for what ends costs, which a full
    /// disk must not keep from being done.
    pub fn write_if_possible(&self, teller: &Teller, name: &str, record: Record) {
        if let Err(failure) = self.write(Some(name), record)
            && !self.is_said.swap(true, Ordering::Relaxed)
        {
            teller.warn(format!("{failure}; it goes on without being written down"));
        }
    }
}

/// Reads a journal; a torn last line and lines of a newer schema are passed over.
pub fn read(dir: &Path) -> Vec<Line> {
    lines(&std::fs::read(dir.join(FILE)).unwrap_or_default())
}

fn lines(text: &[u8]) -> Vec<Line> {
    String::from_utf8_lossy(text)
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_last_line_and_newer_records_are_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::open(dir.path()).unwrap();
        let intent = || Record::Intent {
            step: Step::Acquire,
            what: "create".into(),
        };
        journal.write(Some("web-1"), intent()).unwrap();
        let mut file = OpenOptions::new()
            .append(true)
            .open(dir.path().join("journal.jsonl"))
            .unwrap();
        file.write_all(
            b"{\"schema\":9,\"at\":\"2026-01-01T00:00:00Z\",\"record\":\"new\"}\n{\"sch",
        )
        .unwrap();
        let lines = read(dir.path());
        assert_eq!(lines.len(), 2);
        assert!(matches!(lines[0].record, Record::Intent { .. }));
        assert!(matches!(lines[1].record, Record::Unknown));
    }
}
