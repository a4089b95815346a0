//! A whole sandbox, its HTTP and its machines, with the system's own `ssh`.
#![expect(clippy::unwrap_used, reason = "the tools of a test are a test too")]

use provision_sandbox::{Options, Sandbox};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::process::Command;

const PATIENCE: Duration = Duration::from_secs(60);

async fn open(home: &Path) -> Sandbox {
    let options = Options {
        state_dir: home.join("state"),
        ..Options::default()
    };
    Sandbox::open(options).await.unwrap()
}

async fn ask(sandbox: &Sandbox, method: Method, path: &str, body: Value) -> Value {
    let access = sandbox.access();
    let response = reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .request(method, format!("{}{path}", access.endpoint_hetzner))
        .bearer_auth(&access.token_hetzner)
        .json(&body)
        .send()
        .await
        .unwrap();
    assert!(
        response.status().is_success(),
        "{path}: {}",
        response.status()
    );
    response.json().await.unwrap()
}

/// What a command says at the machine, once it answers.
async fn ssh(home: &Path, sandbox: &Sandbox, ip: &str, command: &str) -> String {
    let begun = Instant::now();
    loop {
        let output = Command::new("ssh")
            .args([
                "-F",
                "none",
                "-o",
                "BatchMode=yes",
                "-o",
                "ConnectTimeout=10",
            ])
            .args([
                "-o",
                "StrictHostKeyChecking=no",
                "-o",
                "UserKnownHostsFile=/dev/null",
            ])
            .arg("-i")
            .arg(home.join("key"))
            .args(["-p", &sandbox.access().ssh_port.to_string()])
            .args([&format!("root@{ip}"), command])
            .env_remove("SSH_AUTH_SOCK")
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .unwrap();
        if output.status.success() {
            return String::from_utf8(output.stdout).unwrap().trim().to_owned();
        }
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(begun.elapsed() < PATIENCE, "{said}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn keygen(home: &Path) -> String {
    let status = std::process::Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "me", "-f"])
        .arg(home.join("key"))
        .status()
        .unwrap();
    assert!(status.success());
    let public = std::fs::read_to_string(home.join("key.pub")).unwrap();
    public.trim().to_owned()
}

const BOOT: &str = "cat /proc/sys/kernel/random/boot_id";

/// The same once another boot than this one answers; its id.
async fn next_boot(home: &Path, sandbox: &Sandbox, ip: &str, old: &str) -> String {
    let begun = Instant::now();
    loop {
        let id = ssh(home, sandbox, ip, BOOT).await;
        if id != old {
            return id;
        }
        assert!(begun.elapsed() < PATIENCE, "boot {old} does not end");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reboot_from_inside_boots_the_armed_rescue_system_once() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let public = keygen(home);
    let sandbox = open(home).await;
    let key = json!({"name": "me", "public_key": public});
    let key = ask(&sandbox, Method::POST, "/ssh_keys", key).await;
    let key = &key["ssh_key"]["id"];
    let order =
        json!({"name": "web-1", "server_type": "cx23", "image": "debian-13", "ssh_keys": [key]});
    let made = ask(&sandbox, Method::POST, "/servers", order).await;
    let shown = &made["server"]["public_net"]["ipv4"]["ip"];
    let ip = shown.as_str().unwrap().to_owned();
    let path = format!("/servers/{}", made["server"]["id"]);
    let act = async |action: &str| {
        let path = format!("{path}/actions/{action}");
        ask(&sandbox, Method::POST, &path, json!({"ssh_keys": [key]})).await
    };
    let enabled = async || {
        let shown = ask(&sandbox, Method::GET, &path, json!({})).await;
        shown["server"]["rescue_enabled"].as_bool().unwrap()
    };
    let mut boot = ssh(home, &sandbox, &ip, BOOT).await;
    let mut reboot = async || {
        ssh(home, &sandbox, &ip, "systemctl --no-block reboot").await;
        boot = next_boot(home, &sandbox, &ip, &boot).await;
        ssh(home, &sandbox, &ip, "hostname").await
    };

    act("enable_rescue").await;
    assert!(enabled().await);
    assert_eq!(reboot().await, "rescue");
    assert!(!enabled().await, "used up");
    assert_eq!(reboot().await, "web-1");

    act("enable_rescue").await;
    assert!(enabled().await);
    let path_off = format!("{path}/actions/disable_rescue");
    ask(&sandbox, Method::POST, &path_off, json!({})).await;
    assert!(!enabled().await);
    assert_eq!(reboot().await, "web-1");
    sandbox.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn machines_answer_as_the_api_says_and_live_on_when_it_is_opened_again() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let public = keygen(home);
    let sandbox = open(home).await;
    let key = ask(
        &sandbox,
        Method::POST,
        "/ssh_keys",
        json!({"name": "me", "public_key": public}),
    )
    .await;
    let key = &key["ssh_key"]["id"];
    let order =
        json!({"name": "web-1", "server_type": "cx23", "image": "debian-13", "ssh_keys": [key]});
    let made = ask(&sandbox, Method::POST, "/servers", order).await;
    let ip = made["server"]["public_net"]["ipv4"]["ip"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/servers/{}", made["server"]["id"]);
    assert_eq!(ssh(home, &sandbox, &ip, "hostname").await, "web-1");
    let first = ssh(home, &sandbox, &ip, BOOT).await;

    let rescue = json!({"ssh_keys": [key]});
    ask(
        &sandbox,
        Method::POST,
        &format!("{path}/actions/enable_rescue"),
        rescue,
    )
    .await;
    assert_eq!(
        ssh(home, &sandbox, &ip, BOOT).await,
        first,
        "arming boots nothing"
    );
    ask(
        &sandbox,
        Method::POST,
        &format!("{path}/actions/reset"),
        json!({}),
    )
    .await;
    ask(&sandbox, Method::GET, &path, json!({})).await;
    assert_eq!(ssh(home, &sandbox, &ip, "hostname").await, "rescue");
    let second = ssh(home, &sandbox, &ip, BOOT).await;
    assert_ne!(second, first);

    sandbox.close().await.unwrap();
    let sandbox = open(home).await;
    assert_eq!(
        ssh(home, &sandbox, &ip, BOOT).await,
        second,
        "it was never off"
    );
    let gone = ask(&sandbox, Method::DELETE, &path, json!({})).await;
    assert_eq!(gone["action"]["command"], "delete_server");
    let at = format!("{ip}:{}", sandbox.access().ssh_port);
    assert!(
        tokio::net::TcpStream::connect(&at).await.is_err(),
        "nobody listens at {at}"
    );
    sandbox.close().await.unwrap();
}
