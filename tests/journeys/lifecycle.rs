//! From nothing to proven, again, a look, and back to nothing.

use crate::lab::{Lab, Ran, interrupt};
use serde_json::json;
use std::time::Duration;

#[test]
fn the_main_job_from_the_readme() {
    let lab = Lab::new();
    let ran = lab.run("--provider hetzner --sandbox").succeeded();
    for word in [
        "hetzner-cloud is up and proven",
        "provision ssh hetzner-cloud",
        "bios firmware, layout bios",
        "stand-in for nixos-anywhere",
        "EUR/h",
    ] {
        assert!(ran.stdout.contains(word), "{word:?} is missing: {ran}");
    }
    for step in [
        "acquire", "reach", "gate", "kexec", "install", "boot", "prove",
    ] {
        assert!(ran.stderr.contains(step), "{step} is missing: {ran}");
    }
}

#[test]
fn the_json_of_up_has_the_documented_keys() {
    let lab = Lab::new();
    let up = lab.json("up hetzner-cloud --sandbox --ttl 3h");
    assert_eq!(up["schema"], 1);
    assert_eq!(up["sandbox"], true);
    assert!(up["requests"].as_u64().unwrap() > 0);
    assert!(up["elapsed_seconds"].as_f64().unwrap() > 0.0);
    assert!(up["run"].as_str().unwrap().starts_with("20"));
    let host = &up["hosts"][0];
    assert_eq!(host["name"], "hetzner-cloud");
    assert_eq!(host["provider"], "hetzner");
    assert_eq!(host["firmware"], "bios");
    assert_eq!(host["layout"], "bios");
    assert_eq!(host["arch"], "x86_64");
    assert_eq!(host["proven"], true);
    assert_eq!(host["installer"], "stand-in");
    assert_eq!(host["currency"], "EUR");
    assert!(host["ipv4"].as_str().unwrap().starts_with("127."));
    assert!(host["ipv6"].as_str().unwrap().contains("::"));
    assert!(host["system"].as_str().unwrap().starts_with("/nix/store/"));
    assert!(
        host["price_hourly"]
            .as_str()
            .unwrap()
            .parse::<f64>()
            .unwrap()
            > 0.0
    );
    assert!(host["expires_at"].is_string());
}

