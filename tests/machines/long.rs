//! What says the same again in another way, at the cost of minutes: CI leaves it out.

use crate::guests::{BIOS, Guests, UEFI, plain};
use crate::install::{installed, rescued_and_back};
use crate::layout::forced;

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
    forced(UEFI, "bios", "UEFI");
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
