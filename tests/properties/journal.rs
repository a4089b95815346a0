//! The journal: torn, spoilt, older, newer.

use crate::hostile;
use proptest::prelude::*;
use provision::event::Step;
use provision::journal::{self, Journal, Record};
use serde_json::{Value, json};
use std::fs;

fn records() -> Vec<Record> {
    let step = Step::Install;
    let owner = "ann".parse().unwrap();
    vec![
        Record::Run {
            run: "20260101t000000-1".parse().unwrap(),
            command: "up".into(),
            owner,
            provider: "hetzner".into(),
            hosts: vec!["web-1".parse().unwrap()],
        },
        Record::Intent {
            step,
            what: "größe\n\"x\"".into(),
        },
        Record::Done {
            step,
            what: String::new(),
        },
        Record::Failed {
            step,
            error: "no\u{1b}[2J".into(),
        },
        Record::PostMortem {
            step,
            file: "/x".into(),
        },
    ]
}

/// A journal of these records, as it lies on the disk.
fn written() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    for record in records() {
        journal.write(Some("web-1"), record).unwrap();
    }
    fs::read(folder.path().join("journal.jsonl")).unwrap()
}

fn read(bytes: &[u8]) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("journal.jsonl"), bytes).unwrap();
    let lines = journal::read(folder.path());
    lines
        .iter()
        .map(|line| serde_json::to_value(line).unwrap())
        .collect()
}

fn kinds(lines: &[Value]) -> Vec<&str> {
    lines
        .iter()
        .filter_map(|line| line["record"].as_str())
        .collect()
}

#[test]
fn whatever_is_torn_off_the_lines_before_it_are_read() {
    let whole = written();
    let all = read(&whole);
    assert_eq!(all.len(), records().len());
    for end in 0..=whole.len() {
        let ends = whole[..end].split(|byte| *byte == b'\n').count() - 1;
        let found = read(&whole[..end]);
        // a last line may be whole but for its end
        assert!((ends..=ends + 1).contains(&found.len()), "{end}: {found:?}");
        assert_eq!(found[..], all[..found.len()], "{end}");
    }
}

#[test]
fn older_and_newer_lines_are_passed_over_or_read() {
    let line = |value: Value| format!("{value}\n");
    let at = "2026-01-01T00:00:00Z";
    let text = [
        line(json!({"schema": 9, "at": at, "record": "invented", "x": {"y": [1]}})),
        line(json!({"schema": 0, "at": at, "record": "intent", "step": "install", "what": "old"})),
        // a known record with an unknown field, and one with an unknown step
        line(
            json!({"schema": 2, "at": at, "record": "done", "step": "boot", "what": "", "new": 1}),
        ),
        line(json!({"schema": 2, "at": at, "record": "done", "step": "dance", "what": ""})),
        line(json!({"at": at, "record": "done", "step": "boot", "what": ""})),
        line(json!({"schema": 1, "at": "soon", "record": "done", "step": "boot", "what": ""})),
        line(json!([])),
        "\n\n".to_owned(),
    ]
    .concat();
    let lines = read(text.as_bytes());
    assert_eq!(kinds(&lines), ["unknown", "intent", "done"]);
}

proptest! {
    #[test]
    fn lines_of_nonsense_hide_no_others(
        nonsense in prop::collection::vec(hostile::word(), 1..6),
        bytes in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let whole = written();
        let all = read(&whole);
        let mut spoilt = Vec::new();
        for (at, line) in whole.split_inclusive(|byte| *byte == b'\n').enumerate() {
            if let Some(nonsense) = nonsense.get(at) {
                spoilt.extend(nonsense.bytes().chain(*b"\n"));
            }
            spoilt.extend(line);
        }
        spoilt.extend(&bytes);
        let found = read(&spoilt);
        let ours = found.into_iter().filter(|line| all.contains(line)).collect::<Vec<_>>();
        prop_assert_eq!(ours, all);
    }

    #[test]
    fn any_line_is_read_or_passed_over(document in hostile::json(), bytes: Vec<u8>) {
        read(document.to_string().as_bytes());
        read(&bytes);
    }
}
