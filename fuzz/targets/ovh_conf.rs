//! `ovh.conf`: read, or refused without quoting a secret.

#![no_main]

use provision_fuzz::file;
use provision_ovh::Config;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let path = file("ovh.conf", bytes);
    match Config::from_files(|_| None, &[path]) {
        Ok(config) => assert!(!format!("{config:?}").contains("S3cretS3cret")),
        Err(error) => drop(error.to_string()),
    }
});
