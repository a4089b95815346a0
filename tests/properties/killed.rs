//! Files are the old ones or the new ones, whenever the writer is killed.

use provision::facts::Facts;
use provision::state::write_private;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const FOLDER: &str = "PROVISION_TEST_WRITES_IN";
/// So often a writer is killed.
const KILLS: u64 = 25;
/// Long enough that it is written in more than one go.
const LONG: usize = 300_000;

/// The facts of one of two servers, one with many more addresses.
fn facts(second: bool) -> Facts {
    let addresses: Vec<String> = (0..if second { 20_000 } else { 1 })
        .map(|at| format!("2001:db8::{at:x}/64"))
        .collect();
    let document = json!({
        "schema": 1, "server_id": if second { "2" } else { "1" }, "arch": "x86_64",
        "firmware": "bios", "layout": "bios", "boot_disk": "/dev/sda",
        "network": {"dhcp4": true, "addresses": addresses, "gateways": []},
    });
    Facts::from_json(document.to_string().as_bytes()).unwrap()
}

fn private(second: bool) -> Vec<u8> {
    vec![if second { b'b' } else { b'a' }; if second { LONG } else { 10 }]
}

fn files(folder: &Path) -> (PathBuf, PathBuf) {
    (folder.join("facts.json"), folder.join("private"))
}

#[test]
#[ignore = "runs until it is killed: the other test here starts it"]
fn writes_until_it_is_killed() {
    let folder = PathBuf::from(std::env::var_os(FOLDER).unwrap());
    let (public, secret) = files(&folder);
    let until = Instant::now() + Duration::from_secs(60);
    let mut second = false;
    while Instant::now() < until {
        facts(second).write(&public).unwrap();
        write_private(&secret, &private(second)).unwrap();
        second = !second;
    }
}

#[test]
fn a_file_is_never_half_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let (public, secret) = files(folder.path());
    for kill in 0..KILLS {
        let mut writer = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "killed::writes_until_it_is_killed"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let until = Instant::now() + Duration::from_secs(20);
        while !secret.exists() {
            assert!(Instant::now() < until, "it writes nothing");
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_micros(kill * 1_700));
        writer.kill().unwrap();
        writer.wait().unwrap();
        let found = Facts::read(&public).unwrap().unwrap();
        assert!([false, true].map(facts).contains(&found), "kill {kill}");
        let found = fs::read(&secret).unwrap();
        assert!([false, true].map(private).contains(&found), "kill {kill}");
    }
}
