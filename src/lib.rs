//! `provision`: from a cloud API token and a flake to a running, proven NixOS server, and back.

pub mod child;
pub mod cli;
pub mod clouds;
pub mod commands;
pub mod config;
pub mod console;
pub mod context;
pub mod deadlines;
pub mod engine;
pub mod event;
pub mod facts;
pub mod failure;
pub mod flake;
pub mod found;
pub mod gate;
pub mod host;
pub mod identity;
pub mod images;
pub mod installed;
pub mod installer;
pub mod job;
pub mod journal;
pub mod lease;
mod orders;
pub mod plan;
pub mod post_mortem;
pub mod preflight;
pub mod report;
pub mod signals;
pub mod ssh;
pub mod state;
pub mod steps;
pub mod trust;
#[cfg(any(test, feature = "fuzz"))]
pub mod untrusted;
