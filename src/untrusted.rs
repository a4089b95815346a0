//! Every reader of what others print, over bytes that anybody may have printed, for property tests
//! and fuzz targets: none of them may panic, or let through what a terminal obeys.

use crate::console::plain;
use crate::{flake, installer, post_mortem};

/// What nixos-anywhere, and what it calls, prints.
///
/// # Panics
///
/// If a line is let through that is too long, or that a terminal would obey.
pub fn installer(bytes: &[u8]) {
    for line in installer::read_all(bytes) {
        assert!(line.len() <= 3 * 16 * 1024);
        assert!(
            !line.contains(|c: char| c.is_control() && c != '\t'),
            "{line:?}"
        );
    }
}

/// What Nix prints: what it evaluated, what it built, why it did not.
pub fn nix(bytes: &[u8]) {
    flake::untrusted::says(bytes);
}

/// What a machine prints that is looked at after a failure, and what its console said.
///
/// # Panics
///
/// If a line is let through that a terminal would obey.
pub fn machine(bytes: &[u8]) {
    post_mortem::untrusted::prints(bytes);
    for line in plain(&String::from_utf8_lossy(bytes)) {
        assert!(!line.contains(char::is_control), "{line:?}");
    }
}

#[cfg(test)]
mod tests;
