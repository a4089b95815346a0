//! The latencies that are measured against, and the shortest way through them.

use serde_json::json;

/// The sandbox's fields on the way of a host that is brought up, with what each takes in
/// milliseconds: what a small shared server takes on an ordinary day, by estimate.
///
/// Nobody is faster than their sum, however many hosts: the server is created and started, the
/// vendor's image boots, kexec leads into the installer, which formats and installs, and what it
/// has installed boots. The last reboot is asked of the machine and not of the vendor. What goes
/// down for kexec and for that reboot takes [`DOWN`] beside these.
const PATH: &[(&str, u32)] = &[
    ("create_ms", 8_000),
    ("start_ms", 1_500),
    ("stock_ms", 12_000),
    ("kexec_ms", 30_000),
    ("disko_ms", 8_000),
    ("install_ms", 60_000),
    ("disk_ms", 15_000),
];

/// The field of what a system takes to go down when it was told so from inside, and what it takes.
const DOWN: (&str, u32) = ("down_ms", 2_000);

/// It takes at least so many milliseconds, whatever the scale.
const DOWN_LEAST: f64 = 300.0;

/// How often that happens on the way: the vendor's image for kexec, the installer for the reboot.
const DOWNS: f64 = 2.0;

/// What lies beside the way, and costs whoever takes it.
const DETOURS: &[(&str, u32)] = &[
    ("stop_ms", 1_500),
    ("reset_ms", 2_000),
    ("button_ms", 500),
    ("rescue_ms", 1_000),
    ("rebuild_ms", 8_000),
    ("delete_ms", 3_000),
    ("volume_ms", 2_000),
    ("address_ms", 1_000),
    ("other_ms", 500),
    ("rescue_boot_ms", 20_000),
];

/// Settings of a world in which things take `scale` times as long as at a real cloud.
pub(super) fn settings(scale: f64) -> String {
    let mut latency = json!({ "scale": scale });
    for (field, milliseconds) in PATH.iter().chain(DETOURS).chain([&DOWN]) {
        latency[field] = json!(milliseconds);
    }
    json!({ "latency": latency }).to_string()
}

/// What nobody can be faster than, in seconds.
pub(super) fn critical_path(scale: f64) -> f64 {
    let sum: u32 = PATH.iter().map(|(_, milliseconds)| milliseconds).sum();
    let down = (f64::from(DOWN.1) * scale).max(DOWN_LEAST);
    (f64::from(sum) * scale + DOWNS * down) / 1000.0
}
