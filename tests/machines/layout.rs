//! The gate's rule is true: what it refuses, when it is overridden, does not boot.

use crate::guests::{BIOS, Guests, ended, plain};

/// Refused, then forced: installed, never boots, told in bounded time with the console's words.
pub(crate) fn forced(server_type: &str, layout: &str) {
    let guests = Guests::unserved(&plain());
    guests.host(server_type, layout);
    let command = "up box --sandbox --machines qemu";
    ended(
        guests.lab.run(command),
        8,
        &["refused by the gate; nothing was wiped", "layout"],
    );
    let mut forced = guests.lab.command(&format!("{command} --force-layout"));
    // half of the usual patience: on machines without a hypervisor a boot takes 30 s
    forced.env("PROVISION_DEADLINE_SCALE", "0.3");
    let ran = crate::lab::Ran::of(forced.output().unwrap());
    let ran = ended(
        ran,
        10,
        &["console", "--post-mortem", "provision teardown box"],
    );
    assert!(ran.stderr.contains("install "), "it was installed: {ran}");
    let told = guests
        .lab
        .run("show box --sandbox --post-mortem")
        .succeeded();
    for word in ["console", "partition", "btrfs"] {
        assert!(told.stdout.contains(word), "{word}: {told}");
    }
    guests.teardown("box");
}

#[test]
#[ignore = "boots a machine: cargo xtask machines"]
fn a_uefi_layout_forced_on_a_bios_does_not_boot() {
    forced(BIOS, "uefi");
}
