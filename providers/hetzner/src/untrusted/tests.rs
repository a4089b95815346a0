//! Answers that are spoilt, torn or none.

use super::*;
use proptest::prelude::*;
use serde_json::Value;

#[path = "../../../../tests/support/hostile.rs"]
#[allow(dead_code, reason = "others use the rest")]
mod hostile;

fn fixture() -> impl Strategy<Value = Value> {
    let texts = [
        include_str!("../../../../fixtures/hetzner/servers_ours.json"),
        include_str!("../../../../fixtures/hetzner/create.json"),
        include_str!("../../../../fixtures/hetzner/actions.json"),
        include_str!("../../../../fixtures/hetzner/pricing.json"),
        include_str!("../../../../fixtures/hetzner/server_types_page1.json"),
        include_str!("../../../../fixtures/hetzner/volumes.json"),
        include_str!("../../../../fixtures/hetzner/ssh_keys.json"),
    ];
    let mut all: Vec<Value> = texts.map(|text| serde_json::from_str(text).unwrap()).into();
    // the catalog is made of two answers
    let mut both = all[3].clone();
    both["server_types"] = all[4]["server_types"].clone();
    all.push(both);
    let problems = include_str!("../../../../fixtures/hetzner/problems.json");
    let problems: Vec<Value> = serde_json::from_str(problems).unwrap();
    all.extend(
        problems
            .into_iter()
            .map(|mut problem| problem["body"].take()),
    );
    proptest::sample::select(all)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

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
    fn a_torn_answer_is_no_panic(
        text in Just(include_str!("../../../../fixtures/hetzner/servers_ours.json").to_owned())
            .prop_flat_map(hostile::torn)
    ) {
        answers(text.as_bytes());
    }
}

#[test]
fn a_price_that_no_sum_holds_is_none() {
    let text = serde_json::json!({
        "server_types": [{"name": "cx23", "locations": [{"name": "fsn1"}], "prices": [
            {"location": "fsn1", "price_hourly": {"gross": "79228162514264337593543950335"}}]}],
        "pricing": {"currency": "EUR", "primary_ips": [{"type": "ipv4", "prices": [
            {"location": "fsn1", "price_hourly": {"gross": "79228162514264337593543950335"}}]}]},
    });
    let text = text.to_string();
    let types = page::<ServerTypes>(text.as_bytes()).unwrap();
    let pricing = read::<PricingAnswer>(text.as_bytes()).unwrap().pricing;
    assert!(catalog(types, &pricing).unwrap().types[0].offers.is_empty());
}
