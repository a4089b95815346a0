//! `provision`: from a cloud API token and a flake to a running, proven NixOS server, and back.

pub mod found;
