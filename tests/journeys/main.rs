//! What a user does, through the built binary, on the embedded cloud.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "helpers of tests"
)]

mod bad_input;
#[path = "../support/by_hand.rs"]
mod by_hand;
mod console;
mod disks;
mod evaluated;
mod faces;
mod faults;
mod firmware;
mod forced;
mod install;
#[path = "../support/lab.rs"]
mod lab;
mod left;
mod lifecycle;
mod orders;
mod ovh;
mod post_mortem;
mod rescue;
mod secrets;
mod signals;
mod ssh;
mod state_folder;
mod stopped;
mod teardown;
mod trust;
