//! A Public Cloud instance of a whole sandbox, over HTTP and with the system's own `ssh`.
#![expect(clippy::unwrap_used, reason = "the tools of a test are a test too")]

use provision_sandbox::{Options, Sandbox};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::process::Command;

const PATIENCE: Duration = Duration::from_secs(60);

/// A client by `OAuth2`: the tests beside the code sign.
struct Client {
    sandbox: Sandbox,
    token: String,
}

impl Client {
    async fn open(home: &Path) -> Self {
        let options = Options {
            state_dir: home.join("state"),
            ..Options::default()
        };
        let sandbox = Sandbox::open(options).await.unwrap();
        let access = sandbox.access();
        let form = format!(
            "grant_type=client_credentials&scope=all&client_id={}&client_secret={}",
            access.ovh_client_id, access.ovh_client_secret
        );
        let request = http().post(&access.ovh_token_url).body(form);
        let given: Value = request.send().await.unwrap().json().await.unwrap();
        let token = given["access_token"].as_str().unwrap().to_owned();
        Self { sandbox, token }
    }

    /// Asks for something in the project, which has to work.
    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let access = self.sandbox.access();
        let base = format!(
            "{}/cloud/project/{}",
            access.endpoint_ovh, access.ovh_project
        );
        let request = http()
            .request(method, format!("{base}{path}"))
            .bearer_auth(&self.token);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        let response = request.send().await.unwrap();
        let status = response.status();
        let answer: Value = response.json().await.unwrap();
        assert!(status.is_success(), "{path}: {answer}");
        answer
    }

    async fn named(&self, kind: &str, name: &str) -> Value {
        let path = format!("/{kind}?region=GRA11");
        let all = self.ask(Method::GET, &path, None).await;
        let mut all = all.as_array().unwrap().iter();
        all.find(|thing| thing["name"] == name).unwrap()["id"].clone()
    }
}

fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// How to get in.
enum Way<'a> {
    Key(&'a Path),
    /// A program that says the password.
    Password(&'a Path),
}

/// What a command says at the machine, once this user gets in this way.
async fn ssh(port: u16, at: &str, way: &Way<'_>, command: &str) -> String {
    let begun = Instant::now();
    loop {
        let mut ssh = Command::new("ssh");
        ssh.args(["-F", "none", "-o", "ConnectTimeout=10"])
            .args(["-o", "StrictHostKeyChecking=no"])
            .args(["-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"])
            .args(["-o", "NumberOfPasswordPrompts=1"])
            .args(["-p", &port.to_string()])
            .env_remove("SSH_AUTH_SOCK")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        match way {
            Way::Key(key) => ssh.args(["-o", "BatchMode=yes", "-i"]).arg(key),
            Way::Password(says) => ssh
                .args(["-o", "PubkeyAuthentication=no"])
                .env("SSH_ASKPASS", says)
                .env("SSH_ASKPASS_REQUIRE", "force"),
        };
        let output = ssh.args([at, command]).output().await.unwrap();
        if output.status.success() {
            return String::from_utf8(output.stdout).unwrap().trim().to_owned();
        }
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(begun.elapsed() < PATIENCE, "{at} {command}: {said}");
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

/// The program that says the password; only its owner may read it.
fn askpass(home: &Path, password: &str) -> std::path::PathBuf {
    let (draft, path) = (home.join("askpass.draft"), home.join("askpass"));
    std::fs::write(&draft, format!("#!/bin/sh\necho '{password}'\n")).unwrap();
    // a child of another test may hold what we have written open: then it cannot be run
    let mut copy = std::process::Command::new("install");
    let copied = copy.args(["-m", "700"]).arg(&draft).arg(&path).status();
    assert!(copied.unwrap().success());
    path
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_is_made_rescued_and_comes_back() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let public = keygen(home);
    let client = Client::open(home).await;
    let key = json!({"name": "me", "publicKey": public});
    let key = client.ask(Method::POST, "/sshkey", Some(key)).await;
    let order = json!({
        "name": "web-1",
        "region": "GRA11",
        "flavorId": client.named("flavor", "d2-2").await,
        "imageId": client.named("image", "Debian 13").await,
        "sshKeyId": key["id"],
    });
    let made = client.ask(Method::POST, "/instance", Some(order)).await;
    let path = format!("/instance/{}", made["id"].as_str().unwrap());
    let shown = client.ask(Method::GET, &path, None).await;
    assert_eq!(shown["status"], "ACTIVE");
    let ip = shown["ipAddresses"][0]["ip"].as_str().unwrap();
    let port = client.sandbox.access().ssh_port;
    let private = home.join("key");
    let (user, way) = (format!("debian@{ip}"), Way::Key(&private));
    assert_eq!(ssh(port, &user, &way, "hostname").await, "web-1");

    let switch = format!("{path}/rescueMode");
    let on = Some(json!({"rescue": true}));
    let answer = client.ask(Method::POST, &switch, on).await;
    let says = askpass(home, answer["adminPassword"].as_str().unwrap());
    let shown = client.ask(Method::GET, &path, None).await;
    assert_eq!(shown["status"], "RESCUE");
    let (root, by_password) = (format!("root@{ip}"), Way::Password(&says));
    let name = ssh(port, &root, &by_password, "hostname").await;
    assert_eq!(name, "rescue");
    let disks = ssh(port, &root, &by_password, "lsblk").await;
    assert!(disks.contains("sdb"), "its own disk is the second: {disks}");

    let off = Some(json!({"rescue": false}));
    client.ask(Method::POST, &switch, off).await;
    let shown = client.ask(Method::GET, &path, None).await;
    assert_eq!(shown["status"], "ACTIVE");
    assert_eq!(ssh(port, &user, &way, "hostname").await, "web-1");
    assert_eq!(client.ask(Method::DELETE, &path, None).await, Value::Null);
    assert_eq!(client.ask(Method::GET, "/instance", None).await, json!([]));
    assert!(
        tokio::net::TcpStream::connect((ip, port)).await.is_err(),
        "nobody listens any more"
    );
    client.sandbox.close().await.unwrap();
}