#[test]
fn a_server_lives_and_goes() {
    let lab = Lab::new();
    let first = lab.json("up hetzner-cloud --sandbox");
    let again = lab.run("up hetzner-cloud --sandbox").succeeded();
    assert!(again.stderr.contains("nothing to do"), "{again}");

    let uname = lab
        .run("ssh hetzner-cloud --sandbox -- uname -n")
        .succeeded();
    assert_eq!(uname.stdout.trim(), "hetzner-cloud");
    assert_eq!(lab.run("ssh hetzner-cloud --sandbox -- false").code, 1);

    let servers = lab.servers();
    assert_eq!(servers.len(), 1);
    assert_eq!(servers[0]["server_id"], first["hosts"][0]["server_id"]);
    assert_eq!(servers[0]["phase"], "proven");
    let show = lab.json("show hetzner-cloud --sandbox");
    assert_eq!(show["identity_kept"], true);
    assert!(show["history"].as_array().unwrap().len() > 5);

    let gone = lab.json("teardown hetzner-cloud --sandbox");
    let kinds: Vec<&str> = gone["removed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["server", "key"]);
    assert_eq!(gone["remaining"], json!([]));
    assert!(lab.servers().is_empty());
    lab.run("teardown hetzner-cloud --sandbox").succeeded();
}

#[test]
fn several_hosts_at_once_and_a_machine_for_tests() {
    let lab = Lab::new();
    let toml = std::fs::read_to_string(lab.flake().join("hosts/servers/hetzner-cloud/host.toml"));
    let toml = toml.unwrap();
    lab.add_host("web-1", &toml);
    lab.add_host("web-2", &toml);
    let up = lab.json("up web-1 web-2 --sandbox");
    assert_eq!(up["hosts"].as_array().unwrap().len(), 2);
    let test = lab.json("up web-1 --test --sandbox");
    assert_eq!(test["hosts"][0]["name"], "web-1-test");
    assert!(test["hosts"][0]["expires_at"].is_string());
    assert_eq!(lab.servers().len(), 3);

    lab.run("teardown --test --sandbox").succeeded();
    assert_eq!(lab.servers().len(), 2);
    let run = up["run"].as_str().unwrap();
    lab.run(&format!("teardown --run {run} --sandbox"))
        .succeeded();
    assert!(lab.servers().is_empty());
}

#[test]
fn only_what_is_expired_goes() {
    let lab = Lab::new();
    lab.run("up hetzner-cloud --sandbox --ttl 5h").succeeded();
    let kept = lab.run("teardown --expired --sandbox").succeeded();
    assert!(kept.stdout.contains("nothing to remove"), "{kept}");
    assert_eq!(lab.servers().len(), 1);
}

#[test]
fn the_users_tree_stays_clean_in_the_sandbox() {
    let lab = Lab::new();
    let host = lab.flake().join("hosts/servers/hetzner-cloud");
    lab.run("up hetzner-cloud --sandbox").succeeded();
    assert!(!host.join("facts.json").exists());
    assert!(!lab.flake().join("hosts/keys/sandbox.pub").exists());
}

#[test]
fn a_reinstall_keeps_the_identity_and_nothing_else_wipes() {
    let lab = Lab::new();
    let key = lab.json("host key hetzner-cloud --sandbox");
    assert!(key["age_recipient"].as_str().unwrap().starts_with("age1"));
    let first = lab.json("up hetzner-cloud --sandbox");
    let shown = lab.json("show hetzner-cloud --sandbox");
    assert_eq!(shown["host_key"], key["fingerprint"]);
    let again = lab.json("up hetzner-cloud --sandbox --reinstall");
    assert_eq!(
        again["hosts"][0]["server_id"],
        first["hosts"][0]["server_id"]
    );
    assert_eq!(again["hosts"][0]["proven"], true);
    assert_eq!(
        lab.json("show hetzner-cloud --sandbox")["host_key"],
        key["fingerprint"]
    );
}

#[test]
fn a_dry_run_creates_nothing() {
    let lab = Lab::new();
    let plan = lab.json("up hetzner-cloud --sandbox --dry-run");
    assert!(
        plan["plans"][0]["will"]
            .as_str()
            .unwrap()
            .contains("create")
    );
    assert!(lab.servers().is_empty());
}

/// A cloud that takes this part of what a real one takes.
pub(crate) fn slow(scale: f64) -> serde_json::Value {
    json!({ "scale": scale, "create_ms": 8000, "stock_ms": 10_000, "kexec_ms": 5000, "install_ms": 5000, "disk_ms": 8000 })
}

#[test]
fn a_killed_run_is_taken_up_again() {
    let lab = Lab::with_world(&json!({ "latency": slow(0.1) }));
    for pause in [300, 900, 1500, 2500] {
        let mut child = lab.command("up hetzner-cloud --sandbox").spawn().unwrap();
        std::thread::sleep(Duration::from_millis(pause));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let up = lab.json("up hetzner-cloud --sandbox");
    assert_eq!(up["hosts"][0]["proven"], true);
    assert_eq!(lab.servers().len(), 1);
}

#[test]
fn ctrl_c_tells_what_remains() {
    let lab = Lab::with_world(&json!({ "latency": slow(0.5) }));
    let child = lab.command("up hetzner-cloud --sandbox").spawn().unwrap();
    std::thread::sleep(Duration::from_millis(2500));
    interrupt(child.id());
    let ran = Ran::of(child.wait_with_output().unwrap());
    ran.failed(
        130,
        &["remains", "resume", "provision up hetzner-cloud", "remove"],
    );
    assert_eq!(lab.servers().len(), 1);
}

#[test]
fn two_runs_at_once_make_one_server() {
    let lab = Lab::new();
    let served = lab.serve();
    let one = lab.command("up hetzner-cloud --sandbox").spawn().unwrap();
    let two = lab.command("up hetzner-cloud --sandbox").spawn().unwrap();
    let ended = [one, two].map(|c| Ran::of(c.wait_with_output().unwrap()));
    assert!(
        ended.iter().any(|r| r.code == 0),
        "{}\n{}",
        ended[0],
        ended[1]
    );
    for ran in ended.iter().filter(|r| r.code != 0) {
        assert_eq!(ran.code, 13, "{ran}");
        assert!(ran.stderr.contains("another"), "{ran}");
    }
    assert_eq!(lab.servers().len(), 1);
    drop(served);
}
