//! What says the same again in another way, at the cost of minutes: CI leaves it out.

use crate::guests::{BIOS, Guests, UEFI, plain};
use crate::install::installed;
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
fn hybrid_boots_on_uefi() {
    let guests = Guests::unserved(&plain());
    let up = installed(&guests, UEFI, "hybrid");
    assert_eq!(up["firmware"], "uefi");
    assert_eq!(up["layout"], "hybrid");
    guests.teardown("box");
}

#[test]
#[ignore = "boots a machine: cargo xtask machines"]
fn a_bios_layout_forced_on_uefi_does_not_boot() {
    forced(UEFI, "bios");
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
