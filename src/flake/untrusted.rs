//! What Nix may print, for property tests and fuzz targets.

use super::build::Output;
use super::{eval, nix};
use crate::found::{Disk, DiskRole, Firmware, Found, RunningSystem};
use crate::gate::{Wanted, gate, gate_with_layout_forced};
use provision_api::Arch;

/// Reads the bytes as everything that Nix answers.
pub(crate) fn says(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<String> = text
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect();
    let told = nix::last_words(&lines);
    assert!(!told.is_empty() && told.lines().count() <= 12, "{told}");
    assert!(!eval::classify(&lines, String::new).to_string().is_empty());
    let _ = serde_json::from_slice::<Vec<Output>>(bytes);
    let _ = serde_json::from_slice::<String>(bytes);
    if let Ok(wanted) = Wanted::from_json(bytes) {
        let found = machine();
        for judged in [
            gate(&found, &wanted),
            gate_with_layout_forced(&found, &wanted),
        ] {
            match judged {
                // only the machine's own disk is ever wiped
                Ok(passed) => assert_eq!(passed.wipes, ["/dev/sda"]),
                Err(refusals) => assert!(!refusals.is_empty()),
            }
        }
    }
}

fn machine() -> Found {
    let disk = |path: &str, role| Disk {
        path: path.to_owned(),
        by_path: vec![format!("/dev/disk/by-path/{}", path.len())],
        by_id: Vec::new(),
        size: 40 << 30,
        serial: None,
        role,
    };
    Found {
        boot_id: "b".to_owned(),
        hostname: "web-1".to_owned(),
        system: RunningSystem::Rescue,
        arch: Arch::X86_64,
        firmware: Firmware::Uefi,
        memory_mib: 4000,
        disks: vec![
            disk("/dev/sda", DiskRole::Boot),
            disk("/dev/sdbb", DiskRole::Volume),
        ],
        addresses: Vec::new(),
        gateways: Vec::new(),
        mac: None,
    }
}
