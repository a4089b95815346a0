//! A machine that another client made is installed by its address.

use crate::lab::Lab;
use serde_json::{Value, json};

/// Creates a server as any client of the vendor's would, and answers its address.
fn other_client(lab: &Lab, served: &crate::lab::Served) -> String {
    let public = fs_key(lab);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let client = reqwest::Client::new();
        let post = async |path: &str, body: Value| -> Value {
            client
                .post(format!("{}{path}", served.variable("HCLOUD_ENDPOINT")))
                .bearer_auth(served.variable("HCLOUD_TOKEN"))
                .json(&body)
                .send()
                .await
                .unwrap()
                .error_for_status()
                .unwrap()
                .json()
                .await
                .unwrap()
        };
        let key = post("/ssh_keys", json!({ "name": "mine", "public_key": public })).await;
        let made = post(
            "/servers",
            json!({
                "name": "by-hand", "server_type": "cx23", "image": "debian-13",
                "location": "fsn1", "ssh_keys": [key["ssh_key"]["id"].to_string()],
            }),
        )
        .await;
        let ip = &made["server"]["public_net"]["ipv4"]["ip"];
        ip.as_str().unwrap().to_owned()
    })
}

fn fs_key(lab: &Lab) -> String {
    let path = lab.path("id");
    let made = std::process::Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(&path)
        .status()
        .unwrap();
    assert!(made.success());
    std::fs::read_to_string(path.with_extension("pub")).unwrap()
}

#[test]
fn a_machine_that_exists_is_installed() {
    let lab = Lab::new();
    let served = lab.serve();
    let ip = other_client(&lab, &served);
    let port = served.variable("PROVISION_SSH_PORT");
    let identity = lab.path("id");
    let common = format!(
        "install hetzner-cloud --sandbox --target-ip {ip} --port {port} --identity {}",
        identity.display()
    );
    assert_eq!(lab.run(&common).code, 2, "a host key has to be said");
    let wrong = format!("SHA256:{}", "A".repeat(43));
    lab.run(&format!("{common} --host-key {wrong}"))
        .failed(9, &["expected was", "nothing was sent"]);
    let ran = lab.run(&format!("{common} --accept-new-host-key --output json"));
    let document = ran.succeeded().json();
    assert_eq!(document["hosts"][0]["proven"], true);
    assert_eq!(document["hosts"][0]["installer"], "stand-in");
    assert_eq!(document["hosts"][0]["provider"], Value::Null);
}
