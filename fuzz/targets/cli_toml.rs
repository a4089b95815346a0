//! hcloud's `cli.toml`: read, or refused in one line.

#![no_main]

use provision_fuzz::file;
use provision_hetzner::Config;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let path = file("cli.toml", bytes).display().to_string();
    let lookup = |name: &str| (name == "HCLOUD_CONFIG").then(|| path.clone());
    match Config::from_environment(lookup, None) {
        Ok(config) => drop(format!("{config:?}")),
        Err(error) => drop(error.to_string()),
    }
});
