//! Answers and names that are spoilt, torn or none.

use super::*;
use proptest::prelude::*;
use serde_json::{Map, Value};

#[path = "../../../../tests/support/hostile.rs"]
#[allow(dead_code, reason = "others use the rest")]
mod hostile;

/// One of the recorded answers, all of whose fields somebody reads.
fn fixture() -> impl Strategy<Value = Value> {
    let texts = [
        include_str!("../../../../fixtures/ovh/cloud.json"),
        include_str!("../../../../fixtures/ovh/vps.json"),
        include_str!("../../../../fixtures/ovh/dedicated.json"),
    ];
    let all = texts.iter().flat_map(|text| {
        let answers: Map<String, Value> = serde_json::from_str(text).unwrap();
        answers.into_iter().map(|(_, answer)| answer)
    });
    proptest::sample::select(all.collect::<Vec<_>>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn no_answer_is_a_panic(document in fixture().prop_flat_map(hostile::spoilt)) {
        answers(document.to_string().as_bytes());
    }

    #[test]
    fn nothing_at_all_is_a_panic(document in hostile::json(), bytes: Vec<u8>) {
        answers(document.to_string().as_bytes());
        answers(&bytes);
    }

    #[test]
    fn no_name_is_a_panic(
        word in hostile::word(),
        torn in Just("web-1_prov1_ann_r1_web-1_sc1783670400_j6Oqsvqpt54KA5jaW1q9B4AUJEKlvoC5pkYI1xjLH80".to_owned())
            .prop_flat_map(hostile::torn),
    ) {
        names(&word);
        names(&torn);
    }
}
