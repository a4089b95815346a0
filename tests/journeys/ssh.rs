//! Logging in, and into rescue: what is said when the machine is not what it should be.

use crate::lab::{Lab, Ran, Served, interrupt};
use serde_json::{Value, json};
use std::time::Duration;

fn up() -> Lab {
    let lab = Lab::new();
    lab.run("up hetzner-cloud --sandbox").succeeded();
    lab
}

#[test]
fn a_host_in_rescue_is_told_from_an_impostor() {
    let lab = up();
    lab.run("rescue hetzner-cloud --sandbox").succeeded();
    let said = lab.run("ssh hetzner-cloud --sandbox -- true").failed(
        4,
        &["it is in rescue", "provision rescue hetzner-cloud", "--off"],
    );
    assert!(!said.stderr.contains("ssh-keygen"), "{said}");
    // from another machine it cannot be known that it is the rescue system
    std::fs::remove_file(
        lab.state()
            .join("sandbox/servers/hetzner-cloud/known_hosts.rescue"),
    )
    .unwrap();
    lab.run("ssh hetzner-cloud --sandbox -- true")
        .failed(9, &["refused to talk", "--off"]);
    lab.run("rescue hetzner-cloud --off --sandbox").succeeded();
    lab.run("ssh hetzner-cloud --sandbox -- true").succeeded();
}

#[test]
fn a_host_at_work_is_not_reset_by_rescue_off() {
    let lab = up();
    let boot = "ssh hetzner-cloud --sandbox -- cat /proc/sys/kernel/random/boot_id";
    let before = lab.run(boot).succeeded().stdout;
    let off = lab.run("rescue hetzner-cloud --off --sandbox").succeeded();
    assert!(off.stderr.contains("from its disk already"), "{off}");
    assert_eq!(lab.run(boot).succeeded().stdout, before);

    // a rescue system that is armed for the next boot has to be disarmed all the same
    let served = lab.serve();
    let servers = served.hetzner("GET", "/servers", &Value::Null);
    let id = &servers["servers"][0]["id"];
    let path = format!("/servers/{id}/actions/enable_rescue");
    served.hetzner("POST", &path, &json!({ "type": "linux64" }));
    lab.run("rescue hetzner-cloud --off --sandbox").succeeded();
    let servers = served.hetzner("GET", "/servers", &Value::Null);
    assert_eq!(servers["servers"][0]["rescue_enabled"], false);
}

#[test]
fn a_rescue_that_fails_tells_what_remains() {
    let lab = up();
    let path = lab.state().join("sandbox/servers/hetzner-cloud/lock");
    let held = std::fs::File::open(path).unwrap();
    held.try_lock().unwrap();
    lab.run("rescue hetzner-cloud --off --sandbox").failed(
        13,
        &[
            "another provision",
            "proven",
            "EUR/h",
            "resume  provision rescue hetzner-cloud --sandbox",
            "--off",
            "remove  provision teardown hetzner-cloud --sandbox",
        ],
    );
}

/// A served lab whose machine behaves like that from now on.
fn spoilt(faults: &Value) -> (Lab, Served) {
    let lab = up();
    let served = lab.serve();
    served.spoil(faults);
    (lab, served)
}

#[test]
fn a_machine_that_hangs_is_not_waited_for_without_end() {
    let (lab, _served) = spoilt(&json!({ "ssh": "hang" }));
    lab.run("ssh hetzner-cloud --sandbox -- true")
        .failed(10, &["no answer at"]);

    let child = lab
        .command("ssh hetzner-cloud --sandbox -- true")
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    interrupt(child.id());
    Ran::of(child.wait_with_output().unwrap()).failed(130, &["stopped"]);
}

#[test]
fn a_rescue_of_a_machine_that_does_not_come_back_tells_what_remains() {
    let (lab, _served) = spoilt(&json!({ "ssh": "refuse" }));
    lab.run_hurried("0.01", "rescue hetzner-cloud --sandbox")
        .failed(
            10,
            &[
                "does not answer",
                "EUR/h",
                "resume  provision rescue hetzner-cloud --sandbox",
                "provision teardown hetzner-cloud",
            ],
        );
}
