//! `facts.json`: read, refused, written whole.

use crate::hostile;
use proptest::prelude::*;
use provision::facts::Facts;
use serde_json::{Value, json};
use std::fs;

fn whole() -> Value {
    json!({
        "schema": 1, "server_id": "42", "arch": "x86_64", "firmware": "uefi", "layout": "uefi",
        "boot_disk": "/dev/disk/by-path/pci-0000:06:00.0-scsi-0:0:0:0",
        "network": {
            "mac": "96:00:02:aa:bb:cc", "dhcp4": true, "addresses": ["2001:db8:1::1/64"],
            "gateways": [{"via": "fe80::1", "on_link": true}],
        },
    })
}

/// What is read comes back from what is written of it, and holds nothing that Nix hands on to a
/// script or to a configuration file as more than a word.
fn read(text: &[u8]) {
    let facts = match Facts::from_json(text) {
        Ok(facts) => facts,
        Err(why) => return assert!(!why.is_empty()),
    };
    let plain = |text: &str| {
        text.chars()
            .all(|c| c.is_ascii_alphanumeric() || "/#+-.:=@_".contains(c))
    };
    assert!(
        plain(&facts.boot_disk) && facts.boot_disk.starts_with("/dev/"),
        "{facts:?}"
    );
    assert!(facts.network.mac.as_deref().is_none_or(plain), "{facts:?}");
    assert_eq!(Facts::from_json(facts.to_json().as_bytes()), Ok(facts));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_spoilt_file_is_read_or_refused(document in hostile::spoilt(whole())) {
        read(document.to_string().as_bytes());
    }

    #[test]
    fn anything_is_read_or_refused(document in hostile::json(), bytes: Vec<u8>) {
        read(document.to_string().as_bytes());
        read(&bytes);
    }

    #[test]
    fn any_word_in_any_field_is_read_or_refused(
        at in prop::sample::select(vec!["/server_id", "/boot_disk", "/network/mac", "/arch"]),
        word in hostile::word(),
    ) {
        let mut document = whole();
        *document.pointer_mut(at).unwrap() = word.into();
        read(document.to_string().as_bytes());
    }

    #[test]
    fn what_cannot_be_read_stays_as_it_is(text in hostile::word()) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("facts.json");
        fs::write(&file, &text).unwrap();
        let error = Facts::read(&file).unwrap_err().to_string();
        prop_assert!(error.contains("facts.json") && error.contains("remove it"), "{}", error);
        prop_assert_eq!(fs::read(&file).unwrap(), text.as_bytes());
    }
}
