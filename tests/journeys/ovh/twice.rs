//! Names are not unique at Public Cloud: what a lost answer makes twice is found and removed.

use super::{listed, the_one};
use crate::lab::{Lab, Ran};
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

/// Two machines of one owner, neither of which knows of the other.
#[test]
fn two_laptops_at_once_make_one_instance() {
    let lab = Lab::new();
    lab.run("list --provider ovh --sandbox").succeeded();
    let _served = lab.serve();
    let other = lab.path("other");
    std::fs::create_dir_all(other.join("sandbox")).unwrap();
    for dir in [other.clone(), other.join("sandbox")] {
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        std::fs::set_permissions(dir, private).unwrap();
    }
    let world = lab.state().join("sandbox/world");
    std::os::unix::fs::symlink(world, other.join("sandbox/world")).unwrap();
    let up = |state: &std::path::Path| {
        let mut command = lab.command("up ovh-cloud --sandbox");
        command.env("PROVISION_STATE_DIR", state).spawn().unwrap()
    };
    let both = [up(&lab.state()), up(&other)];
    let ended = both.map(|child| Ran::of(child.wait_with_output().unwrap()));
    let codes = [ended[0].code, ended[1].code];
    // the one that gave way or came too late says so
    assert!(codes.contains(&0), "{}\n{}", ended[0], ended[1]);
    assert_eq!(the_one(&lab, "ovh")["phase"], "proven", "{codes:?}");
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
