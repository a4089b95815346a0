//! A run under watch: how long it takes, how much memory it needs, and what it leaves running.

use crate::lab::Ran;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Every process of a run has this in its environment.
const MARK: &str = "PROVISION_CAMPAIGN_CELL";
/// What a run leaves running is to be gone by then.
const GRACE: Duration = Duration::from_secs(5);
const PACE: Duration = Duration::from_millis(25);

/// How a run went.
pub(super) struct Watched {
    pub(super) ran: Ran,
    pub(super) took: Duration,
    /// The most memory that it ever had, in MiB.
    pub(super) memory_mib: u64,
}

/// A run that has begun.
pub(super) struct Run {
    child: Child,
    mark: String,
    began: Instant,
    out: JoinHandle<String>,
    err: JoinHandle<String>,
}

impl Run {
    pub(super) fn start(mut command: Command) -> Self {
        let mark = format!("{}-{}", std::process::id(), fresh());
        let mut child = command.env(MARK, &mark).spawn().unwrap();
        Self {
            out: reading(child.stdout.take().unwrap()),
            err: reading(child.stderr.take().unwrap()),
            began: Instant::now(),
            child,
            mark,
        }
    }

    /// Whether it has ended.
    pub(super) fn is_over(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Its end, which has to come by then, with nothing left behind.
    pub(super) fn end(mut self, within: Duration) -> Watched {
        let mut memory_mib = 0;
        let status = loop {
            memory_mib = memory_mib.max(peak_mib(self.child.id()).unwrap_or(0));
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if self.began.elapsed() > within {
                let _ = self.child.kill();
                let _ = self.child.wait();
                let err = self.err.join().unwrap();
                panic!("it had not ended after {within:?}\n{err}");
            }
            std::thread::sleep(PACE);
        };
        let took = self.began.elapsed();
        let left = left_of(&self.mark);
        let ran = Ran {
            code: status.code().unwrap_or(-1),
            stdout: self.out.join().unwrap(),
            stderr: self.err.join().unwrap(),
        };
        assert!(left.is_empty(), "it left {left:?} running: {ran}");
        Watched {
            ran,
            took,
            memory_mib,
        }
    }
}

fn fresh() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn reading(mut pipe: impl Read + Send + 'static) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// The most that a process ever had in memory.
fn peak_mib(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib / 1024)
}

/// What still runs of a run, after a moment in which it may end.
fn left_of(mark: &str) -> Vec<String> {
    let end = Instant::now() + GRACE;
    loop {
        let left = marked(mark);
        if left.is_empty() || Instant::now() > end {
            return left;
        }
        std::thread::sleep(PACE);
    }
}

fn marked(mark: &str) -> Vec<String> {
    let wanted = format!("{MARK}={mark}");
    let is_marked = |process: &Path| {
        let environment = std::fs::read(process.join("environ")).unwrap_or_default();
        environment
            .split(|byte| *byte == 0)
            .any(|variable| variable == wanted.as_bytes())
    };
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes
        .map(|entry| entry.path())
        .filter(|path| is_marked(path))
        .map(|path| {
            let words = std::fs::read(path.join("cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&words).replace('\0', " ")
        })
        .collect()
}
