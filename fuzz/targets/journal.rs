//! The journal: lines that are known are read, all others are passed over.

#![no_main]

use provision::journal::Line;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for line in String::from_utf8_lossy(bytes).lines() {
        let Ok(line) = serde_json::from_str::<Line>(line) else {
            continue;
        };
        let written = serde_json::to_string(&line).unwrap();
        serde_json::from_str::<Line>(&written).unwrap();
    }
});
