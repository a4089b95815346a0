//! A VPS that is rented: taken over, installed, entered by rescue, given back.

use super::{listed, the_one};
use crate::lab::Lab;
use serde_json::json;

const VPS: &str = "vps-0a1b2c3d.vps.ovh.net";
const OTHER: &str = "vps-0a1b2c3e.vps.ovh.net";

/// A lab whose VPS is up and proven.
fn up() -> Lab {
    let lab = Lab::new();
    lab.run(&format!("--provider ovh-vps --server {VPS} --sandbox"))
        .succeeded();
    lab
}

#[test]
fn a_rented_vps_is_taken_over_and_proven() {
    let lab = Lab::new();
    let bare = format!("--provider ovh-vps --server {VPS} --sandbox");
    let ran = lab.run(&bare).succeeded();
    for word in [
        "ovh-cloud is up and proven",
        "as its contract says",
        "layout bios",
    ] {
        assert!(ran.stdout.contains(word), "{word:?} is missing: {ran}");
    }
    for word in ["WIPE", "first use", VPS] {
        assert!(ran.stderr.contains(word), "{word:?} is missing: {ran}");
    }
    let seen = the_one(&lab, "ovh-vps");
    assert_eq!(seen["server_id"], VPS);
    assert_eq!(seen["name"], "ovh-cloud");
    assert_eq!(seen["rented"], true);
    assert_eq!(seen["phase"], "proven");
    // again, without being told which
    let again = lab.run("up ovh-cloud --provider ovh-vps --sandbox");
    assert!(again.succeeded().stderr.contains("nothing to do"));
}

#[test]
fn which_server_is_never_guessed() {
    let lab = Lab::new();
    lab.run("up ovh-cloud --provider ovh-vps --sandbox")
        .failed(3, &[VPS, OTHER, "--server"]);
    lab.run("up ovh-cloud --provider ovh-vps --server vps-none --sandbox")
        .failed(3, &["no server vps-none", VPS]);
    lab.add_host("mail", "provider = \"ovh-vps\"\n");
    lab.run(&format!(
        "up ovh-cloud mail --provider ovh-vps --server {VPS} --sandbox"
    ))
    .failed(3, &["the same server", VPS]);
    assert!(listed(&lab, "ovh-vps").is_empty());
}

#[test]
fn a_vps_of_another_host_or_owner_is_refused() {
    let lab = up();
    lab.add_host(
        "mail",
        "provider = \"ovh\"\n[ovh]\nproduct = \"vps\"\nservice = \"vps-0a1b2c3d.vps.ovh.net\"\n",
    );
    lab.run("up mail --sandbox")
        .failed(4, &["is taken", "ovh-cloud"]);
    lab.run(&format!(
        "up mail --provider ovh-vps --server {VPS} --owner ada --sandbox"
    ))
    .failed(4, &["is taken", "sandbox's"]);
    // the other one is free
    lab.run(&format!("up mail --server {OTHER} --sandbox"))
        .succeeded();
    assert_eq!(listed(&lab, "ovh-vps").len(), 2);
}

#[test]
fn its_rescue_is_armed_and_the_password_is_in_a_mail() {
    let lab = up();
    lab.run("rescue ovh-cloud --provider ovh-vps --sandbox")
        .failed(12, &["armed, unproven", "mail", "--off"]);
    // what answers now is no impostor
    lab.run("up ovh-cloud --provider ovh-vps --sandbox")
        .failed(4, &["it is in rescue", "--off"]);
    lab.run("rescue ovh-cloud --provider ovh-vps --off --sandbox")
        .succeeded();
    lab.run("ssh ovh-cloud --provider ovh-vps --sandbox -- true")
        .succeeded();
}

#[test]
fn it_is_given_back_and_its_contract_goes_on() {
    let lab = up();
    let ran = lab.run("teardown ovh-cloud --provider ovh-vps --sandbox");
    let ran = ran.succeeded();
    assert!(ran.stderr.contains("contract goes on"), "{ran}");
    assert!(listed(&lab, "ovh-vps").is_empty());
    // it runs on, is nobody's, and may be taken over again
    let bare = format!("--provider ovh-vps --server {VPS} --sandbox");
    lab.run(&bare).succeeded();
    let reset = lab.json("teardown ovh-cloud --provider ovh-vps --rented reset --sandbox");
    assert_eq!(reset["removed"][0]["kind"], "rented server");
    assert_eq!(reset["remaining"], json!([]));
    lab.run(&bare).succeeded();
}

#[test]
fn what_cannot_be_unmarked_is_not_wiped() {
    let lab = up();
    let refused =
        json!({ "status": { "status": 403, "code": "NOT_GRANTED_CALL", "message": "no" } });
    lab.world(&json!({ "faults": [
        { "method": "PUT", "path": "/v2/**", "times": 0, "kind": refused },
    ] }));
    lab.run("teardown ovh-cloud --provider ovh-vps --rented reset --sandbox")
        .failed(16, &["NOT_GRANTED_CALL", "remains"]);
    lab.run("up ovh-cloud --provider ovh-vps --sandbox")
        .succeeded();
}

#[test]
fn a_reinstall_begins_from_a_fresh_image() {
    let lab = up();
    lab.run("up ovh-cloud --provider ovh-vps --reinstall --sandbox")
        .succeeded();
    assert_eq!(the_one(&lab, "ovh-vps")["phase"], "proven");
}

#[test]
fn a_real_one_is_not_wiped_without_leave() {
    let lab = Lab::new();
    let served = lab.serve();
    let mut command = lab.command(&format!(
        "up ovh-cloud --provider ovh-vps --server {VPS} --owner ada --identity"
    ));
    command.arg(lab.state().join("sandbox/keys/id_ed25519"));
    served.enter(&mut command);
    let ran = crate::lab::Ran::of(command.output().unwrap());
    assert_ne!(ran.code, 0, "{ran}");
    assert!(listed(&lab, "ovh-vps").is_empty());
}
