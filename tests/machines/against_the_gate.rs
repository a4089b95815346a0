//! The gate's rule is true: what it refuses, when it is overridden, does not boot.

use crate::guests::{BIOS, Guests, ended, plain};
use serde_json::Value;

/// Refused, then forced: installed, never boots, told in bounded time with the console's words.
pub(crate) fn forced(server_type: &str, layout: &str, finding: &str, last: &str) {
    let guests = Guests::unserved(&plain());
    guests.host(server_type, layout);
    let command = "up box --sandbox --machines qemu";
    ended(
        guests.lab.run(command),
        8,
        &["refused by the gate; nothing was wiped", "layout"],
    );
    let mut forced = guests.lab.command(&format!("{command} --force-layout"));
    // less patience than usual: without a hypervisor a boot takes up to a minute
    forced.env("PROVISION_DEADLINE_SCALE", "1,boot=180");
    let ran = crate::lab::Ran::of(forced.output().unwrap());
    let ran = ended(
        ran,
        10,
        &["console", "--post-mortem", "provision teardown box"],
    );
    assert!(ran.stderr.contains("install "), "it was installed: {ran}");
    let told = guests.lab.json("show box --sandbox --post-mortem");
    assert_eq!(
        (&told["step"], &told["exit_code"]),
        (&"boot".into(), &10.into())
    );
    assert_eq!(told["through"], "rescue", "{told:#}");
    assert!(
        told["finding"].as_str().unwrap().contains(finding),
        "{told:#}"
    );
    for (part, seen) in [
        ("console", last),
        ("partitions of", "root"),
        ("file systems", "btrfs"),
    ] {
        let lines = lines_of(&told, part);
        assert!(lines.contains(seen), "{part}: {lines} in {told:#}");
    }
    guests.teardown("box");
}

/// What was seen in all parts whose name begins like that.
fn lines_of(told: &Value, part: &str) -> String {
    let parts = told["parts"].as_array().unwrap().iter();
    let lines = parts
        .filter(|p| p["name"].as_str().unwrap().starts_with(part))
        .flat_map(|p| p["lines"].as_array().cloned().unwrap_or_default());
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
#[ignore = "boots a machine: cargo xtask machines"]
fn a_uefi_layout_forced_on_a_bios_does_not_boot() {
    forced(BIOS, "uefi", "BIOS", "Booting");
}
