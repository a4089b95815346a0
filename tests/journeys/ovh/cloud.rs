//! Public Cloud: created, proven, looked at, entered by rescue, removed.

use super::{listed, the_one};
use crate::faults::heal;
use crate::lab::{Lab, misbehaving};
use crate::lifecycle::slow;
use serde_json::json;
use std::time::Duration;

#[test]
fn the_main_job_on_public_cloud() {
    let lab = Lab::new();
    let ran = lab.run("--provider ovh --sandbox").succeeded();
    for word in [
        "ovh-cloud is up and proven",
        "provision ssh ovh-cloud",
        "bios firmware, layout bios",
        "EUR/h",
    ] {
        assert!(ran.stdout.contains(word), "{word:?} is missing: {ran}");
    }
    assert!(!ran.stderr.contains("first use"), "{ran}");
    let again = lab.run("up ovh-cloud --sandbox").succeeded();
    assert!(again.stderr.contains("nothing to do"), "{again}");
    lab.run("ssh ovh-cloud --sandbox -- true").succeeded();
}

#[test]
fn an_instance_lives_and_goes() {
    let lab = Lab::new();
    let up = lab.json("up ovh-cloud --sandbox --ttl 3h --max-price 1");
    let host = &up["hosts"][0];
    assert_eq!(host["provider"], "ovh");
    assert_eq!(host["rented"], false);
    assert_eq!(host["currency"], "EUR");
    let price: f64 = host["price_hourly"].as_str().unwrap().parse().unwrap();
    assert!(price > 0.0, "{host}");

    let seen = the_one(&lab, "ovh");
    assert_eq!(seen["name"], "ovh-cloud");
    assert_eq!(seen["phase"], "proven");
    assert_eq!(seen["price_hourly"], host["price_hourly"]);
    assert!(seen["expires_at"].is_string());

    // another end is another name at the vendor
    lab.run("up ovh-cloud --sandbox --ttl 5h").succeeded();
    let renewed = the_one(&lab, "ovh");
    assert!(renewed["expires_at"].as_str() > seen["expires_at"].as_str());
    assert_eq!(renewed["server_id"], seen["server_id"]);

    let gone = lab.json("teardown ovh-cloud --sandbox");
    let kinds: Vec<_> = gone["removed"].as_array().unwrap().iter().collect();
    assert!(kinds.iter().any(|r| r["kind"] == "server"), "{gone}");
    assert!(listed(&lab, "ovh").is_empty());
    // nor is its key left: there is nothing more to be removed
    let again = lab.json("teardown ovh-cloud --sandbox");
    assert_eq!(again["removed"], json!([]), "{again}");
}

#[test]
fn rescue_is_entered_by_the_password_that_the_api_answers() {
    let lab = Lab::new();
    lab.run("up ovh-cloud --sandbox").succeeded();
    let rescue = lab.json("rescue ovh-cloud --sandbox");
    assert_eq!(rescue["system"], "rescue");
    assert_eq!(rescue["proven"], true);
    assert_eq!(rescue["trust"], "first-use");
    let back = lab.json("rescue ovh-cloud --off --sandbox");
    assert_eq!(back["trust"], "pinned");
    assert_ne!(back["boot_id"], rescue["boot_id"]);
    lab.run("ssh ovh-cloud --sandbox -- true").succeeded();
}

#[test]
fn a_password_is_shown_only_where_it_is_asked_for() {
    let lab = Lab::new();
    lab.run("up ovh-cloud --sandbox").succeeded();
    let asked = lab.run("rescue ovh-cloud --sandbox --show-password");
    let asked = asked.succeeded();
    let line = asked.stdout.lines().find(|l| l.contains("password"));
    let password = line.unwrap().rsplit(' ').next().unwrap();
    assert!(password.len() >= 8, "{asked}");
    lab.run("rescue ovh-cloud --off --sandbox").succeeded();
    let silent = lab.run("rescue ovh-cloud --sandbox -vvv").succeeded();
    let text = format!("{}{}", silent.stdout, silent.stderr);
    assert!(!text.contains("root's password"), "{silent}");
    lab.run("rescue ovh-cloud --sandbox --show-password --output json")
        .failed(2, &["never written as JSON"]);
}

