//! The whole job on machines that boot: QEMU guests, partitioned, installed and booted for real.
//!
//! They take minutes, so `cargo test` leaves them out; `cargo xtask machines` runs them.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "helpers of tests"
)]

// the longest: its name lets it begin first
#[path = "machines/against_the_gate.rs"]
mod against_the_gate;
#[path = "machines/crash.rs"]
mod crash;
#[path = "machines/disks.rs"]
mod disks;
#[path = "machines/guests.rs"]
mod guests;
#[path = "machines/install.rs"]
mod install;
#[path = "support/lab.rs"]
#[allow(dead_code, reason = "the journeys use all of it")]
mod lab;
#[path = "machines/long.rs"]
mod long;
#[path = "machines/trust.rs"]
mod trust;
