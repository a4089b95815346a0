//! Hetzner's answers.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| provision_hetzner::untrusted::answers(bytes));
