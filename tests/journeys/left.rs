//! What is left when a run fails: what is said of it is true, and what goes is the run's own.

use crate::lab::{Lab, Served, misbehaving};
use serde_json::{Value, json};

fn count(served: &Served, what: &str) -> usize {
    let all = served.hetzner("GET", &format!("/{what}"), &Value::Null);
    all[what].as_array().unwrap().len()
}

#[test]
fn a_key_that_an_order_left_is_told_or_removed() {
    let lab = Lab::with_world(&json!({ "quota_servers": 0 }));
    let served = lab.serve();
    lab.run("up hetzner-cloud --sandbox").failed(
        7,
        &[
            "remains key provision-",
            "costs nothing",
            "provision teardown hetzner-cloud",
        ],
    );
    assert_eq!(count(&served, "ssh_keys"), 1);
    lab.run("up hetzner-cloud --sandbox --on-failure teardown")
        .failed(7, &["nothing: no server was created"]);
    assert_eq!(count(&served, "ssh_keys"), 0);
    lab.run("up hetzner-cloud --sandbox")
        .failed(7, &["remains key"]);
    lab.run("teardown hetzner-cloud --sandbox").succeeded();
    assert_eq!(count(&served, "ssh_keys"), 0);
}

#[test]
fn the_login_key_stays_while_a_server_has_it() {
    let fails = misbehaving("web-1", &json!({ "phase_fails": "disko" }));
    let lab = Lab::with_world(&fails);
    let host = lab.flake().join("hosts/servers/hetzner-cloud/host.toml");
    lab.add_host("web-1", &std::fs::read_to_string(host).unwrap());
    let served = lab.serve();
    // one of two at once, and one after the other
    lab.run("up hetzner-cloud web-1 --sandbox --on-failure teardown")
        .failed(11, &["nothing: the new server was removed"]);
    lab.run("up web-1 --sandbox --on-failure teardown")
        .failed(11, &["nothing: the new server was removed"]);
    assert_eq!(
        (count(&served, "servers"), count(&served, "ssh_keys")),
        (1, 1)
    );
}

#[test]
fn of_two_that_fail_the_later_one_takes_the_key_along() {
    let fails = misbehaving("*", &json!({ "phase_fails": "disko" }));
    let lab = Lab::with_world(&fails);
    let host = lab.flake().join("hosts/servers/hetzner-cloud/host.toml");
    lab.add_host("web-1", &std::fs::read_to_string(host).unwrap());
    let served = lab.serve();
    let ran = lab.run("up hetzner-cloud web-1 --sandbox --on-failure teardown");
    assert_eq!(ran.code, 11, "{ran}");
    assert_eq!(
        ran.stderr
            .matches("nothing: the new server was removed")
            .count(),
        2,
        "{ran}"
    );
    assert_eq!(
        (count(&served, "servers"), count(&served, "ssh_keys")),
        (0, 0)
    );
}
