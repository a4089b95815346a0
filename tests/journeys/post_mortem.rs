//! A machine that fails is looked into before anything is removed, and left as it was.

mod silent;

use crate::faults::heal;
use crate::lab::{Lab, interrupt, misbehaving};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

const LAST: &str = "Timed out waiting for device /dev/disk/by-partlabel/disk-main-root.";
/// Of a boot's ten minutes this leaves some seconds.
const HURRIED: &str = "0.03";

fn dying() -> Value {
    misbehaving("hetzner-cloud", &json!({ "dies_booting": LAST }))
}

fn shown(lab: &Lab) -> Value {
    lab.json("show hetzner-cloud --post-mortem --sandbox")
}

/// The lines of the first part whose name begins with this.
#[track_caller]
fn lines(document: &Value, part: &str) -> String {
    let parts = document["parts"].as_array().unwrap();
    let named = |p: &&Value| p["name"].as_str().unwrap().starts_with(part);
    let found = parts.iter().find(named);
    let found = found.unwrap_or_else(|| panic!("{part} is missing: {document:#}"));
    let lines = found["lines"]
        .as_array()
        .unwrap_or_else(|| panic!("{found:#}"));
    let lines: Vec<&str> = lines.iter().map(|l| l.as_str().unwrap()).collect();
    lines.join("\n")
}

fn why_missing(document: &Value, part: &str) -> String {
    let parts = document["parts"].as_array().unwrap();
    let found = parts.iter().find(|p| p["name"] == part).unwrap();
    found["missing"].as_str().unwrap().to_owned()
}

/// The files that runs have kept of it.
fn files(lab: &Lab) -> Vec<PathBuf> {
    let runs = std::fs::read_dir(lab.state().join("sandbox/runs")).unwrap();
    let servers = runs
        .flatten()
        .flat_map(|run| std::fs::read_dir(run.path()).into_iter().flatten());
    let files = servers
        .flatten()
        .map(|server| server.path().join("post-mortem.json"));
    files.filter(|file| file.exists()).collect()
}

#[test]
fn a_system_that_dies_is_read_through_rescue_and_taken_up_again() {
    let lab = Lab::with_world(&dying());
    lab.run_hurried(HURRIED, "up hetzner-cloud --sandbox")
        .failed(
            10,
            &[
                "no answer",
                "found out: the system started, and waited in vain",
                "its console's last lines:",
                "| You are in emergency mode",
                "look    provision show hetzner-cloud --post-mortem",
                "remains",
                "resume",
            ],
        );
    let found = shown(&lab);
    assert_eq!(found["schema"], 1);
    assert_eq!(
        (&found["step"], &found["exit_code"]),
        (&"boot".into(), &10.into())
    );
    assert_eq!(found["through"], "rescue", "{found:#}");
    assert!(lines(&found, "console").contains(LAST));
    assert!(lines(&found, "partitions of /dev/sda").contains("EF02"));
    assert!(lines(&found, "file systems").contains("TYPE=\"btrfs\""));
    assert!(lines(&found, "journal in /dev/sda").contains(LAST));
    assert!(lines(&found, "boot menu in /dev/sda").contains("NixOS - Default"));
    assert!(lines(&found, "boot entries").contains("BIOS"));
    assert!(
        found["installer_log"]
            .as_str()
            .unwrap()
            .ends_with("installer.log")
    );
    let text = lab
        .run("show hetzner-cloud --post-mortem --sandbox")
        .succeeded()
        .stdout;
    for words in [
        LAST,
        "== journal in",
        "rescue system; it boots from its disk again",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains('\u{1b}'), "{text:?}");
    is_without_secrets(&lab);
    // the machine boots its disk, and nobody is in its rescue system
    heal(&lab);
    let up = lab.json("up hetzner-cloud --sandbox");
    assert_eq!(up["hosts"][0]["proven"], true);
    assert_eq!(lab.servers().len(), 1);
}

