//! Prints that are spoilt, torn or none.

use super::*;
use proptest::prelude::*;
use serde_json::json;

#[path = "../../tests/support/hostile.rs"]
#[allow(dead_code, reason = "others use the rest")]
mod hostile;

const INSTALLER: &str = "### Uploading install SSH keys ###\n/tmp/x\n\u{1b}[1mwarning\u{1b}[0m: y\n\
    Host key verification failed.\r\n### Installing NixOS ###\n### Done! ###\n";
const NIX: &str = "warning: x\nerror: while evaluating a\n\n  … from y\n\nerror: attribute 'b' missing\n\n  \
    at z:1:2:\n(use '--show-trace' to show detailed location information)";
const MACHINE: &str = "\n==provision== list\n{\"blockdevices\":[{\"path\":\"/dev/sda\",\"fstype\":null,\
    \"children\":[{\"path\":\"/dev/sda1\",\"fstype\":\"btrfs\",\"mountpoints\":[null]}]}]}\n\
    ==provision== subvolumes\nID 256 gen 10 top level 5 path root\n==provision-failed==\n\
    -----BEGIN OPENSSH PRIVATE KEY-----\nx\n-----END OPENSSH PRIVATE KEY-----\n";

proptest! {
    #[test]
    fn what_the_installer_prints_is_read(
        torn in Just(INSTALLER.to_owned()).prop_flat_map(hostile::torn),
        word in hostile::word(),
        bytes: Vec<u8>,
    ) {
        installer(torn.as_bytes());
        installer(word.as_bytes());
        installer(&bytes);
    }

    #[test]
    fn what_nix_prints_is_read(
        torn in Just(NIX.to_owned()).prop_flat_map(hostile::torn),
        shuffled in hostile::shuffled(NIX),
        word in hostile::word(),
        bytes: Vec<u8>,
    ) {
        for text in [&torn, &shuffled, &word] {
            nix(text.as_bytes());
        }
        nix(&bytes);
    }

    #[test]
    fn what_nix_evaluates_is_read(document in hostile::spoilt(wanted())) {
        nix(document.to_string().as_bytes());
    }

    #[test]
    fn what_a_dead_machine_prints_is_read(
        torn in Just(MACHINE.to_owned()).prop_flat_map(hostile::torn),
        word in hostile::word(),
        document in hostile::json(),
        bytes: Vec<u8>,
    ) {
        machine(torn.as_bytes());
        machine(word.as_bytes());
        machine(document.to_string().as_bytes());
        machine(&bytes);
    }
}

/// What `src/flake/wanted.nix` answers.
fn wanted() -> serde_json::Value {
    json!({
        "platform": "x86_64-linux", "hostName": "web-1", "systemdBoot": false,
        "canTouchEfiVariables": false, "adminKeys": ["ssh-ed25519 AAAA"],
        "grub": {"enable": true, "device": "", "devices": ["/dev/sda"], "efiSupport": true,
            "efiInstallAsRemovable": true},
        "disks": {"main": {"device": "/dev/sda", "table": "gpt", "partitions": {
            "ESP": {"type": "EF00", "size": "512M", "format": "vfat", "mountpoint": "/boot"},
            "root": {"type": null, "size": "100%", "format": "btrfs", "mountpoint": "/"}}}},
        "ssh": {"enable": true, "rootLogin": "no", "passwords": false},
    })
}
