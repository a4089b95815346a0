//! What runs it by the clock: the units in `contrib/systemd` are what systemd takes, and what they
//! run is what the program takes.

use super::place::{DAY, Place, Product};
use crate::campaign::Campaign;
use crate::lab::Ran;
use std::path::PathBuf;
use std::process::Command;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("contrib/systemd")
}

fn read(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).unwrap()
}

type Act = fn() -> String;

#[test]
#[ignore = "a campaign: cargo xtask campaign"]
fn expiry_units() {
    let campaign = Campaign::open("expiry_units");
    let cells: [(&str, Act); 2] = [
        ("systemd-analyze verify", verified),
        ("the command of the service", runs),
    ];
    campaign.run(
        &["what"],
        &cells,
        |cell| vec![cell.0.to_owned()],
        |cell| cell.1(),
    );
}

/// As they are, save that a program is there in the place of the one that is not installed.
fn verified() -> String {
    let is_there = Command::new("systemd-analyze").arg("--version").output();
    if is_there.is_err() {
        let required = std::env::var_os("PROVISION_REQUIRE_TOOLS").is_some();
        assert!(!required, "systemd-analyze is missing (Debian: systemd)");
        return "not tried: there is no systemd-analyze here".to_owned();
    }
    let scratch = tempfile::tempdir().unwrap();
    let names = ["provision-expired.service", "provision-expired.timer"];
    let mut verify = Command::new("systemd-analyze");
    verify.arg("verify");
    for name in names {
        let text = read(name).replace("/usr/local/bin/provision", "/usr/bin/env");
        let file = scratch.path().join(name);
        std::fs::write(&file, text).unwrap();
        verify.arg(file);
    }
    let ran = Ran::of(verify.output().unwrap()).succeeded();
    assert_eq!(ran.stderr.trim(), "", "{ran}");
    "taken".to_owned()
}

fn runs() -> String {
    let service = read("provision-expired.service");
    let line = service
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart="));
    let (_, arguments) = line.unwrap().split_once("/provision ").unwrap();
    let place = Place::new(Product::Hetzner, 0);
    place.up("--ttl 1h --owner me").succeeded();
    place.later(DAY);
    let mut command = place.lab.command(&format!("{arguments} --sandbox"));
    let ran = Ran::of(command.env("PROVISION_OWNER", "me").output().unwrap());
    ran.succeeded();
    assert!(!place.is_marked());
    "removes what is over".to_owned()
}
