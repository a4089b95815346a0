//! Into rescue and back to the disk, both proven.

use crate::lab::Lab;

#[test]
fn rescue_and_back() {
    let lab = Lab::new();
    lab.run("up hetzner-cloud --sandbox").succeeded();
    let rescue = lab.json("rescue hetzner-cloud --sandbox");
    assert_eq!(rescue["system"], "rescue");
    assert_eq!(rescue["user"], "root");
    assert_eq!(rescue["trust"], "first-use");
    let back = lab.json("rescue hetzner-cloud --off --sandbox");
    assert_eq!(back["trust"], "pinned");
    assert_eq!(back["user"], "hbohlen");
    assert_ne!(back["boot_id"], rescue["boot_id"]);
    lab.run("ssh hetzner-cloud --sandbox -- true").succeeded();
}

#[test]
fn a_host_without_a_server_has_no_rescue() {
    let lab = Lab::new();
    lab.run("rescue hetzner-cloud --sandbox")
        .failed(4, &["has no server", "provision up hetzner-cloud"]);
}

#[test]
fn a_host_in_rescue_is_not_taken_for_an_impostor() {
    let lab = Lab::new();
    lab.run("up hetzner-cloud --sandbox").succeeded();
    lab.run("rescue hetzner-cloud --sandbox").succeeded();
    lab.run("up hetzner-cloud --sandbox").failed(
        4,
        &["it is in rescue", "provision rescue hetzner-cloud --off"],
    );
}
