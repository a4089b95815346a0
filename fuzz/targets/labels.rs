//! Labels and names.

#![no_main]

use provision_api::labels::{self, Labels};
use provision_api::{Fingerprint, HostName, Owner, RunId};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    let labels: Labels = pairs.map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
    if let Ok(Some(marks)) = labels::read(&labels) {
        let again = labels::read(&labels::replace(&labels, &marks));
        assert_eq!(again, Ok(Some(marks)));
    }
    for word in text.lines() {
        let names = [
            word.parse::<HostName>().map(String::from),
            word.parse::<Owner>().map(String::from),
            word.parse::<RunId>().map(String::from),
        ];
        for name in names.into_iter().flatten() {
            assert!(
                name.bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            );
        }
        if let Ok(read) = word.parse::<Fingerprint>() {
            assert_eq!(read.to_string().parse(), Ok(read));
        }
        drop(Fingerprint::from_label(word));
    }
});
