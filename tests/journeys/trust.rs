//! Whoever answers with another host key is refused; a second machine of the same owner is not.

use crate::lab::{Lab, Ran, misbehaving};
use serde_json::json;
use std::fs;

#[test]
fn an_impostor_at_the_first_connection_is_refused() {
    let lab = Lab::with_world(&misbehaving("hetzner-cloud", &json!({ "ssh": "impostor" })));
    lab.run("up hetzner-cloud --sandbox")
        .failed(9, &["host key is not the pinned one", "nothing was sent"]);
}

#[test]
fn a_second_machine_logs_in_without_local_state() {
    let lab = Lab::new();
    lab.run("up hetzner-cloud --sandbox").succeeded();
    // all but the world and the login key is forgotten
    fs::remove_dir_all(lab.state().join("sandbox/servers")).unwrap();
    fs::remove_dir_all(lab.state().join("sandbox/runs")).unwrap();
    let whoami = lab.run("ssh hetzner-cloud --sandbox -- id -un").succeeded();
    assert_eq!(whoami.stdout.trim(), "hbohlen");
    let again = lab.run("up hetzner-cloud --sandbox").succeeded();
    assert!(again.stderr.contains("nothing to do"), "{again}");
    // and a reinstall from there keeps the identity that it fetched
    let key = lab.json("show hetzner-cloud --sandbox")["host_key"].clone();
    lab.run("up hetzner-cloud --sandbox --reinstall")
        .succeeded();
    assert_eq!(lab.json("show hetzner-cloud --sandbox")["host_key"], key);
}

#[test]
fn a_client_of_the_real_cloud_sees_the_same_servers() {
    let lab = Lab::new();
    lab.run("up hetzner-cloud --sandbox --owner me").succeeded();
    let served = lab.serve();
    let key = lab.state().join("sandbox/keys/id_ed25519");
    let run = |arguments: &str| {
        let mut command = lab.command(arguments);
        served.enter(&mut command);
        command.env("PROVISION_STATE_DIR", lab.path("elsewhere"));
        Ran::of(command.output().unwrap())
    };
    let list = run("list --owner me --output json").succeeded().json();
    assert_eq!(list["servers"][0]["phase"], "proven");
    let identity = key.display();
    let ssh = run(&format!(
        "ssh hetzner-cloud --owner me --identity {identity} -- uname -n"
    ));
    assert_eq!(ssh.succeeded().stdout.trim(), "hetzner-cloud");
    run("teardown hetzner-cloud --owner me").failed(4, &["no terminal", "--yes"]);
    run("teardown hetzner-cloud --owner me --yes").succeeded();
}
