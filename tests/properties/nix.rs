//! What reaches Nix: names in its expressions, files that it reads, paths in its references.

use crate::hostile;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use provision::flake::Flake;
use provision::host::HostSpec;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// Evaluates, strictly; none where there is no Nix.
fn evaluated(expression: &str) -> Option<Value> {
    let state = tempfile::tempdir().unwrap();
    let ran = Command::new("nix-instantiate")
        .args(["--eval", "--strict", "--json", "-E", expression])
        .env("NIX_STATE_DIR", state.path())
        .env("NIX_STORE_DIR", state.path().join("store"))
        .env("NIX_LOCALSTATE_DIR", state.path())
        .env("HOME", state.path())
        .env("NIX_REMOTE", "dummy://")
        .stdin(Stdio::null())
        .output();
    let Ok(ran) = ran else {
        assert!(
            std::env::var_os("PROVISION_REQUIRE_TOOLS").is_none(),
            "there is no nix"
        );
        println!("skipped: nix is not on PATH (Debian: apt-get install nix-bin)");
        return None;
    };
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{expression}: {said}");
    Some(serde_json::from_slice(&ran.stdout).unwrap())
}

fn samples<T: std::fmt::Debug>(of: impl Strategy<Value = T>, count: usize) -> Vec<T> {
    let mut runner = TestRunner::deterministic();
    (0..count)
        .map(|_| of.new_tree(&mut runner).unwrap().current())
        .collect()
}

/// Whoever is let through as an admin or as a host is put between quotes as it is.
#[test]
fn names_that_are_let_through_mean_themselves() {
    let spec = |word: &str| -> Option<String> {
        let admin = serde_json::to_string(word)
            .ok()?
            .replace('\u{7f}', "\\u007f");
        let spec: HostSpec = format!("provider = 'hetzner'\nadmin = {admin}")
            .parse()
            .ok()?;
        Some(spec.admin.to_string())
    };
    let words = samples(hostile::word(), 400);
    let mut names: Vec<String> = words.iter().filter_map(|word| spec(word)).collect();
    names.extend(
        samples("[a-z_][a-z0-9_-]{0,30}", 100)
            .iter()
            .filter_map(|word| spec(word)),
    );
    let hosts = samples("[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?", 100);
    names.extend(
        hosts
            .into_iter()
            .filter(|name| name.parse::<provision_api::HostName>().is_ok()),
    );
    assert!(names.len() > 150, "{}", names.len());
    // as `src/flake/eval.rs` and `src/flake/nix.rs` write them
    let texts: Vec<String> = names
        .iter()
        .map(|name| {
            let apply = format!("(({{admin}}: admin) {{ admin = \"{name}\"; }})");
            format!("({apply} + toString {{ a.\"{name}\" = 1; }}.a.\"{name}\")")
        })
        .collect();
    let Some(found) = evaluated(&format!("[ {} ]", texts.join(" "))) else {
        return;
    };
    let expected: Vec<String> = names.iter().map(|name| format!("{name}1")).collect();
    assert_eq!(found, json!(expected));
}

/// Nix reads the same files as we do, and sees the same words in them.
#[test]
fn hostile_words_in_files_stay_words() {
    let folder = tempfile::tempdir().unwrap();
    let hosts = Path::new(env!("CARGO_MANIFEST_DIR")).join("hosts");
    fs::copy(
        hosts.join("discover.nix"),
        folder.path().join("discover.nix"),
    )
    .unwrap();
    let host = folder.path().join("servers/web-1");
    fs::create_dir_all(&host).unwrap();
    let words = samples(hostile::word(), 300);
    // neither TOML in Nix nor its strings know NUL
    let words: Vec<String> = words
        .into_iter()
        .filter(|word| !word.contains('\0'))
        .collect();
    let text = |word: &str| {
        serde_json::to_string(word)
            .unwrap()
            .replace('\u{7f}', "\\u007f")
    };
    let types: Vec<String> = words.iter().map(|word| text(word)).collect();
    let toml = format!(
        "provider = \"hetzner\"\n[hetzner]\ntypes = [{}]\nimage = {}\n",
        types.join(", "),
        text("${builtins.abort \"x\"}''${y}\"")
    );
    fs::write(host.join("host.toml"), &toml).unwrap();
    let facts = json!({
        "schema": 1, "server_id": words.concat(), "arch": "${x}", "firmware": "bios",
        "layout": "bios", "boot_disk": "/dev/disk/by-path/pci-1",
        "network": {"dhcp4": true, "addresses": [], "gateways": []},
    });
    fs::write(host.join("facts.json"), facts.to_string()).unwrap();
    let expression = format!(
        "let host = (import {}).web-1; in {{ inherit (host) facts layout disk admin; inherit (host.spec.hetzner) types image; }}",
        folder.path().join("discover.nix").display()
    );
    let Some(found) = evaluated(&expression) else {
        return;
    };
    let spec: HostSpec = toml.parse().unwrap();
    assert_eq!(found["types"], json!(words));
    assert_eq!(found["types"], json!(spec.hetzner.types));
    assert_eq!(found["image"], json!(spec.hetzner.image));
    assert_eq!(found["facts"], facts);
    assert_eq!(found["disk"], "/dev/disk/by-path/pci-1");
}

proptest! {
    #[test]
    fn a_folders_name_is_no_more_than_that_in_a_reference(name in hostile::argument()) {
        let folder = Path::new("/srv").join(name.trim_start_matches('/'));
        let reference = Flake::generated(&folder).reference();
        let url = reference.strip_prefix("path:").unwrap();
        let plain = |c: char| c.is_ascii_alphanumeric() || "/-._~+,@%".contains(c);
        prop_assert!(url.chars().all(plain), "{}", url);
        let bytes: Vec<u8> = decoded(url.as_bytes());
        prop_assert_eq!(String::from_utf8(bytes).unwrap(), folder.to_str().unwrap());
    }
}

fn decoded(url: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = url.iter();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits: String = rest.by_ref().take(2).map(|b| char::from(*b)).collect();
                u8::from_str_radix(&digits, 16).unwrap()
            }
            other => *other,
        });
    }
    bytes
}
