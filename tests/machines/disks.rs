//! The wrong disk is never wiped: an attached volume that comes first, and a rescue system that
//! takes the first name. Both with the layout that boots either way, each on another firmware.

use crate::guests::{Guests, UEFI};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::path::Path;

#[test]
#[ignore = "boots a machine: cargo xtask machines"]
fn a_volume_that_comes_first_is_not_wiped() {
    let guests = Guests::new(&json!({ "volume_first": true }));
    guests.host(UEFI, "hybrid");
    let key = login_key(&guests);
    let volume = guests.hetzner(
        "POST",
        "/volumes",
        &json!({ "name": "data", "size": 10, "location": "fsn1", "format": "ext4" }),
    );
    let volume = volume["volume"]["id"].as_u64().unwrap();
    let made = guests.hetzner(
        "POST",
        "/servers",
        &json!({ "name": "bare", "server_type": UEFI, "image": "debian-13", "location": "fsn1",
                 "ssh_keys": [key], "volumes": [volume] }),
    );
    let ip = made["server"]["public_net"]["ipv4"]["ip"].as_str().unwrap();
    let port = guests.served().variable("PROVISION_SSH_PORT");
    let install = format!(
        "install box --target-ip {ip} --port {port} --accept-new-host-key --sandbox --yes --output json --identity {}",
        guests.lab.path("mine").display()
    );
    // what is on the volume is somebody's
    mark(&guests, ip, &port, volume);
    let installed = guests.lab.run(&install).succeeded();
    eprintln!("{}", installed.stderr);
    let proven = installed.json()["hosts"][0].clone();
    assert_eq!(proven["proven"], true);
    assert_eq!(
        (&proven["firmware"], &proven["layout"]),
        (&"uefi".into(), &"hybrid".into())
    );
    // the disk comes second, and the volume has what it had; which of the two is /dev/sda is the
    // kernel's to say anew at every boot
    let login = login(&guests, "hbohlen", ip, &port);
    let look = format!(
        "lsblk -dno HCTL,SERIAL | sort; sudo head -c 24 /dev/$({}); sudo blkid -o value -s TYPE $(findmnt -nvo SOURCE /)",
        named(volume)
    );
    let lines = run(&guests, &login, &look);
    let (first, rest) = lines.split_once('\n').unwrap();
    assert!(first.trim_end().ends_with(&volume.to_string()), "{lines}");
    assert!(rest.contains("what was there before"), "{lines}");
    assert!(rest.contains("btrfs"), "{lines}");
    let disk = format!(
        "lsblk -no PKNAME $(findmnt -nvo SOURCE /); {}",
        named(volume)
    );
    let disks = run(&guests, &login, &disk);
    let (root, data) = disks.split_once('\n').unwrap();
    assert_ne!(root.trim(), data.trim(), "{lines}");
}

/// The command that tells what the kernel calls the volume.
fn named(volume: u64) -> String {
    format!("lsblk -dno NAME,SERIAL | awk '$2 == {volume} {{ print $1 }}'")
}

/// Writes something on the volume.
fn mark(guests: &Guests, ip: &str, port: &str, volume: u64) {
    let login = login(guests, "root", ip, port);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(240);
    let write = format!(
        "printf 'what was there before...' | dd of=/dev/$({}) conv=notrunc 2>&1 && sync && echo written",
        named(volume)
    );
    while !run(guests, &login, &write).contains("written") {
        assert!(
            std::time::Instant::now() < deadline,
            "the machine does not answer"
        );
        std::thread::sleep(std::time::Duration::from_secs(2));
    }
}

/// An ssh command line with the test's own key.
fn login(guests: &Guests, user: &str, ip: &str, port: &str) -> String {
    login_with(&guests.lab.path("mine"), user, ip, port)
}

fn login_with(identity: &Path, user: &str, ip: &str, port: &str) -> String {
    format!(
        "ssh -i {} -p {port} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
         -o LogLevel=ERROR -o ConnectTimeout=5 {user}@{ip}",
        identity.display()
    )
}

