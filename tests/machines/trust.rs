//! Another machine in the place of the one that is installed gets nothing.

use crate::guests::{BIOS, Guests, plain};
use serde_json::json;
use std::io::{BufRead as _, BufReader, Read as _};

#[test]
#[ignore = "boots a machine: cargo xtask machines"]
fn an_impostor_in_the_middle_of_the_installation_is_refused() {
    let guests = Guests::new(&plain());
    guests.host(BIOS, "auto");
    let mut up = guests
        .lab
        .command("up box --sandbox --machines qemu")
        .spawn()
        .unwrap();
    let mut told = String::new();
    let mut lines = BufReader::new(up.stderr.take().unwrap());
    let mut line = String::new();
    let mut replaced = false;
    while lines.read_line(&mut line).unwrap() > 0 {
        told.push_str(&line);
        if line.starts_with("box: kexec") && !replaced {
            let path = format!("/machines/{}/faults", guests.machine());
            guests.control("POST", &path, &json!({ "ssh": "impostor" }));
            replaced = true;
        }
        line.clear();
    }
    let mut stdout = String::new();
    up.stdout
        .take()
        .unwrap()
        .read_to_string(&mut stdout)
        .unwrap();
    let status = up.wait().unwrap();
    assert!(replaced, "kexec was never reached: {told}");
    assert_eq!(status.code(), Some(9), "{told}");
    assert!(told.contains("host key"), "{told}");
    guests.teardown("box");
}
