//! Stands in for nixos-anywhere on emulated machines.
