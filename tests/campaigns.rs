//! Campaigns: the worst days that `provision` can have, one after the other, counted.
//!
//! They take minutes and, in their long form, hours, so `cargo test` leaves them out;
//! `cargo xtask campaign` runs them, and `docs/reliability.md` tells what came of them.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "helpers of tests"
)]

#[path = "campaigns/behaviour.rs"]
mod behaviour;
#[path = "support/by_hand.rs"]
mod by_hand;
#[path = "campaigns/campaign.rs"]
mod campaign;
#[path = "campaigns/expiry.rs"]
mod expiry;
#[path = "campaigns/faults.rs"]
mod faults;
#[path = "campaigns/kill.rs"]
mod kill;
#[path = "support/lab.rs"]
#[allow(dead_code, reason = "the journeys use all of it")]
mod lab;
#[path = "campaigns/misbehave.rs"]
mod misbehave;
#[path = "campaigns/trust.rs"]
mod trust;
