//! OVHcloud's answers, of all three products, and the names that are marks.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    provision_ovh::untrusted::answers(bytes);
    provision_ovh::untrusted::names(&String::from_utf8_lossy(bytes));
});
