//! The wrong disk is never wiped, and what belongs to others survives a teardown.

use crate::lab::Lab;
use serde_json::{Value, json};

#[test]
fn a_volume_that_comes_first_is_neither_wiped_nor_deleted() {
    let lab = Lab::with_world(&json!({ "volume_first": true }));
    let served = lab.serve();
    let up = lab.json("up hetzner-cloud --sandbox");
    let id: u64 = up["hosts"][0]["server_id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let volume = served.hetzner(
        "POST",
        "/volumes",
        &json!({ "name": "data", "size": 10, "server": id, "format": "ext4" }),
    );
    let volume = volume["volume"]["id"].as_u64().unwrap();
    let again = lab.json("up hetzner-cloud --sandbox --reinstall");
    assert_eq!(again["hosts"][0]["proven"], true);
    // names are given anew at each boot: the volume has the first one now
    let disks = lab
        .run("ssh hetzner-cloud --sandbox -- ls -l /dev/disk/by-id")
        .succeeded();
    let mut lines = disks.stdout.lines();
    let first = lines.any(|l| l.contains("HC_Volume") && l.ends_with("sda"));
    assert!(first, "{disks}");
    let lsblk = lab
        .run("ssh hetzner-cloud --sandbox -- lsblk --json --output NAME,FSTYPE,TYPE")
        .succeeded();
    let sda = lsblk.json()["blockdevices"]
        .as_array()
        .unwrap()
        .iter()
        .find(|d| d["name"] == "sda")
        .cloned()
        .unwrap();
    assert_eq!(
        sda["fstype"], "ext4",
        "the volume keeps its file system: {lsblk}"
    );

    lab.run("teardown hetzner-cloud --sandbox").succeeded();
    let left = served.hetzner("GET", &format!("/volumes/{volume}"), &Value::Null);
    assert_eq!(
        left["volume"]["server"],
        Value::Null,
        "detached, not deleted"
    );
}

#[test]
fn what_is_passed_to_the_stage_arrives() {
    let lab = Lab::new();
    let extra = lab.path("extra/etc");
    std::fs::create_dir_all(&extra).unwrap();
    std::fs::write(extra.join("motd"), "hello\n").unwrap();
    let root = lab.path("extra");
    let up = format!(
        "up hetzner-cloud --sandbox --build-on remote --extra-files {}",
        root.display()
    );
    lab.run(&up).succeeded();
    let motd = lab
        .run("ssh hetzner-cloud --sandbox -- cat /etc/motd")
        .succeeded();
    assert_eq!(motd.stdout, "hello\n");
}

#[test]
fn a_kexec_tarball_needs_its_hash() {
    let lab = Lab::new();
    let tarball = lab.path("kexec.tar.gz");
    std::fs::write(&tarball, "abc").unwrap();
    let up = |hash: &str| {
        lab.run(&format!(
            "up hetzner-cloud --sandbox --kexec {} --kexec-sha256 {hash}",
            tarball.display()
        ))
    };
    assert_eq!(
        lab.run("up hetzner-cloud --sandbox --kexec x.tar.gz").code,
        2
    );
    up(&"0".repeat(64)).failed(9, &["f20015ad, expected was"]);
    up("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad").succeeded();
}
