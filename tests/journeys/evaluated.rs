//! The gate with a flake that Nix itself evaluates: a fixture without inputs.

use crate::lab::{Lab, copy, root};
use std::fs;

/// A lab whose flake is the fixture, or `None` where there is no Nix and none is demanded.
fn lab() -> Option<Lab> {
    let has_nix = std::process::Command::new("nix")
        .arg("--version")
        .output()
        .is_ok();
    if !has_nix {
        assert!(
            std::env::var_os("PROVISION_REQUIRE_TOOLS").is_none(),
            "nix has to be there"
        );
        eprintln!("skipped: nix is not on the PATH");
        return None;
    }
    let lab = Lab::new();
    fs::remove_dir_all(lab.flake()).unwrap();
    copy(&root().join("fixtures/flakes/plain"), &lab.flake());
    Some(lab)
}

#[test]
fn an_evaluated_flake_is_installed() {
    let Some(lab) = lab() else { return };
    let up = lab.json("up web-1 --sandbox");
    assert_eq!(up["hosts"][0]["gate"], "evaluated");
    assert_eq!(up["hosts"][0]["proven"], true);
}

#[test]
fn a_flake_that_does_not_evaluate_costs_nothing() {
    let Some(lab) = lab() else { return };
    let file = lab.flake().join("flake.nix");
    let broken = fs::read_to_string(&file)
        .unwrap()
        .replace("outputs", "outptus");
    fs::write(&file, broken).unwrap();
    lab.run("up web-1 --sandbox").failed(
        3,
        &["cannot be evaluated", "nothing: no server was created"],
    );
}

#[test]
fn a_disk_that_the_machine_does_not_have_is_refused() {
    let Some(lab) = lab() else { return };
    let file = lab.flake().join("hosts/layouts/parts.nix");
    let text = fs::read_to_string(&file).unwrap();
    let wrong = text.replace("device = host.disk;", "device = \"/dev/sdb\";");
    assert_ne!(text, wrong);
    fs::write(&file, wrong).unwrap();
    lab.run("up web-1 --sandbox")
        .failed(8, &["nothing was wiped", "/dev/sdb", "by-path"]);
    assert_eq!(lab.servers()[0]["phase"], "created");
}
