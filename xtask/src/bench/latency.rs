//! The latencies that are measured against, and the shortest way through them.

use serde_json::json;

/// From the order of a server to a disk with the image on it.
const CREATE_MS: u32 = 8_000;
/// Switching on, until the firmware runs.
const START_MS: u32 = 1_500;
/// From the firmware, or from kexec, to a login.
const BOOT_MS: u32 = 10_000;

/// Settings of a world in which things take as long as at a real cloud.
pub(super) fn settings() -> String {
    json!({ "latency": {
        "create_ms": CREATE_MS,
        "start_ms": START_MS,
        "stop_ms": 1_500,
        "reset_ms": 2_000,
        "button_ms": 500,
        "rescue_ms": 1_000,
        "rebuild_ms": 8_000,
        "delete_ms": 3_000,
        "volume_ms": 2_000,
        "address_ms": 1_000,
        "other_ms": 500,
        "boot_ms": BOOT_MS,
    } })
    .to_string()
}

/// What nobody can be faster than, in seconds, however many hosts: the server is created and
/// started, and three systems boot one after the other: the vendor's image, the installer
/// (kexec), and what was installed. The last reboot is the machine's own and asks no vendor.
pub(super) fn critical_path() -> f64 {
    f64::from(CREATE_MS + START_MS + 3 * BOOT_MS) / 1000.0
}
