//! A vendor (or who stands in its place) that answers anything, to the built program.

use crate::terminal::is_obeyed;
use crate::{answers, hostile};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

/// A server of ours, as the vendor lists it.
fn servers(name: &str) -> Value {
    json!({ "servers": [{
        "id": 42, "name": name, "status": "running", "created": "2026-07-10T08:15:30Z",
        "public_net": { "ipv4": { "id": 142, "ip": "127.0.0.1" }, "ipv6": null },
        "server_type": { "name": name, "architecture": "x86" }, "location": { "name": name },
        "labels": {
            "provision-owner": "me", "provision-run": "r1", "provision-host": "web-1",
            "provision-role": "server", "provision-phase": "proven", "odd": name,
        },
    }]})
}

fn run(at: &MockServer, folder: &Path, arguments: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_provision"))
        .args(arguments.split_whitespace())
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", folder)
        .env("NO_COLOR", "1")
        .env("PROVISION_STATE_DIR", folder.join("state"))
        .env("PROVISION_OWNER", "me")
        .env("PROVISION_DEADLINE_SCALE", "0.001")
        .env("HCLOUD_ENDPOINT", at.uri())
        .env("HCLOUD_TOKEN", "t".repeat(64))
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// It ended by itself, with an exit code of its own, and printed nothing that a terminal obeys.
fn is_well(ran: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (stdout, stderr) = (text(&ran.stdout), text(&ran.stderr));
    let code = ran.status.code().unwrap();
    assert!((0..=20).contains(&code) && code != 101, "{code}: {stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    assert!(!stdout.contains(is_obeyed), "{stdout:?}");
    assert!(!stderr.contains(is_obeyed), "{stderr:?}");
    (stdout, stderr)
}

async fn answering(body: impl Into<String>, status: u16) -> MockServer {
    // what drops a server waits for it, and for ever where a task has used up its turn
    tokio::task::yield_now().await;
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(status).set_body_raw(body.into(), "application/json");
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_shown_and_not_obeyed() {
    let folder = tempfile::tempdir().unwrap();
    for name in [
        "\u{1b}[2J\u{1b}]0;owned\u{7}",
        "a\nerror: all is lost\nb",
        "\u{202e}1-bew",
        "\u{9b}31m\u{7f}\0",
    ] {
        let server = answering(servers(name).to_string(), 200).await;
        let (stdout, _) = is_well(&run(&server, folder.path(), "list"));
        assert_eq!(stdout.lines().count(), 2, "{stdout}");
        let (stdout, _) = is_well(&run(&server, folder.path(), "list --output json -vvv"));
        let document: Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(document["servers"][0]["name"], name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_is_told_and_not_obeyed() {
    let folder = tempfile::tempdir().unwrap();
    let message = "\u{1b}[2Jno\nerror: all is well\u{9b}0m\r";
    for status in [400, 401, 403, 404, 422] {
        let body = json!({"error": {"code": "\u{1b}forbidden\n", "message": message,
            "details": {"fields": [{"name": message, "messages": [message]}]}}});
        let server = answering(body.to_string(), status).await;
        let ran = run(&server, folder.path(), "list -v");
        let (_, stderr) = is_well(&ran);
        assert!(!ran.status.success());
        let errors = stderr
            .lines()
            .filter(|line| line.starts_with("error"))
            .count();
        assert_eq!(errors, 1, "{stderr}");
    }
}

/// What is kept of a server lies under its name.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_no_path() {
    let folder = tempfile::tempdir().unwrap();
    let hosts = Path::new(env!("CARGO_MANIFEST_DIR")).join("hosts/servers/hetzner-cloud");
    let host = folder.path().join("hosts/servers/web-1");
    fs::create_dir_all(&host).unwrap();
    fs::copy(hosts.join("host.toml"), host.join("host.toml")).unwrap();
    fs::write(folder.path().join("flake.nix"), "{ outputs = _: { }; }").unwrap();
    for name in [
        "../../../escaped",
        "/tmp/escaped-from-provision",
        "x/../../escaped",
        "x\nprovision-y ssh-ed25519 AAAA",
        "-x",
        "",
    ] {
        let server = answering(servers(name).to_string(), 200).await;
        for verb in ["show web-1", "ssh web-1 -- true", "rescue web-1 --yes"] {
            is_well(&run(&server, folder.path(), verb));
        }
    }
    let mut folders = vec![folder.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            assert!(
                !path.display().to_string().contains("escaped"),
                "{}",
                path.display()
            );
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
    assert!(!Path::new("/tmp/escaped-from-provision").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn any_answer_ends_well() {
    let folder = tempfile::tempdir().unwrap();
    let mut runner = answers::drawn(answers::seed());
    let spoilt = hostile::spoilt(servers("web-1")).prop_map(|document| document.to_string());
    let any = prop_oneof![3 => spoilt, 1 => hostile::json().prop_map(|d| d.to_string()), 1 => hostile::word()];
    for at in 0..40 {
        let body = any.new_tree(&mut runner).unwrap().current();
        let server = answering(body.clone(), if at % 4 == 0 { 403 } else { 200 }).await;
        let ran = run(&server, folder.path(), "list --output json");
        let (stdout, stderr) = is_well(&ran);
        let document: Result<Value, _> = serde_json::from_str(&stdout);
        assert!(document.is_ok(), "{body}: {stdout} {stderr}");
    }
}