#[test]
fn a_rescue_without_a_password_is_armed_and_unproven() {
    let lab = Lab::with_world(&json!({ "ovh": { "rescue_password": "console" } }));
    lab.run("up ovh-cloud --sandbox").succeeded();
    lab.run("rescue ovh-cloud --sandbox")
        .failed(12, &["armed, unproven", "VNC console", "--off"]);
    lab.run("rescue ovh-cloud --off --sandbox").succeeded();
    lab.run("ssh ovh-cloud --sandbox -- true").succeeded();
}

#[test]
fn a_reinstall_keeps_the_address_and_the_identity() {
    let lab = Lab::new();
    let first = lab.json("up ovh-cloud --sandbox");
    let before = the_one(&lab, "ovh");
    let ran = lab.run("up ovh-cloud --sandbox --reinstall").succeeded();
    assert!(ran.stderr.contains("first use"), "{ran}");
    let after = the_one(&lab, "ovh");
    assert_eq!(after["server_id"], before["server_id"]);
    assert_eq!(after["ipv4"], first["hosts"][0]["ipv4"]);
    assert_eq!(after["phase"], "proven");
    lab.run("ssh ovh-cloud --sandbox -- true").succeeded();
}

#[test]
fn a_second_laptop_goes_by_the_names_in_the_cloud() {
    let lab = Lab::new();
    lab.run("up ovh-cloud --sandbox").succeeded();
    let served = lab.serve();
    let mut command = lab.command("up ovh-cloud --owner sandbox --yes --identity");
    command.arg(lab.state().join("sandbox/keys/id_ed25519"));
    command.env("PROVISION_STATE_DIR", lab.path("second"));
    served.enter(&mut command);
    let ran = crate::lab::Ran::of(command.output().unwrap()).succeeded();
    assert!(ran.stderr.contains("nothing to do"), "{ran}");
}

#[test]
fn a_killed_run_is_taken_up_again() {
    let lab = Lab::with_world(&json!({ "latency": slow(0.1) }));
    for pause in [300, 900, 1500, 2500] {
        let mut child = lab.command("up ovh-cloud --sandbox").spawn().unwrap();
        std::thread::sleep(Duration::from_millis(pause));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let up = lab.json("up ovh-cloud --sandbox");
    assert_eq!(up["hosts"][0]["proven"], true);
    the_one(&lab, "ovh");
}

/// Nothing was proven yet: the image that is written anew has the key of its creation, and no
/// other is trusted.
#[test]
fn what_stopped_half_way_begins_afresh_with_the_key_that_it_was_given() {
    let faults = json!({ "phase_fails": "disko" });
    let lab = Lab::with_world(&misbehaving("ovh-cloud*", &faults));
    lab.run("up ovh-cloud --sandbox")
        .failed(11, &["failed in its phase", "remains"]);
    heal(&lab);
    let ran = lab.run("up ovh-cloud --sandbox --reinstall").succeeded();
    assert!(!ran.stderr.contains("first use"), "{ran}");
    assert_eq!(the_one(&lab, "ovh")["phase"], "proven");
}

/// The image has the key of the server's creation whenever it is written anew: what answers is no
/// system from before, though it shows the key that answered already.
#[test]
fn a_reinstall_that_was_killed_before_its_image_was_seen_goes_on() {
    let lab = Lab::new();
    let _served = lab.serve();
    lab.run("up ovh-cloud --sandbox").succeeded();
    let up = lab.json("up ovh-cloud --sandbox --reinstall");
    let run = lab
        .state()
        .join("sandbox/runs")
        .join(up["run"].as_str().unwrap());
    let journal = std::fs::read_to_string(run.join("journal.jsonl")).unwrap();
    let mut lines = journal.lines();
    let begun = lines
        .position(|line| line.contains("begins afresh"))
        .unwrap()
        + 1;
    let mut killed = lab.command("up ovh-cloud --sandbox --reinstall");
    killed.env("PROVISION_CRASH", format!("after:{begun}"));
    assert_eq!(killed.output().unwrap().status.code(), None, "it is killed");
    assert_eq!(the_one(&lab, "ovh")["phase"], "created");
    lab.run_hurried("0.2", "up ovh-cloud --sandbox").succeeded();
    assert_eq!(the_one(&lab, "ovh")["phase"], "proven");
}
