//! What a dead machine prints, and its console.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| provision::untrusted::machine(bytes));
