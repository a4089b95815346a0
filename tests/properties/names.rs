//! Names, labels, fingerprints: parsed at the edge, so that nothing behind it has to look again.

use crate::hostile;
use proptest::prelude::*;
use provision::cli::Cli;
use provision_api::labels::{self, Labels, OURS};
use provision_api::{Fingerprint, HostName, Owner, RunId};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn a_name_is_a_word_everywhere(word in hostile::word()) {
        let names = [
            word.parse::<HostName>().map(String::from),
            word.parse::<Owner>().map(String::from),
            word.parse::<RunId>().map(String::from),
        ];
        for name in names.into_iter().flatten() {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            prop_assert!(name.chars().all(plain) && !name.starts_with('-'), "{:?}", name);
            prop_assert!((1..=40).contains(&name.len()));
        }
    }

    #[test]
    fn labels_are_marks_or_none_or_spoilt(
        pairs in prop::collection::btree_map(
            prop_oneof![3 => prop::sample::select(OURS.to_vec()).prop_map(str::to_owned), 1 => hostile::word()],
            prop_oneof![hostile::word(), Just("web-1".into()), Just("server".into()), Just("proven".into()), Just("1783670400".into())],
            0..9,
        ),
    ) {
        let labels: Labels = pairs;
        match labels::read(&labels) {
            Ok(Some(marks)) => prop_assert_eq!(labels::read(&labels::replace(&labels, &marks)), Ok(Some(marks))),
            Ok(None) => prop_assert!(!labels.contains_key(labels::OWNER)),
            Err(spoilt) => prop_assert!(!spoilt.to_string().is_empty()),
        }
    }

    #[test]
    fn fingerprints_come_back(word in hostile::word(), bytes: Vec<u8>) {
        let fingerprint = Fingerprint::of_wire(&bytes);
        prop_assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
        prop_assert_eq!(Fingerprint::from_label(&fingerprint.to_label()), Ok(fingerprint));
        if let Ok(read) = word.parse::<Fingerprint>() {
            prop_assert_eq!(read.to_string().parse(), Ok(read));
        }
        drop(Fingerprint::from_label(&word));
    }

    #[test]
    fn no_command_line_is_a_panic(words in prop::collection::vec(hostile::argument(), 0..5)) {
        use clap::Parser as _;
        let verbs = ["up", "install", "teardown", "ssh", "show", "rescue", "list"];
        for verb in verbs {
            let line = ["provision", verb].into_iter().chain(words.iter().map(String::as_str));
            drop(Cli::try_parse_from(line).map_err(|error| error.to_string()));
        }
    }
}
