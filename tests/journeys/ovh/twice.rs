//! Names are not unique at Public Cloud: what a lost answer makes twice is found and removed.

use super::{listed, the_one};
use crate::lab::Lab;
use serde_json::json;

const CREATE: &str = "/cloud/project/*/instance";

#[test]
fn a_lost_answer_makes_one_instance() {
    for kind in ["drop-after", "truncate"] {
        let lab = Lab::with_world(&json!({
            "faults": [{ "method": "POST", "path": CREATE, "kind": kind }],
        }));
        lab.run("up ovh-cloud --sandbox").succeeded();
        the_one(&lab, "ovh");
    }
}

#[test]
fn a_lost_answer_and_a_stale_list_leave_one_instance() {
    let lab = Lab::with_world(&json!({
        "faults": [
            { "method": "POST", "path": CREATE, "kind": "drop-after" },
            { "method": "POST", "path": CREATE, "kind": { "stale-list": 2 } },
        ],
    }));
    let ran = lab.run("up ovh-cloud --sandbox").succeeded();
    assert!(ran.stderr.contains("made it twice"), "{ran}");
    assert_eq!(the_one(&lab, "ovh")["phase"], "proven");
}

/// A list that is behind by more than a moment, for every look.
#[test]
fn a_list_that_is_slow_loses_no_instance() {
    for lost in [false, true] {
        let slow = json!({ "method": "GET", "path": CREATE, "times": 0,
            "kind": { "stale-list-ms": 1500 } });
        let drop = json!({ "method": "POST", "path": CREATE, "kind": "drop-after" });
        let faults = if lost { vec![slow, drop] } else { vec![slow] };
        let lab = Lab::with_world(&json!({ "faults": faults }));
        lab.run("up ovh-cloud --sandbox").succeeded();
        std::thread::sleep(std::time::Duration::from_millis(1600));
        assert_eq!(the_one(&lab, "ovh")["phase"], "proven", "lost: {lost}");
    }
}

#[test]
fn one_that_stays_is_named_with_its_cost() {
    let lab = Lab::with_world(&json!({
        "faults": [
            { "method": "POST", "path": CREATE, "kind": "drop-after" },
            { "method": "POST", "path": CREATE, "kind": { "stale-list": 2 } },
            { "method": "DELETE", "path": "/cloud/project/*/instance/*", "times": 0,
              "kind": { "status": { "status": 403, "code": "FORBIDDEN", "message": "no" } } },
        ],
    }));
    lab.run("up ovh-cloud --sandbox").failed(
        16,
        &["made it twice", "cannot be removed", "remains", "EUR/h"],
    );
    // once the vendor lets go of it, both are removed together
    lab.world(&json!({ "faults": [] }));
    lab.run("teardown ovh-cloud --sandbox").succeeded();
    assert!(listed(&lab, "ovh").is_empty());
}
