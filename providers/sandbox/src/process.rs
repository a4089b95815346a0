//! Other processes: known by their number and by when they started, guests also by what they were
//! started with; never by the number alone.

use rustix::process::{Pid, PidfdFlags, Signal, getpid, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::time::Duration;
use tokio::time::Instant;

/// How often it is looked at while its end is waited for.
const PACE: Duration = Duration::from_millis(20);
/// How long it may take to end by itself, and after it was killed.
const GRACE: Duration = Duration::from_secs(8);

/// A process that cannot be mistaken for a later one of the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Process {
    /// Its number.
    pub(crate) pid: i32,
    /// When it started, in the kernel's ticks since the computer did.
    pub(crate) start: u64,
}

impl Process {
    /// This one.
    pub(crate) fn this() -> Self {
        let pid = getpid().as_raw_nonzero().get();
        Self {
            pid,
            // without /proc it is nobody, and is never signalled
            start: started(pid).unwrap_or_default(),
        }
    }

    /// The process that the file names, if it lives and was started with that very file.
    pub(crate) fn of_file(file: &Path) -> Option<Self> {
        let pid: i32 = std::fs::read_to_string(file).ok()?.trim().parse().ok()?;
        let found = Self {
            pid,
            start: started(pid)?,
        };
        let words = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let mark = file.as_os_str().as_encoded_bytes();
        words
            .split(|byte| *byte == 0)
            .any(|word| word == mark)
            .then_some(found)
    }

    /// Whether it lives.
    pub(crate) fn is_alive(self) -> bool {
        started(self.pid) == Some(self.start)
    }

    /// Waits until it is gone; whether it is.
    pub(crate) async fn gone(self, patience: Duration) -> bool {
        let until = Instant::now() + patience;
        while self.is_alive() {
            if Instant::now() >= until {
                return false;
            }
            tokio::time::sleep(PACE).await;
        }
        true
    }

    /// Asks it to end, then kills it; whether it is gone.
    pub(crate) async fn end(self) -> bool {
        self.signal(Signal::TERM);
        if self.gone(GRACE).await {
            return true;
        }
        self.signal(Signal::KILL);
        self.gone(GRACE).await
    }

    /// Sends it a signal, if it lives.
    pub(crate) fn signal(self, signal: Signal) {
        // the handle stays with the process that is looked at, whoever gets its number
        let handle =
            Pid::from_raw(self.pid).and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
        if let Some(handle) = handle
            && self.is_alive()
        {
            // one that went in this moment needs no signal
            let _ = pidfd_send_signal(handle, signal);
        }
    }
}

/// When the process of that number started; nothing when there is none, or only what is left of
/// one until its parent looks.
fn started(pid: i32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    match parse(&text)? {
        ('Z' | 'X', _) => None,
        (_, start) => Some(start),
    }
}

/// State and start (`proc_pid_stat(5)`, fields 3 and 22); the program's name before them may hold
/// anything.
fn parse(stat: &str) -> Option<(char, u64)> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    let state = fields.next()?.chars().next()?;
    Some((state, fields.nth(18)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_name_with_parentheses_does_not_confuse() {
        let stat = "12 (a) R 7) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20";
        assert_eq!(parse(stat), Some(('S', 4711)));
        assert_eq!(parse("12 (a) S 1 2"), None);
        assert_eq!(parse(""), None);
    }

    #[tokio::test]
    async fn is_found_by_its_own_file_only_and_ended() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("qemu.pid");
        let script = "trap '' TERM; while :; do sleep 0.1; done";
        let mut child = Command::new("sh")
            .args(["-c", script, "sh"])
            .arg(&file)
            .spawn()
            .unwrap();
        std::fs::write(&file, format!("{}\n", child.id())).unwrap();
        let other = home.path().join("other.pid");
        std::fs::copy(&file, &other).unwrap();
        // its arguments are there a moment after itself
        let until = Instant::now() + Duration::from_secs(20);
        while Process::of_file(&file).is_none() && Instant::now() < until {
            tokio::task::yield_now().await;
        }
        let process = Process::of_file(&file);
        assert_eq!(Process::of_file(&other), None, "started with another file");
        let process = process.unwrap();
        assert!(process.is_alive());
        let later = Process {
            start: process.start + 1,
            ..process
        };
        assert!(!later.is_alive(), "another one of the same number");
        assert!(later.end().await);
        assert!(process.is_alive(), "somebody else's is left alone");
        process.signal(Signal::KILL);
        // what is left until its parent looks is no process any more
        assert!(process.gone(GRACE).await);
        assert!(Process::of_file(&file).is_none());
        child.wait().unwrap();
    }
}
