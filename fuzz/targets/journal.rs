//! The journal: lines that are known are read, all others are passed over, and hide none.

#![no_main]

use provision::journal::{self, Line};
use provision_fuzz::folder;

/// What stands behind it all.
const LAST: &str = "{\"schema\":2,\"at\":\"2026-01-01T00:00:00Z\",\"record\":\"done\",\"step\":\"boot\",\"what\":\"last\"}";

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let whole = [bytes, b"\n", LAST.as_bytes(), b"\n"].concat();
    let lines = journal::read(&folder("journal.jsonl", &whole));
    let text = |line: &Line| serde_json::to_string(line).unwrap();
    let last: Line = serde_json::from_str(LAST).unwrap();
    assert_eq!(lines.last().map(text), Some(text(&last)));
    for line in &lines {
        serde_json::from_str::<Line>(&text(line)).unwrap();
    }
});
