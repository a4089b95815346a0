//! What nixos-anywhere, and what it calls, prints.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| provision::untrusted::installer(bytes));
