//! The vendor's own command line client, `hcloud`.

use crate::child;
use crate::seen::{
    Described, IMAGE, KEY_NAME, LABEL, LOCATION, SERVER_NAME, SERVER_TYPE, Seen, public_key,
};
use crate::support::{vendors, world::World};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);

/// Where it is installed.
pub(crate) fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|dir| dir.join("hcloud"))
        .find(|file| file.is_file())
}

/// What its requests do that the vendor's schema does not have, and the vendor takes: ids where
/// the schema has text, and pages of a list of actions that was asked for by their ids.
pub(crate) fn excused(finding: &str) -> bool {
    (finding.starts_with("POST /hetzner/v1/servers -> 201: request/image: ")
        && finding.ends_with(" is not of type \"string\""))
        || finding == "GET /hetzner/v1/actions -> 200: query: \"page\" is not a parameter"
        || vendors::keys_by_id(finding)
}

struct Cli<'a> {
    program: &'a Path,
    world: &'a World,
}

impl Cli<'_> {
    async fn run(&self, line: &str) -> String {
        let mut command = child::command(self.program, self.world);
        command
            .args(["--poll-interval", "50ms"])
            .args(line.split(' '));
        child::output(&mut command).await
    }

    async fn json(&self, line: &str) -> Value {
        let text = self.run(&format!("{line} -o json")).await;
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{line}: {e}: {text}"))
    }

    async fn names(&self, what: &str) -> Vec<String> {
        let table = self
            .run(&format!("{what} list -o noheader -o columns=name"))
            .await;
        table.lines().map(|line| line.trim().to_owned()).collect()
    }

    async fn describe(&self) -> Value {
        self.json(&format!("server describe {SERVER_NAME}")).await
    }

    /// The description once it fits.
    async fn wait(&self, what: &str, fits: fn(&Value) -> bool) -> Value {
        let until = Instant::now() + PATIENCE;
        loop {
            let server = self.describe().await;
            if fits(&server) {
                return server;
            }
            assert!(Instant::now() < until, "never {what}: {server:#}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// The whole session.
pub(crate) async fn session(program: &Path, world: &World) -> Seen {
    let cli = Cli { program, world };
    let key_file = world.file("key.pub");
    std::fs::write(&key_file, public_key()).unwrap();
    cli.run(&format!(
        "ssh-key create --name {KEY_NAME} --public-key-from-file {}",
        key_file.display()
    ))
    .await;
    let key = cli.json(&format!("ssh-key describe {KEY_NAME}")).await;
    let keys = cli.names("ssh-key").await;

    cli.run(&format!(
        "server create --name {SERVER_NAME} --type {SERVER_TYPE} --image {IMAGE} --location {LOCATION} \
         --ssh-key {KEY_NAME} --label {}={}",
        LABEL.0, LABEL.1
    ))
    .await;
    let servers = cli.names("server").await;
    let running = cli
        .wait("running", |server| server["status"] == "running")
        .await;
    cli.run(&format!(
        "server enable-rescue {SERVER_NAME} --ssh-key {KEY_NAME}"
    ))
    .await;
    let armed = cli.describe().await;
    cli.run(&format!("server reset {SERVER_NAME}")).await;
    let after = cli
        .wait("out of rescue", |server| server["rescue_enabled"] == false)
        .await;
    cli.run(&format!("server delete {SERVER_NAME}")).await;
    cli.run(&format!("ssh-key delete {KEY_NAME}")).await;

    let mut left = cli.names("server").await;
    left.extend(cli.names("ssh-key").await);
    left.extend(cli.names("primary-ip").await);
    let rescue = [&running, &armed, &after].map(|server| server["rescue_enabled"] == true);
    Seen {
        key_fingerprint: text(&key, "/fingerprint"),
        keys,
        servers,
        server: described(&running),
        rescue,
        after_reset: text(&after, "/status"),
        left,
    }
}

fn described(server: &Value) -> Described {
    Described {
        name: text(server, "/name"),
        status: text(server, "/status"),
        server_type: text(server, "/server_type/name"),
        // the older of them knows the place by its datacenter only
        location: server
            .pointer("/location/name")
            .or_else(|| server.pointer("/datacenter/location/name"))
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        image: text(server, "/image/name"),
        ipv4: text(server, "/public_net/ipv4/ip"),
        labels: serde_json::from_value(server["labels"].clone()).unwrap(),
    }
}

fn text(value: &Value, pointer: &str) -> String {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_else(|| panic!("no text at {pointer} in {value:#}"))
        .to_owned()
}
