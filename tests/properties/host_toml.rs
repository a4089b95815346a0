//! `host.toml` and `provision.toml`.

use crate::hostile;
use proptest::prelude::*;
use provision::config;
use provision::host::{HostSpec, SpecError};
use provision::report;
use std::fs;

const WHOLE: &str = "provider = \"hetzner\"\nlayout = \"bios\"\narch = \"aarch64\"\nadmin = \"ada\"\n\
    ttl = \"1h 30m\"\nmax_price = \"0.02\"\ndisk = \"/dev/disk/by-path/pci-1\"\n[hetzner]\n\
    types = [\"cx23\"]\nlocations = [\"nbg1\"]\nimage = \"debian-12\"\n[ovh]\nproduct = \"vps\"\n\
    service = \"vps-1.example\"\nflavors = [\"d2-2\"]\nregions = [\"GRA11\"]\nimage = \"Debian 13\"\n";

/// What is read is fit for Nix and for a login, or it is refused in one paragraph.
fn read(text: &str) {
    match text.parse::<HostSpec>() {
        Ok(spec) => {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
            assert!(spec.admin.as_str().chars().all(plain), "{spec:?}");
            assert!(spec.provider.as_str().chars().all(plain), "{spec:?}");
            assert!(spec.ttl.is_none_or(|ttl| ttl.is_positive()));
            assert!(spec.max_price.is_none_or(|price| price.is_sign_positive()));
            assert!(["x86_64", "aarch64"].contains(&spec.arch.as_str()));
        }
        Err(SpecError::Wrong { line, message, .. }) => {
            assert!(
                (1..=text.matches('\n').count() + 1).contains(&line),
                "{line}: {text:?}"
            );
            assert!(!message.is_empty() && !report::one_line(&message).contains('\n'));
        }
        Err(error @ SpecError::Unreadable { .. }) => panic!("{error}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_spoilt_file_is_read_or_refused(
        torn in Just(WHOLE.to_owned()).prop_flat_map(hostile::torn),
        shuffled in hostile::shuffled(WHOLE),
    ) {
        read(&torn);
        read(&shuffled);
    }

    #[test]
    fn any_value_in_any_field_is_read_or_refused(at in 0_usize..15, word in hostile::word()) {
        let value = serde_json::to_string(&word).unwrap();
        // the strings of JSON are those of TOML, save one letter that TOML does not take raw
        let value = value.replace('\u{7f}', "\\u007f");
        let old = WHOLE.lines().filter(|line| line.contains('=')).nth(at).unwrap();
        let key = old.split(" = ").next().unwrap();
        let new = if old.contains('[') { format!("{key} = [{value}]") } else { format!("{key} = {value}") };
        read(&WHOLE.replace(old, &new));
    }

    #[test]
    fn anything_is_read_or_refused(word in hostile::word(), text: String) {
        read(&word);
        read(&text);
    }

    #[test]
    fn the_owners_file_is_read_or_refused(word in hostile::word()) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("provision.toml");
        for text in [word.clone(), format!("owner = {}", serde_json::to_string(&word).unwrap())] {
            fs::write(&file, text).unwrap();
            if let Ok(Some(owner)) = config::owner(None, folder.path()) {
                let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
                prop_assert!(owner.as_str().chars().all(plain), "{}", owner);
            }
        }
    }
}
