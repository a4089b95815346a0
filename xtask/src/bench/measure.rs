//! A child with what it used: time on the clock, time on the processors, memory.

use crate::interrupt;
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use std::fs;
use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const LOOK: Duration = Duration::from_millis(20);

/// What a child used.
#[derive(Debug, Clone, Copy)]
pub(super) struct Usage {
    /// Seconds from its start to its end.
    pub(super) wall: f64,
    /// Seconds on all processors, its own and of the children that it has waited for.
    pub(super) cpu: f64,
    /// The most memory that the process itself had at once, in MiB. Looked at every 20 ms: what
    /// it grew by in the last of them is missing.
    pub(super) peak_mib: f64,
}

/// Runs it to its end, and gives its stdout.
pub(super) fn run(command: &mut Command, deadline: Duration) -> Result<(Usage, String), String> {
    let began = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| format!("it could not be started: {e}"))?;
    let mut pipe = child.stdout.take();
    let reader = thread::spawn(move || {
        let mut text = String::new();
        if let Some(pipe) = &mut pipe {
            let _ = pipe.read_to_string(&mut text);
        }
        text
    });
    let usage = watch(&child, began, deadline);
    if usage.is_err() {
        // nothing is lost in a world of its own
        let _ = child.kill();
    }
    let status = child
        .wait()
        .map_err(|e| format!("it could not be waited for: {e}"))?;
    let usage = usage?;
    let text = reader.join().unwrap_or_default();
    if status.success() {
        Ok((usage, text))
    } else {
        Err(format!("it ended with {status}: {text}"))
    }
}

/// Watches it until it has ended, and leaves it to be waited for: until then the kernel keeps
/// its account.
fn watch(child: &Child, began: Instant, deadline: Duration) -> Result<Usage, String> {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let pid = pid.ok_or("a process without an id")?;
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    let mut peak_kib = 0;
    loop {
        let ended = waitid(WaitId::Pid(pid), options).map_err(|e| format!("waitid: {e}"))?;
        if ended.is_some() {
            return Ok(Usage {
                wall: began.elapsed().as_secs_f64(),
                cpu: cpu_seconds(child.id()).ok_or("/proc has no account of it")?,
                peak_mib: f64::from(peak_kib) / 1024.0,
            });
        }
        if interrupt::came() {
            return Err("interrupted".to_owned());
        }
        if began.elapsed() > deadline {
            return Err(format!("it was not done within {} s", deadline.as_secs()));
        }
        peak_kib = peak_kib.max(high_water_kib(child.id()).unwrap_or_default());
        thread::sleep(LOOK);
    }
}

/// `VmHWM`.
fn high_water_kib(pid: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

/// `utime`, `stime`, `cutime` and `cstime`: fields 14 to 17 of proc(5).
fn cpu_seconds(pid: u32) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // the name, in brackets, may hold anything
    let (_, rest) = stat.rsplit_once(") ")?;
    let ticks: u32 = rest
        .split(' ')
        .skip(11)
        .take(4)
        .filter_map(|field| field.parse::<u32>().ok())
        .sum();
    let per_second = u32::try_from(rustix::param::clock_ticks_per_second()).ok()?;
    Some(f64::from(ticks) / f64::from(per_second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_children_used_too() {
        let mut busy = Command::new("sh");
        // the inner one is a child that is waited for
        busy.args([
            "-c",
            "sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done'; echo done",
        ]);
        let (usage, said) = run(&mut busy, Duration::from_secs(60)).unwrap();
        assert_eq!(said, "done\n");
        assert!(usage.cpu > 0.0 && usage.peak_mib > 0.0, "{usage:?}");
    }

    #[test]
    fn a_failure_is_told_with_what_was_said() {
        let mut bad = Command::new("sh");
        bad.args(["-c", "echo why; exit 3"]);
        let error = run(&mut bad, Duration::from_secs(60)).unwrap_err();
        assert!(error.contains("why") && error.contains('3'), "{error}");
    }
}
