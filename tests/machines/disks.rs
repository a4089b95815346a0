//! The wrong disk is never wiped: an attached volume that comes first, and a rescue system that
//! takes the first name. Both with the layout that boots either way, each on another firmware.

use crate::guests::{Guests, UEFI};
use serde_json::{Value, json};

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
        "install box --target-ip {ip} --port {port} --accept-new-host-key --sandbox --yes --output json"
    );
    // what is on the volume is somebody's
    mark(&guests, ip, &port);
    let installed = guests.lab.run(&install).succeeded();
    eprintln!("{}", installed.stderr);
    let proven = installed.json()["hosts"][0].clone();
    assert_eq!(proven["proven"], true);
    assert_eq!(
        (&proven["firmware"], &proven["layout"]),
        (&"uefi".into(), &"hybrid".into())
    );
    // the disk has the second name here, and the volume what it had
    let login = installed.json()["hosts"][0]["login"]
        .as_str()
        .unwrap()
        .to_owned();
    let lines = run(
        &guests,
        &login,
        "lsblk -dno NAME,SERIAL; sudo head -c 24 /dev/sda",
    );
    assert!(
        lines.contains(&format!("sda  {volume}")) || lines.contains(&format!("sda {volume}")),
        "{lines}"
    );
    assert!(lines.contains("what was there before"), "{lines}");
    assert!(run(&guests, &login, "findmnt -no SOURCE /").contains("/dev/sdb"));
}

/// Writes something on the first disk of a machine, which is the volume.
fn mark(guests: &Guests, ip: &str, port: &str) {
    let login = format!(
        "ssh -i {} -p {port} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
         -o LogLevel=ERROR -o ConnectTimeout=5 root@{ip}",
        guests.lab.state().join("sandbox/keys/id_ed25519").display()
    );
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(240);
    let write = "printf 'what was there before...' | dd of=/dev/sda conv=notrunc 2>&1 && sync && echo written";
    while !run(guests, &login, write).contains("written") {
        assert!(
            std::time::Instant::now() < deadline,
            "the machine does not answer"
        );
        std::thread::sleep(std::time::Duration::from_secs(2));
    }
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

/// The sandbox's login key, known to the account.
fn login_key(guests: &Guests) -> u64 {
    // a plan makes the key
    guests.lab.run("up box --sandbox --dry-run").succeeded();
    let file = guests.lab.state().join("sandbox/keys/id_ed25519");
    let output = std::process::Command::new("ssh-keygen")
        .args(["-y", "-f"])
        .arg(file)
        .output()
        .unwrap();
    let public = String::from_utf8(output.stdout).unwrap();
    let made = guests.hetzner(
        "POST",
        "/ssh_keys",
        &json!({ "name": "mine", "public_key": public.trim() }),
    );
    made["ssh_key"]["id"].as_u64().unwrap()
}

#[test]
#[ignore = "boots a machine: cargo xtask machines"]
fn beside_a_rescue_system_that_comes_first_the_second_disk_is_chosen() {
    // one rented server is enough
    let world =
        json!({ "ovh": { "vps": [{ "name": "vps-0a1b2c3e.vps.ovh.net", "status": "expired" }] } });
    let guests = Guests::unserved(&world);
    guests
        .lab
        .add_host("box", "provider = 'ovh-vps'\nlayout = 'hybrid'\n[ovh]\n");
    let up = guests.up("box --server vps-0a1b2c3d.vps.ovh.net --provider ovh-vps");
    assert_eq!(up["proven"], true, "{up}");
    assert_eq!(
        (&up["firmware"], &up["layout"]),
        (&"bios".into(), &"hybrid".into())
    );
    let journal = journals(&guests);
    let found = journal
        .iter()
        .filter_map(|line| line.pointer("/found/disks"))
        .find(|disks| {
            disks
                .as_array()
                .is_some_and(|d| d.iter().any(|d| d["role"] == "rescue"))
        })
        .unwrap_or_else(|| panic!("no rescue disk was seen: {journal:?}"))
        .clone();
    let by_role = |role: &str| {
        let all = found.as_array().unwrap();
        all.iter().find(|d| d["role"] == role).unwrap()["path"].clone()
    };
    assert_eq!(by_role("rescue"), "/dev/sda", "{found}");
    assert_eq!(by_role("boot"), "/dev/sdb", "{found}");
    // without the rescue system's, it is the first
    assert!(
        guests
            .on("box", "findmnt -no SOURCE /")
            .contains("/dev/sda")
    );
    guests
        .lab
        .run("teardown box --sandbox --provider ovh-vps")
        .succeeded();
}

/// What all runs have journalled.
fn journals(guests: &Guests) -> Vec<Value> {
    let runs = guests.lab.state().join("sandbox/runs");
    let runs = std::fs::read_dir(runs).unwrap().flatten();
    runs.filter_map(|run| std::fs::read_to_string(run.path().join("journal.jsonl")).ok())
        .flat_map(|text| {
            text.lines()
                .filter_map(|line| serde_json::from_str(line).ok())
                .collect::<Vec<Value>>()
        })
        .collect()
}
