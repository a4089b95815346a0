//! `cli.toml`, whatever is in it: read or refused with one error, and never quoted.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

#[path = "../../../tests/support/hostile.rs"]
#[allow(dead_code, reason = "others use the rest")]
mod hostile;

use proptest::prelude::*;
use provision_hetzner::Config;
use std::fs;

/// What no error may hold, in no part of it that tells anything.
const TOKEN: &str = "Q7wE9rT2yU4iO6pA8sD0fG1hJ3kL5zX7cV9bN2mQ4wE6rT8yU0iO1pA3sD5fG7hJ";

fn file() -> String {
    format!(
        "active_context = \"prod\"\n[preferences]\nendpoint = \"https://api.example/v1\"\n\
         [[contexts]]\nname = \"prod\"\ntoken = \"{TOKEN}\"\n[contexts.preferences]\n\
         quiet = true\n[[contexts]]\nname = \"lab\"\n"
    )
}

fn read(text: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cli.toml");
    fs::write(&file, text).unwrap();
    let name = file.display().to_string();
    let lookup = |key: &str| (key == "HCLOUD_CONFIG").then(|| name.clone());
    let told = match Config::from_environment(lookup, None) {
        Ok(config) => format!("{config:?}"),
        Err(error) => {
            let text = error.to_string();
            assert!(text.lines().count() <= 2, "{text}");
            text
        }
    };
    for part in 0..TOKEN.len() - 12 {
        assert!(!told.contains(&TOKEN[part..part + 12]), "{told}");
    }
}

proptest! {
    #[test]
    fn no_line_of_it_is_told(text in hostile::shuffled(&file())) {
        read(text.as_bytes());
    }

    #[test]
    fn nothing_at_all_is_a_panic(text in hostile::word(), bytes: Vec<u8>) {
        read(text.as_bytes());
        read(&bytes);
    }
}

#[test]
fn a_token_in_the_wrong_place_is_not_told() {
    for text in [
        format!("preferences = \"{TOKEN}\""),
        format!("contexts = [\"{TOKEN}\"]"),
        format!("contexts = \"{TOKEN}\""),
        format!("[preferences]\nendpoint = [\"{TOKEN}\"]"),
        format!("active_context = \"a\"\ntoken = {TOKEN}"),
        format!("[[contexts]]\nname = \"a\"\ntoken = \"{TOKEN}"),
        TOKEN.to_owned(),
        format!("{TOKEN} = 1\n{TOKEN} = 2"),
        format!("[contexts]\n\"{TOKEN}\" = 1"),
    ] {
        read(text.as_bytes());
    }
}