/// Runs a command by an ssh command line.
fn run(guests: &Guests, login: &str, command: &str) -> String {
    let mut words = login.split_whitespace();
    let output = std::process::Command::new(words.next().unwrap())
        .args(words)
        .arg(command)
        .env("HOME", guests.lab.path(""))
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A key of the test's own, known to the account.
fn login_key(guests: &Guests) -> u64 {
    let file = guests.lab.path("mine");
    let made = std::process::Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(&file)
        .status();
    assert!(made.unwrap().success());
    let public = std::fs::read_to_string(file.with_extension("pub")).unwrap();
    let made = guests.hetzner(
        "POST",
        "/ssh_keys",
        &json!({ "name": "mine", "public_key": public.trim() }),
    );
    made["ssh_key"]["id"].as_u64().unwrap()
}

/// Rescue at Public Cloud runs from a disk of its own, which is the first.
#[test]
#[ignore = "boots a machine: cargo xtask machines"]
fn beside_a_rescue_system_that_comes_first_the_second_disk_is_chosen() {
    let guests = Guests::new(&json!({}));
    let host = |layout: &str| {
        let toml = format!(
            "provider = 'ovh'\nlayout = '{layout}'\n[ovh]\nproduct = 'cloud'\nflavors = ['d2-2']\n\
             regions = ['GRA11']\nimage = 'Debian 13'\n"
        );
        guests.lab.add_host("box", &toml);
    };
    // a server of ours, with nothing installed on it
    host("uefi");
    guests
        .lab
        .run("up box --sandbox")
        .failed(8, &["nothing was wiped"]);
    host("hybrid");
    let rescue = guests.lab.json("rescue box --sandbox");
    let (ip, port) = (rescue["host"].as_str().unwrap(), &rescue["port"]);
    let mut install = guests
        .lab
        .command(&format!(
            "install box --target-ip {ip} --port {port} --accept-new-host-key --sandbox --yes --output json"
        ))
        .spawn()
        .unwrap();
    let mut told = String::new();
    let mut lines = BufReader::new(install.stderr.take().unwrap());
    let mut line = String::new();
    while lines.read_line(&mut line).unwrap() > 0 {
        told.push_str(&line);
        if line.contains(": install ") {
            // the vendor boots rescue until it is told otherwise, and only the owner can tell it
            let off = guests.lab.run("rescue box --sandbox --off");
            told.push_str(&off.stderr);
        }
        line.clear();
    }
    let ran = crate::lab::Ran::of(install.wait_with_output().unwrap());
    assert_eq!(ran.code, 0, "{told}");
    let proven = ran.json()["hosts"][0].clone();
    assert_eq!(
        (&proven["firmware"], &proven["layout"]),
        (&"bios".into(), &"hybrid".into())
    );
    let disks: Vec<Value> = journals(&guests)
        .iter()
        .filter(|line| line["found"]["system"] == "rescue")
        .flat_map(|line| line["found"]["disks"].as_array().unwrap().clone())
        .collect();
    let by_role = |role: &str| {
        let found = disks.iter().find(|disk| disk["role"] == role);
        found.unwrap_or_else(|| panic!("no {role} disk: {disks:?}"))["path"].clone()
    };
    assert_eq!(by_role("rescue"), "/dev/sda", "{disks:?}");
    assert_eq!(by_role("boot"), "/dev/sdb", "{disks:?}");
    // without the rescue system's, it is the first
    let identity = guests.lab.state().join("sandbox/keys/id_ed25519");
    let login = login_with(&identity, "hbohlen", ip, &port.to_string());
    assert!(run(&guests, &login, "findmnt -no SOURCE /").contains("/dev/sda"));
    guests.lab.run("teardown box --sandbox").succeeded();
}

/// What all runs have journalled.
fn journals(guests: &Guests) -> Vec<Value> {
    let journals = guests.lab.journals().concat();
    let lines = journals.lines();
    lines
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}
