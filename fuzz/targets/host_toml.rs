//! `host.toml`: read, or refused with the line and one message.

#![no_main]

use provision::host::{HostSpec, SpecError};

libfuzzer_sys::fuzz_target!(|text: &str| {
    match text.parse::<HostSpec>() {
        Ok(spec) => {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
            assert!(spec.admin.as_str().chars().all(plain));
            assert!(spec.provider.as_str().chars().all(plain));
        }
        Err(SpecError::Wrong { line, message, .. }) => {
            assert!((1..=text.matches('\n').count() + 1).contains(&line));
            assert!(!message.is_empty());
        }
        Err(error) => panic!("{error}"),
    }
});
