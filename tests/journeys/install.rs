//! A machine that another client made is installed by its address.

use crate::by_hand;
use crate::lab::Lab;
use serde_json::Value;

#[test]
fn a_machine_that_exists_is_installed() {
    let lab = Lab::new();
    let served = lab.serve();
    let ip = by_hand::server(&lab, &served);
    let port = served.variable("PROVISION_SSH_PORT");
    let identity = lab.path("id");
    let common = format!(
        "install hetzner-cloud --sandbox --target-ip {ip} --port {port} --identity {}",
        identity.display()
    );
    assert_eq!(lab.run(&common).code, 2, "a host key has to be said");
    let wrong = format!("SHA256:{}", "A".repeat(43));
    lab.run(&format!("{common} --host-key {wrong}")).failed(
        9,
        &[
            "expected was",
            "nothing was sent",
            &format!("remains the machine at {ip}"),
            &format!("resume  provision install hetzner-cloud --target-ip {ip} --port {port}"),
            &wrong,
        ],
    );
    let ran = lab.run(&format!("{common} --accept-new-host-key --output json"));
    let document = ran.succeeded().json();
    assert_eq!(document["hosts"][0]["proven"], true);
    assert_eq!(document["hosts"][0]["installer"], "stand-in");
    assert_eq!(document["hosts"][0]["provider"], Value::Null);
    assert_eq!(document["hosts"][0]["name"], "hetzner-cloud");
    assert_eq!(document["hosts"][0]["ipv4"], ip);
    // again, from the installed system and as its admin: the host keeps its key, and so does the
    // installer that it boots
    let again = lab.run(&format!("{common} --user hbohlen --accept-new-host-key"));
    again.succeeded();
}

#[test]
fn what_is_kept_of_a_server_of_that_name_stays() {
    let lab = Lab::new();
    let served = lab.serve();
    let key = lab
        .run("host key hetzner-cloud --sandbox")
        .succeeded()
        .stdout;
    lab.run("up hetzner-cloud --sandbox").succeeded();
    let kept = lab.state().join("sandbox/servers/hetzner-cloud");
    let before = ["installed.json", "known_hosts.installed", "identity"]
        .map(|file| (file, std::fs::read(kept.join(file)).unwrap()));
    let ip = by_hand::server(&lab, &served);
    let port = served.variable("PROVISION_SSH_PORT");
    let ran = lab
        .run(&format!(
            "install hetzner-cloud --sandbox --target-ip {ip} --port {port} --identity {} \
         --accept-new-host-key",
            lab.path("id").display()
        ))
        .succeeded();
    assert!(!ran.stdout.contains("provision ssh"), "{ran}");
    let login = ran.stdout.lines().find_map(|l| l.split_once("log in"));
    let script = format!("{} hostname", login.unwrap().1);
    let ssh = std::process::Command::new("sh")
        .args(["-c", &script])
        .output();
    assert_eq!(ssh.unwrap().stdout, b"hetzner-cloud\n", "{script}");
    for (file, content) in before {
        assert_eq!(std::fs::read(kept.join(file)).unwrap(), content, "{file}");
    }
    let at = lab
        .state()
        .join(format!("sandbox/servers/hetzner-cloud-at-{ip}"));
    let pins = std::fs::read_to_string(at.join("known_hosts.installed")).unwrap();
    let public = key.split(' ').nth(1).unwrap();
    assert!(pins.contains(public), "the identity is the host's: {pins}");
    lab.run("ssh hetzner-cloud --sandbox -- true").succeeded();
}

#[test]
fn the_sandbox_reaches_no_other_machine() {
    let lab = Lab::new();
    lab.run("install hetzner-cloud --sandbox --target-ip 192.0.2.7 --accept-new-host-key")
        .failed(4, &["192.0.2.7", "--sandbox"]);
}
