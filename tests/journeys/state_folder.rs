//! What is kept between runs: whose it is, and what comes of having another, or none.

use crate::lab::{Lab, Ran};

#[test]
fn a_state_folder_that_cannot_be_written() {
    let lab = Lab::new();
    std::fs::write(lab.state(), "a file").unwrap();
    lab.run("up hetzner-cloud --sandbox")
        .failed(15, &["--state-dir"]);
}

#[test]
fn a_state_folder_keeps_its_mode_and_is_not_shared() {
    use std::os::unix::fs::PermissionsExt as _;
    let lab = Lab::new();
    std::fs::create_dir(lab.state()).unwrap();
    let mode = |mode: u32| {
        std::fs::set_permissions(lab.state(), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let now = || std::fs::metadata(lab.state()).unwrap().permissions().mode() & 0o7777;
    for shared in [0o777, 0o1777] {
        mode(shared);
        lab.run("list --sandbox")
            .failed(15, &["others can write", "--state-dir"]);
        assert_eq!(now(), shared);
    }
    mode(0o755);
    lab.run("list --sandbox").succeeded();
    assert_eq!(now(), 0o755);
}

#[test]
fn a_second_laptop_makes_no_second_identity() {
    let lab = Lab::new();
    let served = lab.serve();
    let first = lab.run("host key hetzner-cloud --sandbox").succeeded();
    lab.run("up hetzner-cloud --sandbox").succeeded();
    let same = lab.run("host key hetzner-cloud --sandbox").succeeded();
    assert_eq!(first.stdout, same.stdout);
    let other = |endpoint: Option<&str>| {
        let mut command = lab.command("host key hetzner-cloud --owner sandbox --state-dir");
        command.arg(lab.path("other"));
        served.enter(&mut command);
        if let Some(endpoint) = endpoint {
            command
                .env("HCLOUD_ENDPOINT", endpoint)
                .env_remove("HCLOUD_TOKEN");
        }
        Ran::of(command.output().unwrap())
    };
    other(None).failed(
        9,
        &["another identity", "no identity of it is kept", "SHA256:"],
    );
    assert!(!lab.path("other/servers/hetzner-cloud/identity").exists());
    // where the cloud cannot be asked that is said
    let ran = other(Some("http://127.0.0.1:9/v1")).succeeded();
    assert!(ran.stderr.contains("was not asked"), "{ran}");
    other(None).failed(9, &["the one kept here is"]);
}
