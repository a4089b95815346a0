//! Machines and clouds that misbehave: bounded time, the cause, what remains, how to go on.

use crate::lab::{Lab, misbehaving};
use serde_json::json;

#[test]
fn a_phase_that_fails_is_shown_and_taken_up_again() {
    for phase in ["kexec", "disko", "install"] {
        let lab = Lab::with_world(&misbehaving(
            "hetzner-cloud",
            &json!({ "phase_fails": phase }),
        ));
        lab.run("up hetzner-cloud --sandbox").failed(
            11,
            &[
                "failed in its phase",
                "last lines",
                "installer.log",
                "remains",
                "resume",
            ],
        );
        let before = lab.servers();
        assert_eq!(before.len(), 1);
        // the same server goes on once the fault is gone
        heal(&lab);
        let up = lab.json("up hetzner-cloud --sandbox");
        assert_eq!(
            up["hosts"][0]["server_id"], before[0]["server_id"],
            "{phase}"
        );
        assert_eq!(up["hosts"][0]["proven"], true);
    }
}

/// The control endpoint takes the fault from the machine.
pub(crate) fn heal(lab: &Lab) {
    spoil(lab, &json!({}));
}

/// From now on the lab's machines misbehave like that.
pub(crate) fn spoil(lab: &Lab, faults: &serde_json::Value) {
    lab.serve().spoil(faults);
}

/// The vendor answers as it should again.
pub(crate) fn disarm(lab: &Lab) {
    let nothing = serde_json::Value::Null;
    lab.serve().control("DELETE", "/faults", &nothing);
}

#[test]
fn a_phase_that_hangs_is_ended() {
    let lab = Lab::with_world(&misbehaving(
        "hetzner-cloud",
        &json!({ "phase_hangs": "disko" }),
    ));
    lab.run_hurried("0.002", "up hetzner-cloud --sandbox")
        .failed(11, &["had not ended after", "disko"]);
}

#[test]
fn a_machine_that_never_answers() {
    for fault in ["refuse", "hang", "close"] {
        let lab = Lab::with_world(&misbehaving("hetzner-cloud", &json!({ "ssh": fault })));
        lab.run_hurried("0.02", "up hetzner-cloud --sandbox")
            .failed(10, &["no answer", "remains", "EUR/h", "provision teardown"]);
    }
}

#[test]
fn a_machine_that_takes_only_passwords() {
    let lab = Lab::with_world(&misbehaving("hetzner-cloud", &json!({ "ssh": "password" })));
    lab.run_hurried("0.05", "up hetzner-cloud --sandbox")
        .failed(5, &["login is refused", "--identity"]);
}

#[test]
fn a_system_that_is_not_what_was_installed() {
    for (fault, word) in [
        (
            json!({ "failed_units": ["nginx.service"] }),
            "nginx.service",
        ),
        (json!({ "wrong_system": true }), "installed was"),
    ] {
        let lab = Lab::with_world(&misbehaving("hetzner-cloud", &fault));
        lab.run("up hetzner-cloud --sandbox")
            .failed(12, &[word, "provision ssh"]);
        assert_eq!(lab.servers()[0]["phase"], "installed");
    }
}

#[test]
fn a_machine_that_does_not_come_back() {
    let lab = Lab::with_world(&misbehaving("hetzner-cloud", &json!({ "no_return": true })));
    lab.run_hurried("0.02", "up hetzner-cloud --sandbox")
        .failed(10, &["console", "remains"]);
}

#[test]
fn a_failed_new_server_can_be_removed_at_once() {
    let lab = Lab::with_world(&misbehaving(
        "hetzner-cloud",
        &json!({ "phase_fails": "disko" }),
    ));
    lab.run("up hetzner-cloud --sandbox --on-failure teardown")
        .failed(11, &["nothing: the new server was removed"]);
    assert!(lab.servers().is_empty());
}

#[test]
fn a_lost_answer_makes_one_server() {
    for kind in ["drop-after", "truncate"] {
        let lab = Lab::with_world(&json!({
            "faults": [{ "method": "POST", "path": "/servers", "kind": kind }],
        }));
        lab.run("up hetzner-cloud --sandbox").succeeded();
        assert_eq!(lab.servers().len(), 1, "{kind}");
    }
}

#[test]
fn an_action_that_fails_is_told() {
    let lab = Lab::with_world(&json!({
        "faults": [{ "method": "POST", "path": "/servers", "kind": { "action-error": {} } }],
    }));
    lab.run("up hetzner-cloud --sandbox")
        .failed(6, &["action_failed", "remains"]);
    lab.run("teardown hetzner-cloud --sandbox").succeeded();
    assert!(lab.servers().is_empty());
}

#[test]
fn a_refused_reinstall_leaves_a_proven_host_proven() {
    let lab = Lab::new();
    lab.run("up hetzner-cloud --sandbox").succeeded();
    lab.world(&json!({
        "faults": [{
            "method": "POST", "path": "/servers/*/actions/rebuild",
            "kind": { "status": { "status": 403, "code": "protected", "message": "protected" } },
        }],
    }));
    lab.run("up hetzner-cloud --sandbox --reinstall")
        .failed(4, &["protected"]);
    assert_eq!(lab.servers()[0]["phase"], "proven");
    lab.run("ssh hetzner-cloud --sandbox -- true").succeeded();
    lab.run("up hetzner-cloud --sandbox --reinstall")
        .succeeded();
}

#[test]
fn what_is_on_a_disk_is_not_wiped_without_leave() {
    let lab = Lab::with_world(&misbehaving(
        "hetzner-cloud",
        &json!({ "wrong_system": true }),
    ));
    lab.run("up hetzner-cloud --sandbox --ttl 5h")
        .failed(12, &["installed was"]);
    let before = lab.servers();
    // another machine of the same owner, whose login key the server does not know
    let served = lab.serve();
    std::fs::remove_file(lab.state().join("sandbox/keys/id_ed25519")).unwrap();
    lab.run_hurried("0.02", "up hetzner-cloud --sandbox")
        .failed(5, &["refused", "--reinstall"]);
    drop(served);
    let after = lab.servers();
    assert_eq!(before[0]["phase"], after[0]["phase"]);
    assert_eq!(before[0]["expires_at"], after[0]["expires_at"]);
}
