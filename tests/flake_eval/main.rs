//! Nix itself on flakes without inputs: evaluation, builds, and how each can fail.
//!
//! Runs where `nix` is on PATH (Debian's nix-bin is enough), in a store of its own.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may fail, and says what it skips"
)]

mod mistakes;
mod world;

use provision::flake::{BuildError, DiskoScript, EvalError, Flake, evaluate, system_path};
use provision::gate::{GateSource, UNPROBED_DISK, Wanted};
use provision::host::Layout;
use provision_api::Arch;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use world::{DISK, World, facts, limits};

/// What the layouts are known to be must be what they are.
fn assert_as_known(wanted: &Wanted, layout: Layout, disk: &str) {
    let mut known = Wanted::of_layout(layout, &Arch::X86_64, disk, 1);
    known.source = GateSource::Flake;
    known.host_name.clone_from(&wanted.host_name);
    let mut wanted = wanted.clone();
    for partition in &mut wanted.disks[0].partitions {
        if partition.kind.is_empty() {
            // disko's own default, which is not there without disko
            partition.kind = "8300".into();
        }
    }
    assert_eq!(wanted, known);
}

#[tokio::test]
async fn every_layout_is_what_the_gate_takes_it_for() {
    let Some(world) = World::new().await else {
        return;
    };
    let unprobed = world.evaluate("web-1").await.unwrap();
    assert_eq!(unprobed.host_name, "web-1");
    assert_as_known(&unprobed, Layout::Hybrid, UNPROBED_DISK);
    assert_as_known(
        &world.evaluate("web-2").await.unwrap(),
        Layout::Bios,
        UNPROBED_DISK,
    );
    for layout in Layout::ALL {
        let facts = facts(layout.as_str());
        world
            .flake()
            .write_facts(&"web-1".parse().unwrap(), &facts)
            .unwrap();
        assert_eq!(world.host("web-1").layout_now(), layout);
        assert_as_known(&world.evaluate("web-1").await.unwrap(), layout, DISK);
    }
}

#[tokio::test]
async fn the_architecture_is_host_tomls() {
    let Some(world) = World::new().await else {
        return;
    };
    world.write(
        "hosts/servers/web-1/host.toml",
        "provider = 'a'\narch = 'aarch64'",
    );
    let wanted = world.evaluate("web-1").await.unwrap();
    assert_eq!(wanted.arch, Arch::Aarch64);
    assert!(wanted.grub.devices.is_empty() && wanted.grub.efi_support);
}

#[tokio::test]
async fn facts_that_were_just_written_are_seen_in_a_git_tree() {
    // old versions of Nix take no git tree with a blank in its path
    let Some(world) = World::below("my-flake").await else {
        return;
    };
    for args in [&["init", "-q"][..], &["add", "."]] {
        let git = Command::new("git")
            .arg("-C")
            .arg(world.root())
            .args(args)
            .status();
        assert!(git.unwrap().success());
    }
    let host = "web-1".parse().unwrap();
    let facts = facts("uefi");
    world.flake().write_facts(&host, &facts).unwrap();
    assert_as_known(&world.evaluate("web-1").await.unwrap(), Layout::Uefi, DISK);

    let folder = world.root().join("hosts/servers/web-9");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("host.toml"), "provider = 'a'").unwrap();
    match world.evaluate("web-9").await {
        Err(EvalError::Broken(why)) => assert!(why.contains("git add"), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_is_built_follows_from_the_host_and_is_told_line_by_line() {
    let Some(world) = World::new().await else {
        return;
    };
    let mut lines = Vec::new();
    let mut on_line = |line: &str| lines.push(line.to_owned());
    let whole = world.build(DiskoScript::Whole, &mut on_line).await.unwrap();
    let bare = world
        .build(DiskoScript::NoDeps, &mut on_line)
        .await
        .unwrap();
    assert_eq!(whole.system, bare.system);
    let (flake, host) = (world.flake(), world.host("web-1"));
    let limits = limits(Duration::from_secs(120));
    let path = system_path(Some(&world.nix), &flake, &host, &limits)
        .await
        .unwrap();
    assert_eq!(Path::new(&path), whole.system);
    assert_ne!(whole.disko_script, bare.disko_script);
    let text = fs::read_to_string(&whole.disko_script).unwrap();
    assert!(text.contains(UNPROBED_DISK), "{text}");
    assert!(
        lines
            .iter()
            .any(|line| line.contains("building nixos-system")),
        "{lines:?}"
    );
}

#[tokio::test]
async fn failures_are_told_apart() {
    let Some(world) = World::new().await else {
        return;
    };
    let flake = world.read("flake.nix");

    // the port is the one that nothing may listen on
    let unreachable = "{ inputs.x.url = \"http://127.0.0.1:1/x.tar.gz\"; outputs =";
    world.write(
        "flake.nix",
        &flake.replacen("{\n  outputs =", unreachable, 1),
    );
    let error = world.evaluate("web-1").await.unwrap_err();
    assert!(matches!(error, EvalError::InputsUnavailable(_)), "{error}");
    assert!(error.is_lack());

    world.write("flake.nix", &flake.replace("host.name;", "host.nam;"));
    match world.evaluate("web-1").await {
        Err(EvalError::Broken(why)) => assert!(why.contains("'nam' missing"), "{why}"),
        other => panic!("{other:?}"),
    }

    world.write(
        "flake.nix",
        &flake.replace("echo \"building", "exit 7; echo \""),
    );
    match world.build(DiskoScript::Whole, &mut |_| {}).await {
        Err(BuildError::Failed { what, why }) => {
            assert_eq!(what, "diskoScript");
            assert!(why.contains("exit code 7"), "{why}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_evaluation_without_end_is_ended() {
    let Some(world) = World::new().await else {
        return;
    };
    let flake = world.read("flake.nix");
    let endless = "let f = n: if n == 0 then 0 else f (n - 1) + f (n - 1); in f 99";
    world.write(
        "flake.nix",
        &flake.replace("host.name;", &format!("{endless};")),
    );
    let (flake, host) = (world.flake(), world.host("web-1"));
    let soon = limits(Duration::from_millis(500));
    let error = evaluate(Some(&world.nix), &flake, &host, &soon)
        .await
        .unwrap_err();
    assert!(matches!(error, EvalError::TimedOut(_)), "{error}");
    assert!(!error.is_lack());

    let limits = limits(Duration::from_secs(120));
    limits.cancel.cancel();
    let error = evaluate(Some(&world.nix), &flake, &host, &limits)
        .await
        .unwrap_err();
    assert!(matches!(error, EvalError::Cancelled), "{error}");
}

#[tokio::test]
async fn without_nix_there_is_a_lack() {
    let plain = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/flakes/plain");
    let flake = Flake::open(&plain).unwrap();
    let host = flake.host(&"web-1".parse().unwrap()).unwrap();
    let error = evaluate(None, &flake, &host, &limits(Duration::from_secs(1)))
        .await
        .unwrap_err();
    assert!(matches!(error, EvalError::NixMissing) && error.is_lack());
}
