//! `facts.json`: what is read comes back from what is written of it.

#![no_main]

use provision::facts::Facts;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(facts) = Facts::from_json(bytes) {
        assert_eq!(Facts::from_json(facts.to_json().as_bytes()), Ok(facts));
    }
});
