//! All that the program says to a vendor is what the vendor's schema has.

use crate::session::Session;
use crate::support::valid::{self, By};
use crate::support::vendors;

#[test]
fn to_hetzner() {
    let session = Session::new("hetzner", "hetzner-cloud");
    for line in [
        "up hetzner-cloud --ttl 1h",
        "up hetzner-cloud",
        "up web-2 --test",
        "list",
        "show hetzner-cloud",
        "rescue hetzner-cloud",
        "rescue hetzner-cloud --off",
        "up hetzner-cloud --reinstall",
        "teardown hetzner-cloud",
        "teardown --test",
        "teardown --expired",
    ] {
        session.run(line);
    }
    let exchanges = session.exchanges(&[
        ("POST", "/servers"),
        ("POST", "/ssh_keys"),
        ("POST", "/actions/enable_rescue"),
        ("DELETE", ""),
    ]);
    valid::assert_hetzner(By::Provision, &exchanges, vendors::keys_by_id);
}

#[test]
fn to_ovh_about_instances() {
    let session = Session::new("ovh", "ovh-cloud");
    for line in [
        "up ovh-cloud --ttl 1h",
        "up ovh-cloud",
        "up web-2 --test",
        "list",
        "show ovh-cloud",
        "rescue ovh-cloud",
        "rescue ovh-cloud --off",
        "up ovh-cloud --reinstall",
        "teardown ovh-cloud",
        "teardown --test",
        "teardown --expired",
    ] {
        session.run(line);
    }
    let exchanges = session.exchanges(&[
        ("GET", "/auth/time"),
        ("GET", "/flavor"),
        ("GET", "/image"),
        ("POST", "/sshkey"),
        ("POST", "/instance"),
        ("POST", "/rescueMode"),
        ("DELETE", ""),
    ]);
    valid::assert_ovh(By::Provision, &exchanges, |_| false);
}

/// A rented server is adopted, and given back; its rescue system ends with this code.
fn rented(session: &Session, server: &str, rescue: i32) {
    session.run(&format!("up ovh-cloud --server {server} --yes"));
    for line in ["up ovh-cloud", "list", "show ovh-cloud"] {
        session.run(line);
    }
    session.ends("rescue ovh-cloud --yes", rescue);
    for line in [
        "rescue ovh-cloud --off --yes",
        "teardown ovh-cloud --rented reset --yes",
    ] {
        session.run(line);
    }
}

#[test]
fn to_ovh_about_a_vps() {
    let session = Session::new("ovh-vps", "ovh-cloud");
    // armed, and unproven: its password comes by mail
    rented(&session, "vps-0a1b2c3d.vps.ovh.net", 12);
    let exchanges = session.exchanges(&[
        ("GET", "/vps"),
        ("PUT", ".vps.ovh.net"),
        ("POST", "/rebuild"),
        ("POST", "/reboot"),
    ]);
    valid::assert_ovh(By::Provision, &exchanges, |_| false);
}

#[test]
fn to_ovh_about_a_dedicated_server() {
    let session = Session::new("ovh-dedicated", "ovh-cloud");
    rented(&session, "ns3000001.ip-203-0-113.eu", 0);
    let exchanges = session.exchanges(&[
        ("GET", "/dedicated/server"),
        ("GET", "/boot"),
        ("PUT", "203-0-113.eu"),
        ("POST", "/reboot"),
    ]);
    valid::assert_ovh(By::Provision, &exchanges, |_| false);
}

#[test]
fn to_ovh_about_a_dedicated_server_that_boots_by_uefi_and_has_two_disks() {
    let session = Session::new("ovh-dedicated", "ovh-cloud");
    let disk = "/dev/disk/by-path/pci-0000:00:17.0-ata-1";
    session.want(
        "ovh-cloud",
        &format!("provider = 'ovh-dedicated'\ndisk = '{disk}'\n"),
    );
    rented(&session, "ns3000002.ip-198-51-100.eu", 0);
    let exchanges = session.exchanges(&[("PUT", "198-51-100.eu"), ("POST", "/reboot")]);
    let path = exchanges.iter().any(|exchange| {
        let asked = exchange.request_body.as_ref();
        asked.is_some_and(|asked| asked["efiBootloaderPath"].is_string())
    });
    assert!(path, "the path of the boot loader was never told");
    valid::assert_ovh(By::Provision, &exchanges, |_| false);
}
