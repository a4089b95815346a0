//! What says the same again in another way, at the cost of minutes: CI leaves it out.

use crate::against_the_gate::forced;
use crate::crash::{kill, within};
use crate::guests::{BIOS, Guests, UEFI, plain};
use crate::install::{installed, rescued_and_back};
use serde_json::{Value, json};

#[test]
#[ignore = "boots a machine: cargo xtask machines"]
fn hybrid_boots_on_bios() {
    let guests = Guests::unserved(&plain());
    let up = installed(&guests, BIOS, "hybrid");
    assert_eq!(up["firmware"], "bios");
    assert_eq!(up["layout"], "hybrid");
    guests.teardown("box");
}

#[test]
#[ignore = "boots a machine: cargo xtask machines"]
fn hybrid_boots_on_uefi_and_is_rescued_and_back() {
    let guests = Guests::unserved(&plain());
    let up = installed(&guests, UEFI, "hybrid");
    assert_eq!(up["firmware"], "uefi");
    assert_eq!(up["layout"], "hybrid");
    rescued_and_back(&guests);
    guests.teardown("box");
}

#[test]
#[ignore = "boots a machine: cargo xtask machines"]
fn a_bios_layout_forced_on_uefi_does_not_boot() {
    forced(UEFI, "bios", "UEFI", "UEFI Interactive Shell");
}

/// The installer builds the small system from its flake, on the machine.
#[test]
#[ignore = "boots a machine: cargo xtask machines"]
fn a_machine_builds_its_system_by_itself() {
    let guests = Guests::unserved(&plain());
    guests.host(BIOS, "auto");
    let up = guests.up("box --build-on remote");
    assert_eq!(up["proven"], true, "{up}");
    guests.teardown("box");
}

/// Whoever serves the world may die: its guests are found by the next command.
#[test]
#[ignore = "boots a machine: cargo xtask machines"]
fn what_a_killed_sandbox_left_is_stopped_and_removed() {
    let guests = Guests::new(&plain());
    let order = json!({ "name": "box", "server_type": BIOS, "image": "debian-13",
        "location": "fsn1", "labels": { "provision-owner": "sandbox", "provision-run": "20260710t081500-1",
        "provision-host": "box", "provision-role": "server", "provision-phase": "created" } });
    guests.hetzner("POST", "/servers", &order);
    let pid = guests.control("GET", "", &Value::Null)["pid"].clone();
    within(120, "a guest", || guests.running().len() == 1);
    kill(u32::try_from(pid.as_u64().unwrap()).unwrap());
    assert_eq!(guests.running().len(), 1, "the guest outlives the sandbox");
    guests.lab.run("sandbox stop").succeeded();
    assert_eq!(guests.running(), Vec::<String>::new());
    // the world still has the server, and switches on what was on
    assert_eq!(guests.lab.servers().len(), 1);
    within(30, "a guest", || guests.running().len() == 1);
    guests.teardown("box");
}

/// Rescue by the vendor's netboot, the loader's path that is set at the vendor, two SATA disks.
#[test]
#[ignore = "boots a machine: cargo xtask machines"]
fn a_dedicated_server_with_two_disks_is_installed_on_uefi() {
    const SERVER: &str = "ns3000002.ip-198-51-100.eu";
    let guests = Guests::unserved(&plain());
    let toml = "provider = 'ovh'\n[ovh]\nproduct = 'dedicated'\n";
    guests.lab.add_host("box", toml);
    let up = format!("up box --server {SERVER} --sandbox --machines qemu");
    let refused = guests.lab.run(&up).failed(8, &["disk", "host.toml"]);
    // the refusal tells what to write
    let from = refused.stderr.find("/dev/disk/by-path/").unwrap();
    let disk = refused.stderr[from..].split_whitespace().next().unwrap();
    guests
        .lab
        .add_host("box", &format!("disk = \"{disk}\"\n{toml}"));
    let up = guests.up(&format!("box --server {SERVER}"));
    assert_eq!(up["proven"], true, "{up}");
    assert_eq!(up["firmware"], "uefi");
    guests.lab.run("teardown box --sandbox").succeeded();
}

#[test]
#[ignore = "boots a machine: cargo xtask machines"]
fn an_instance_of_public_cloud_is_installed() {
    let guests = Guests::unserved(&plain());
    let toml = "provider = 'ovh'\n[ovh]\nproduct = 'cloud'\nflavors = ['d2-2']\nregions = ['GRA11']\nimage = 'Debian 13'\n";
    guests.lab.add_host("box", toml);
    let up = guests.up("box");
    assert_eq!(up["proven"], true, "{up}");
    guests.teardown("box");
}
