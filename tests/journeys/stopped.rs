//! An `up` that fails or is stopped: what it has made is told or removed, and nothing else is.

use crate::lab::{Lab, Ran, interrupt, misbehaving};
use crate::teardown::of;
use serde_json::{Value, json};
use std::process::Stdio;
use std::time::Duration;

#[test]
fn a_failed_run_removes_only_what_it_made() {
    let lab = Lab::with_world(&misbehaving(
        "hetzner-cloud",
        &json!({ "phase_fails": "disko" }),
    ));
    let served = lab.serve();
    for labels in [of("hetzner-cloud"), json!({ "provision-owner": "me" })] {
        let name = format!("data-{}", labels.as_object().unwrap().len());
        let body = json!({ "name": name, "size": 10, "labels": labels, "location": "fsn1" });
        served.hetzner("POST", "/volumes", &body);
    }
    lab.run("up hetzner-cloud --sandbox --owner me --on-failure teardown")
        .failed(11, &["nothing: the new server was removed"]);
    let left = |what: &str| {
        let all = served.hetzner("GET", &format!("/{what}"), &Value::Null);
        all[what].as_array().unwrap().len()
    };
    assert_eq!((left("servers"), left("volumes")), (0, 2));
    assert_eq!(left("ssh_keys"), 0, "no server needs it any more");
}

#[test]
fn another_runs_server_is_not_removed_after_a_failure() {
    // the server that the first run makes is missing from the list that the second one plans by
    let lab = Lab::with_world(&json!({
        "faults": [{ "method": "POST", "path": "/servers", "kind": { "stale-list": 1 } }],
    }));
    let served = lab.serve();
    lab.run("up hetzner-cloud --sandbox").succeeded();
    lab.run("up hetzner-cloud --sandbox --on-failure teardown")
        .failed(13, &["another run", "remains", "provision teardown"]);
    drop(served);
    assert_eq!(lab.servers()[0]["phase"], "proven");
}

/// Waits until the journal tells that a server is about to be ordered, and a moment longer.
fn until_it_orders(lab: &Lab) {
    for _ in 0..600 {
        std::thread::sleep(Duration::from_millis(100));
        let orders = |journal: &String| journal.contains("create a server");
        if lab.journals().iter().any(orders) {
            std::thread::sleep(Duration::from_millis(1500));
            return;
        }
    }
    panic!("no server is ordered");
}

#[test]
fn ctrl_c_during_the_order_loses_no_server() {
    let order = |before_ms: u64| {
        json!({ "faults": [{
            "method": "POST", "path": "/servers", "kind": { "delay": { "before_ms": before_ms } },
            "times": 20,
        }] })
    };
    let stopped = |lab: &Lab, scale: &str, flags: &str| {
        let up = format!("up hetzner-cloud --sandbox{flags}");
        let child = lab
            .command(&up)
            .env("PROVISION_DEADLINE_SCALE", scale)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        until_it_orders(lab);
        interrupt(child.id());
        Ran::of(child.wait_with_output().unwrap())
    };
    let lab = Lab::with_world(&order(4500));
    stopped(&lab, "1", "").failed(130, &["EUR/h", "resume", "remove"]);
    assert_eq!(lab.servers().len(), 1);

    let lab = Lab::with_world(&order(4500));
    stopped(&lab, "1", " --on-failure teardown")
        .failed(130, &["nothing: the new server was removed"]);
    assert!(lab.servers().is_empty());

    // an order that is never answered
    let lab = Lab::with_world(&order(30_000));
    stopped(&lab, "0.01", "").failed(130, &["may come to exist", "provision teardown"]);
}

#[test]
fn ctrl_c_with_on_failure_teardown_removes_the_server() {
    let lab = Lab::with_world(&misbehaving(
        "hetzner-cloud",
        &json!({ "phase_hangs": "disko" }),
    ));
    let served = lab.serve();
    let child = lab
        .command("up hetzner-cloud --sandbox --on-failure teardown")
        .spawn()
        .unwrap();
    until_it_orders(&lab);
    let servers = served.hetzner("GET", "/servers", &Value::Null);
    assert_eq!(servers["servers"].as_array().unwrap().len(), 1);
    interrupt(child.id());
    Ran::of(child.wait_with_output().unwrap())
        .failed(130, &["nothing: the new server was removed"]);
    let servers = served.hetzner("GET", "/servers", &Value::Null);
    assert_eq!(servers["servers"], json!([]));
}

#[test]
fn the_commands_that_are_shown_are_those_that_go_on() {
    let lab = Lab::new();
    let up = lab.run("up hetzner-cloud --test --sandbox").succeeded();
    for command in [
        "provision ssh hetzner-cloud --test --sandbox",
        "provision teardown hetzner-cloud --test --sandbox",
    ] {
        assert!(up.stdout.contains(command), "{command} is missing: {up}");
    }

    let lab = Lab::with_world(&misbehaving(
        "hetzner-cloud-test",
        &json!({ "phase_fails": "disko" }),
    ));
    lab.run(
        "up hetzner-cloud --test --sandbox --ttl 90m --type cx23 --location fsn1 --max-price 1 \
         --build-on remote",
    )
    .failed(
        11,
        &[
            "provision up hetzner-cloud --test --sandbox",
            "--type cx23 --location fsn1 --ttl 1h30m --max-price 1 --build-on remote",
            "provision teardown hetzner-cloud --test --sandbox",
        ],
    );
}
