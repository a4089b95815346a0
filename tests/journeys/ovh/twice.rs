//! Names are not unique at Public Cloud: what a lost answer makes twice is found and removed.

use super::the_one;
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
}
