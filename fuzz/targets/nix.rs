//! What Nix prints, and what the gate makes of what it evaluated.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| provision::untrusted::nix(bytes));
