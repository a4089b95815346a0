//! Each firmware with the layout that fits it: installed, booted from the disk, proven, rescued,
//! brought back, removed.

use crate::guests::{BIOS, Guests, UEFI, plain};
use serde_json::Value;

const BOOT_ID: &str = "cat /proc/sys/kernel/random/boot_id";

/// Up to proven, with all that has to be true of a proven system.
pub(crate) fn installed(guests: &Guests, server_type: &str, layout: &str) -> Value {
    guests.host(server_type, layout);
    let up = guests.up("box");
    assert_eq!(up["proven"], true, "{up}");
    let closure = up["system"].as_str().unwrap();
    assert!(closure.starts_with("/nix/store/"), "{up}");
    assert_eq!(guests.on("box", "readlink -f /run/current-system"), closure);
    assert_eq!(guests.on("box", "uname -n"), "box");
    up
}

/// The admin logs in and may become root, root does not log in, and modes are as they have to be.
fn is_guarded(guests: &Guests) {
    assert_eq!(guests.on("box", "id -un"), "hbohlen");
    assert_eq!(guests.on("box", "sudo -n id -u"), "0");
    let root = guests.lab.run("ssh box --sandbox --user root -- id -u");
    assert_ne!(root.code, 0, "root may log in: {root}");
    let modes = "stat -c %a:%u:%n / /etc /etc/ssh /etc/ssh/ssh_host_ed25519_key";
    let modes = guests.on("box", modes);
    let expected = "755:0:/\n755:0:/etc\n755:0:/etc/ssh\n600:0:/etc/ssh/ssh_host_ed25519_key";
    assert_eq!(modes, expected);
}

/// Into the rescue system and back to the disk, each told by its boot id.
pub(crate) fn rescued_and_back(guests: &Guests) {
    let before = guests.on("box", BOOT_ID);
    let rescue = guests.lab.json("rescue box --sandbox");
    let off = guests.lab.json("rescue box --off --sandbox");
    let after = guests.on("box", BOOT_ID);
    let rescue = rescue["boot_id"].as_str().unwrap();
    assert_ne!(rescue, before);
    assert_ne!(rescue, after);
    assert_ne!(before, after);
    assert_eq!(off["boot_id"].as_str().unwrap(), after);
}

#[test]
#[ignore = "boots a machine: cargo xtask machines"]
fn on_bios_auto_is_bios_and_the_machine_is_rescued_and_back() {
    let guests = Guests::unserved(&plain());
    let up = installed(&guests, BIOS, "auto");
    assert_eq!(up["firmware"], "bios");
    assert_eq!(up["layout"], "bios");
    is_guarded(&guests);
    // once more is nothing to do, on the same boot
    let boot = guests.on("box", BOOT_ID);
    guests.up("box");
    assert_eq!(guests.on("box", BOOT_ID), boot);
    rescued_and_back(&guests);
    guests.teardown("box");
}

#[test]
#[ignore = "boots a machine: cargo xtask machines"]
fn on_uefi_auto_is_uefi() {
    let guests = Guests::unserved(&plain());
    let up = installed(&guests, UEFI, "auto");
    assert_eq!(up["firmware"], "uefi");
    assert_eq!(up["layout"], "uefi");
    assert_eq!(guests.on("box", "test -d /sys/firmware/efi && echo y"), "y");
    is_guarded(&guests);
    guests.teardown("box");
}
