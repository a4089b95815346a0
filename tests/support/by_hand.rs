//! A server that another client of the vendor's made, with a login key of its own.

use crate::lab::{Lab, Served};
use serde_json::json;
use std::process::Command;

/// Creates it at Hetzner, with the key `id` of the lab; answers its address.
pub(crate) fn server(lab: &Lab, served: &Served) -> String {
    let identity = lab.path("id");
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(&identity)
        .status()
        .unwrap();
    assert!(made.success());
    let public = std::fs::read_to_string(identity.with_extension("pub")).unwrap();
    let key = json!({ "name": "mine", "public_key": public });
    let key = served.hetzner("POST", "/ssh_keys", &key);
    let order = json!({
        "name": "by-hand", "server_type": "cx23", "image": "debian-13", "location": "fsn1",
        "ssh_keys": [key["ssh_key"]["id"].to_string()],
    });
    let made = served.hetzner("POST", "/servers", &order);
    let ip = &made["server"]["public_net"]["ipv4"]["ip"];
    ip.as_str().unwrap().to_owned()
}
