//! What a machine prints that is asked what it is, and what becomes of it in `facts.json`.

#![no_main]

use provision::facts::{Facts, Uplink};
use provision::host::Layout;
use provision::steps::probe;
use provision_api::ServerId;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(found) = probe::read(&String::from_utf8_lossy(bytes)) else {
        return;
    };
    drop(found.told());
    let mac = found.mac.as_deref();
    let facts = Facts::of(
        &ServerId::new("1"),
        &found,
        Layout::Uefi,
        Uplink::default(),
        mac,
    );
    if let Ok(facts) = facts {
        assert_eq!(Facts::from_json(facts.to_json().as_bytes()), Ok(facts));
    }
});