/// For its owner's eyes alone, and without anything that opens a door.
fn is_without_secrets(lab: &Lab) {
    let files = files(lab);
    let [file] = files.as_slice() else {
        panic!("{files:?}");
    };
    let mode = std::fs::metadata(file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let kept = std::fs::read_to_string(file).unwrap();
    let identity = lab.state().join("sandbox/servers/hetzner-cloud/identity");
    let identity = std::fs::read_to_string(identity).unwrap();
    let secret = identity.lines().nth(2).unwrap();
    assert!(!kept.contains("PRIVATE KEY") && !kept.contains(secret));
}

#[test]
fn it_is_gathered_before_the_server_is_removed() {
    let lab = Lab::with_world(&dying());
    lab.run_hurried(HURRIED, "up hetzner-cloud --sandbox --on-failure teardown")
        .failed(10, &["found out", "nothing: the new server was removed"]);
    assert!(lab.servers().is_empty());
    let found = shown(&lab);
    assert_eq!(found["through"], "rescue");
    assert!(lines(&found, "journal in").contains(LAST));
}

#[test]
fn an_installer_that_still_runs_is_asked_and_not_rebooted() {
    let lab = Lab::with_world(&misbehaving(
        "hetzner-cloud",
        &json!({ "phase_fails": "install" }),
    ));
    let ran = lab.run("up hetzner-cloud --sandbox");
    let ran = ran.failed(11, &["the phase install fails", "--post-mortem"]);
    assert!(!ran.stderr.contains("console's last lines"), "{ran}");
    let found = shown(&lab);
    assert_eq!(found["through"], "installer");
    assert!(lines(&found, "disks").contains("btrfs"));
    assert!(
        lines(&found, "partitions of /dev/sda").contains("disk-main-root")
            || lines(&found, "partitions of /dev/sda").contains("root")
    );
}

#[test]
fn a_system_that_is_not_what_it_should_be_is_asked_as_its_admin() {
    let lab = Lab::with_world(&misbehaving(
        "hetzner-cloud",
        &json!({ "failed_units": ["nginx.service"] }),
    ));
    lab.run("up hetzner-cloud --sandbox")
        .failed(12, &["nginx.service", "--post-mortem"]);
    let found = shown(&lab);
    assert_eq!(found["through"], "admin");
    assert!(lines(&found, "failed units").contains("nginx.service"));
    assert!(lines(&found, "journal").contains("Failed to start nginx.service"));
}

#[test]
fn a_rescue_system_that_does_not_come_up_hides_nothing() {
    let lab = Lab::with_world(&misbehaving("hetzner-cloud", &json!({ "no_return": true })));
    lab.run_hurried("0.02", "up hetzner-cloud --sandbox")
        .failed(
            10,
            &["no answer", "this machine does not come back", "remains"],
        );
    let found = shown(&lab);
    assert_eq!(found["through"], "nothing");
    assert!(
        why_missing(&found, "machine").contains("rescue system"),
        "{found:#}"
    );
}

#[test]
fn a_rescue_system_with_a_password_is_not_entered() {
    let vps = "vps-0a1b2c3d.vps.ovh.net";
    let lab = Lab::with_world(&json!({
        "machine_faults": [{ "name": "*", "faults": { "dies_booting": LAST } }],
    }));
    lab.run_hurried(
        HURRIED,
        &format!("up ovh-cloud --provider ovh-vps --server {vps} --sandbox"),
    )
    .failed(10, &["look    provision show ovh-cloud --post-mortem"]);
    let found = lab.json("show ovh-cloud --post-mortem --sandbox");
    assert_eq!(found["through"], "nothing");
    assert!(
        why_missing(&found, "machine").contains("only a password"),
        "{found:#}"
    );
}

#[test]
fn what_never_failed_on_a_machine_has_none() {
    let lab = Lab::new();
    lab.run("show hetzner-cloud --post-mortem --sandbox")
        .failed(4, &["hetzner-cloud: there is no post-mortem"]);
    lab.add_host(
        "box",
        "provider = 'hetzner'\nlayout = 'uefi'\n[hetzner]\ntypes = ['cx23']\n\
         locations = ['fsn1']\nimage = 'debian-13'\n",
    );
    lab.run("up box --sandbox")
        .failed(8, &["refused by the gate"]);
    lab.run("show box --post-mortem --sandbox")
        .failed(4, &["there is no post-mortem"]);
}

#[test]
fn whoever_stops_a_run_does_not_wait_for_one() {
    let lab = Lab::with_world(&misbehaving(
        "hetzner-cloud",
        &json!({ "phase_hangs": "disko" }),
    ));
    let run = lab.command("up hetzner-cloud --sandbox").spawn().unwrap();
    let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
    let is_at_it = |journal: &String| journal.contains("\"wipe ");
    while !lab.journals().iter().any(is_at_it) {
        assert!(std::time::Instant::now() < until, "it never came so far");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    interrupt(run.id());
    let ran = crate::lab::Ran::of(run.wait_with_output().unwrap());
    ran.failed(130, &["stopped"]);
    assert_eq!(files(&lab), Vec::<PathBuf>::new());
}
