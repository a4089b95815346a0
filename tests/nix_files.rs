//! All Nix files: parsed by Nix itself, and evaluated as far as that needs no nixpkgs.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may fail, and says what it skips"
)]

#[path = "nix_files/network.rs"]
mod network;

use provision::flake::Flake;
use provision::host::Host;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn nix_files() -> Vec<PathBuf> {
    let mut folders = ["fixtures", "hosts", "nix", "src"]
        .map(|name| root().join(name))
        .to_vec();
    let mut files = vec![root().join("flake.nix")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "nix") {
                files.push(path);
            }
        }
    }
    assert!(files.len() > 20, "{files:?}");
    files
}

/// What an expression comes to; none, and says so, where there is no Nix.
fn evaluate(expression: &str) -> Option<Value> {
    let run = Command::new("nix-instantiate")
        .args([
            "--eval",
            "--strict",
            "--json",
            "--readonly-mode",
            "-E",
            expression,
        ])
        .current_dir(root())
        .output();
    let Ok(run) = run else {
        println!("skipped: nix-instantiate is not on PATH (Debian: apt-get install nix-bin)");
        return None;
    };
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}");
    Some(serde_json::from_slice(&run.stdout).unwrap())
}

#[test]
fn all_are_parsed() {
    for file in nix_files() {
        let Ok(run) = Command::new("nix-instantiate")
            .arg("--parse")
            .arg(&file)
            .output()
        else {
            println!("skipped: nix-instantiate is not on PATH (Debian: apt-get install nix-bin)");
            return;
        };
        let said = String::from_utf8_lossy(&run.stderr);
        assert!(run.status.success(), "{}: {said}", file.display());
    }
}

#[test]
fn the_fixtures_have_copies_of_our_own() {
    let plain = root().join("fixtures/flakes/plain");
    for name in [
        "discover.nix",
        "keys/default.nix",
        "layouts/bios.nix",
        "layouts/hybrid.nix",
        "layouts/parts.nix",
        "layouts/uefi.nix",
    ] {
        let read = |root: &Path| fs::read_to_string(root.join("hosts").join(name)).unwrap();
        assert_eq!(read(root()), read(&plain), "copy hosts/{name}");
    }
}

#[test]
fn the_lock_names_every_input_and_pins_it() {
    let text = fs::read_to_string(root().join("flake.lock")).unwrap();
    let lock: Value = serde_json::from_str(&text).unwrap();
    let inputs = lock["nodes"]["root"]["inputs"].as_object().unwrap();
    let names: Vec<_> = inputs.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["disko", "home-manager", "nixos-anywhere", "nixpkgs"]
    );
    for name in names {
        let locked = &lock["nodes"][name]["locked"];
        assert_eq!(locked["rev"].as_str().map(str::len), Some(40), "{name}");
        let hash = locked["narHash"].as_str().unwrap();
        assert!(
            hash.starts_with("sha256-") && hash.len() == 51,
            "{name}: {hash}"
        );
    }
}

/// Two readings of the same folders, ours and Nix's, agree.
#[test]
fn nix_and_provision_find_the_same_hosts() {
    let Some(found) = evaluate(
        "builtins.mapAttrs (_: h: { inherit (h) admin arch layout; }) (import ./hosts/discover.nix)",
    ) else {
        return;
    };
    let ours = Flake::open(root()).unwrap().hosts().unwrap();
    let told = |host: &Host| {
        let told = serde_json::json!({
            "admin": host.spec.admin.as_str(),
            "arch": host.spec.arch.as_str(),
            "layout": host.layout_now().as_str(),
        });
        (host.name.as_str().to_owned(), told)
    };
    assert_eq!(found, Value::Object(ours.iter().map(told).collect()));
}

#[test]
fn the_repository_ships_no_admin_key() {
    assert!(
        Flake::open(root())
            .unwrap()
            .admin_keys()
            .unwrap()
            .0
            .is_empty()
    );
    if let Some(keys) = evaluate("import ./hosts/keys") {
        assert_eq!(keys, serde_json::json!([]));
    }
    if let Some(keys) = evaluate("import ./fixtures/flakes/plain/hosts/keys") {
        assert_eq!(keys.as_array().map(Vec::len), Some(1));
    }
}

/// In a set that refers to itself, a shell of a program's name would hold itself.
#[test]
fn the_shells_hold_programs() {
    let pkgs = "let \
        word = name: { inherit name; value = name; }; \
        words = builtins.filter builtins.isString \
            (builtins.split \"[^a-z0-9-]+\" (builtins.readFile ./nix/shells.nix)); \
        shell = s: { mk = s.packages; }; \
        in builtins.listToAttrs (map word words) \
            // { mkShell = shell; mkShellNoCC = shell; rustPlatform.rustLibSrc = \"\"; }";
    let Some(shells) = evaluate(&format!("import ./nix/shells.nix {{ pkgs = {pkgs}; }}")) else {
        return;
    };
    let shells = shells.as_object().unwrap();
    let names: Vec<_> = shells.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "ai", "default", "go", "mcp", "nix", "node", "python", "rust"
        ]
    );
    for shell in shells.values() {
        let programs = shell["mk"].as_array().unwrap();
        assert!(programs.iter().all(Value::is_string) && !programs.is_empty());
    }
}
