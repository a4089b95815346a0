//! After a crash of `provision` nothing runs unowned.

use crate::guests::{Guests, UEFI, plain};
use rustix::process::{Pid, Signal, kill_process};
use std::time::{Duration, Instant};

pub(crate) fn kill(id: u32) {
    let pid = Pid::from_raw(i32::try_from(id).unwrap()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
}

/// Waits for something, not for ever.
pub(crate) fn within(seconds: u64, what: &str, is_there: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    while !is_there() {
        assert!(Instant::now() < deadline, "no {what} in {seconds} s");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
#[ignore = "boots a machine: cargo xtask machines"]
fn what_a_killed_run_left_is_found_stopped_and_removed() {
    let guests = Guests::unserved(&plain());
    guests.host(UEFI, "auto");
    let mut up = guests
        .lab
        .command("up box --sandbox --machines qemu")
        .spawn()
        .unwrap();
    within(180, "a guest", || !guests.running().is_empty());
    kill(up.id());
    up.wait().unwrap();
    assert_eq!(guests.running().len(), 1, "the guest outlives the run");

    let stopped = guests.lab.run("sandbox stop").succeeded();
    assert!(stopped.stdout.contains("hetzner-"), "{stopped}");
    assert_eq!(guests.running(), Vec::<String>::new());
    let again = guests.lab.run("sandbox stop").succeeded();
    assert!(again.stdout.contains("nothing"), "{again}");
    // the server is still ours: it comes back when the sandbox is used, and goes by teardown
    assert_eq!(guests.lab.servers().len(), 1);
    assert_eq!(guests.running().len(), 1);
    guests.teardown("box");
}
