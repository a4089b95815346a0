//! The client and Public Cloud, against a vendor that answers from fixtures.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "these are tests"
)]

mod catalog;
mod document;
mod driving;
mod gone;
mod keys;
mod login;
mod lost;
mod marking;
mod ordering;
mod problems;
mod project;
mod reading;
mod refusing;
mod schemas;
mod stale;
mod stub;
mod things;
mod tokens;
