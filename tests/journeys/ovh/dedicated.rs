//! A dedicated server that is rented: entered by rescue, installed, given back.

use super::{listed, the_one};
use crate::lab::Lab;

const LEGACY: &str = "ns3000001.ip-203-0-113.eu";
const UEFI: &str = "ns3000002.ip-198-51-100.eu";

fn bare(server: &str) -> String {
    format!("--provider ovh-dedicated --server {server} --sandbox")
}

#[test]
fn a_dedicated_server_is_installed_from_its_rescue_system() {
    let lab = Lab::new();
    let ran = lab.run(&bare(LEGACY)).succeeded();
    for word in ["is up and proven", "bios firmware", "as its contract says"] {
        assert!(ran.stdout.contains(word), "{word:?} is missing: {ran}");
    }
    assert!(ran.stderr.contains("first use"), "{ran}");
    assert_eq!(the_one(&lab, "ovh-dedicated")["server_id"], LEGACY);
    let rescue = lab.json("rescue ovh-cloud --provider ovh-dedicated --sandbox");
    assert_eq!(rescue["system"], "rescue");
    // it stays in rescue until it is told otherwise
    let off = lab.json("rescue ovh-cloud --provider ovh-dedicated --off --sandbox");
    assert_eq!(off["trust"], "pinned");
    let gone = lab.run("teardown ovh-cloud --provider ovh-dedicated --sandbox");
    assert!(gone.succeeded().stderr.contains("contract goes on"));
    assert!(listed(&lab, "ovh-dedicated").is_empty());
}

#[test]
fn of_several_disks_host_toml_names_one() {
    let lab = Lab::new();
    let toml = "provider = \"ovh\"\n[ovh]\nproduct = \"dedicated\"\n";
    lab.add_host("metal", toml);
    let up = format!("up metal --server {UEFI} --sandbox");
    let refused = lab.run(&up).failed(8, &["disk", "host.toml", "serial"]);
    // the refusal tells what to write
    let from = refused.stderr.find("/dev/disk/by-path/").unwrap();
    let disk = refused.stderr[from..].split_whitespace().next().unwrap();
    let file = lab.flake().join("hosts/servers/metal/host.toml");
    std::fs::write(file, format!("disk = \"{disk}\"\n{toml}")).unwrap();
    let ran = lab.run(&up).succeeded();
    assert!(ran.stdout.contains("uefi firmware, layout uefi"), "{ran}");
}
