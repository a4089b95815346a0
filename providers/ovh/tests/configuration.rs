//! `ovh.conf`, whatever is in it: read or refused with one error, and its secrets never quoted.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

#[path = "../../../tests/support/hostile.rs"]
#[allow(dead_code, reason = "others use the rest")]
mod hostile;

use proptest::prelude::*;
use provision_ovh::Config;
use std::fs;

/// What no error may hold, in no part of it that tells anything.
const SECRET: &str = "Q7wE9rT2yU4iO6pA8sD0fG1hJ3kL5zX7";

fn file() -> String {
    format!(
        "; a comment\n[default]\nendpoint=ovh-eu\n\n[ovh-eu]\napplication_key=key\n\
         application_secret={SECRET}\nconsumer_key={SECRET}\n[ovh-ca]\nclient_id=id\n\
         client_secret={SECRET}\n"
    )
}

fn read(text: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ovh.conf");
    fs::write(&file, text).unwrap();
    let told = match Config::from_files(|_| None, &[file]) {
        Ok(config) => format!("{config:?}"),
        Err(error) => error.to_string(),
    };
    for part in 0..SECRET.len() - 12 {
        assert!(!told.contains(&SECRET[part..part + 12]), "{told}");
    }
}

proptest! {
    #[test]
    fn no_secret_of_it_is_told(text in hostile::shuffled(&file())) {
        read(text.as_bytes());
    }

    #[test]
    fn nothing_at_all_is_a_panic(text in hostile::word(), bytes: Vec<u8>) {
        read(text.as_bytes());
        read(&bytes);
    }
}
