//! Names come back as they were, whatever is in them.

use super::*;
use proptest::prelude::*;
use provision_api::conformance::strategies::marks;

proptest! {
    #[test]
    // a server is called after its host: 40 characters, and `-test`
    fn names_come_back(name in "[a-z0-9]([A-Za-z0-9.-]{0,43}[a-z0-9])?", marks in marks()) {
        let text = write(&name, &marks).unwrap();
        prop_assert!(text.len() <= 255);
        prop_assert!(text.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)));
        prop_assert!(text.starts_with(&name));
        prop_assert_eq!(read(&text), Ok(Some(Told { name, marks })));
    }

    #[test]
    fn key_names_come_back(marks in marks()) {
        let text = key_name(&marks);
        prop_assert!(text.len() <= 255);
        prop_assert!(read_key(&text).unwrap().agree(&marks));
    }

    #[test]
    fn no_name_at_all_is_a_panic_or_a_false_mark(text in "[a-z0-9_]{0,40}|\\PC{0,40}") {
        if let Ok(Some(told)) = read(&text) {
            prop_assert_eq!(write(&told.name, &told.marks), Ok(text));
        }
    }
}

fn example() -> Marks {
    Marks {
        owner: "ann".parse().unwrap(),
        run: "r1".parse().unwrap(),
        host: "web-1".parse().unwrap(),
        role: Role::Server,
        phase: Phase::Created,
        expires: None,
        host_key: None,
        lease: None,
    }
}

/// What is in clouds already must be understood for ever.
#[test]
fn the_first_version_is_written_so() {
    let mut marks = example();
    assert_eq!(
        write("web-1", &marks).unwrap(),
        "web-1_prov1_ann_r1_web-1_sc"
    );
    assert_eq!(key_name(&marks), "prov1_ann_r1_web-1");
    marks.role = Role::Test;
    marks.phase = Phase::Installing;
    marks.expires = Some(Timestamp::from_second(1_783_670_400).unwrap());
    marks.host_key = Some(Fingerprint::of_wire(b"a key"));
    assert_eq!(
        write("web-1-x", &marks).unwrap(),
        "web-1-x_prov1_ann_r1_web-1_tb1783670400_j6Oqsvqpt54KA5jaW1q9B4AUJEKlvoC5pkYI1xjLH80"
    );
    marks.expires = None;
    marks.host_key = None;
    marks.lease = Some(Lease {
        until: Timestamp::from_second(1_783_670_400).unwrap(),
        run: "20260710t081500z-f38ea".parse().unwrap(),
    });
    assert_eq!(
        write("web-1-x", &marks).unwrap(),
        "web-1-x_prov1_ann_r1_web-1_tbl1783670400-20260710t081500z-f38ea"
    );
}

#[test]
fn spoilt_marks_are_told_from_none() {
    for nothing in [
        "",
        "web-1",
        "web_1",
        "web-1_prov_ann",
        "web_provider_x",
        "a_b_prov1_c_d_sc",
    ] {
        assert_eq!(read(nothing), Ok(None), "{nothing}");
    }
    for (text, expected) in [
        ("w_prov1_ann", "the run is missing"),
        ("w_prov1_ann_r1_web-1", "the phase is missing"),
        ("w_prov1_Ann_r1_web-1_sc", "owner \"Ann\""),
        ("w_prov1_ann_r1_web-1_xc", "the role"),
        ("w_prov1_ann_r1_web-1_s", "the phase is unknown"),
        ("w_prov1_ann_r1_web-1_sctomorrow", "no time"),
        ("w_prov1_ann_r1_web-1_sc-5", "no time"),
        ("w_prov1_ann_r1_web-1_sc0783670400", "no time"),
        ("w_prov1_ann_r1_web-1_sc9999999999999999", "no time"),
        ("w_prov1_ann_r1_web-1_scl", "names no run"),
        ("w_prov1_ann_r1_web-1_scl5", "names no run"),
        ("w_prov1_ann_r1_web-1_scl-r2", "no end"),
        ("w_prov1_ann_r1_web-1_sclsoon-r2", "no time"),
        ("w_prov1_ann_r1_web-1_sc5l6-R2", "run id"),
        ("w_prov1_ann_r1_web-1_sc_abc", "fingerprint"),
        ("w_prov2_whatever", "another version"),
    ] {
        let error = read(text).unwrap_err();
        assert!(error.contains(expected), "{text}: {error}");
    }
    for nothing in [
        "ann",
        "prov1_ann_r1",
        "prov1_ann_r1_web-1_x",
        "prov2_ann_r1_web-1",
        "prov1_A_r1_w",
    ] {
        assert_eq!(read_key(nothing), None, "{nothing}");
    }
}

#[test]
fn what_cannot_be_a_name_is_refused() {
    for bad in ["", "a_b", "a b", "ä"] {
        assert!(
            write(bad, &example())
                .unwrap_err()
                .contains("cannot be its name"),
            "{bad}"
        );
    }
    let error = write(&"a".repeat(300), &example()).unwrap_err();
    assert!(error.contains("at most 255"), "{error}");
}
