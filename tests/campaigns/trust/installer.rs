//! The calls that nixos-anywhere makes, in its own forms, through the `ssh` that stands ahead on
//! its PATH: its own `ssh`, `ssh-copy-id`, and what Nix calls.

use super::impostor::{Does, Impostor};
use super::way::{ahead, find};
use crate::campaign::Campaign;
use serde_json::json;
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

/// How it calls: `ARGS` are the arguments that it always has, `HOST` is the target, `PATH` a path of
/// the store in `DIR/from`.
const FORMS: [(&str, &str); 9] = [
    ("ssh with a command", "ssh -T ARGS root@HOST 'exit 0'"),
    (
        "ssh with a time limit",
        "timeout 10 ssh ARGS root@HOST -- exit 0",
    ),
    (
        "ssh with a script",
        "echo 'exit 0' | ssh -T ARGS root@HOST sh",
    ),
    (
        "ssh-copy-id",
        "ssh-copy-id -o IdentitiesOnly=no -o ConnectTimeout=10 ARGS root@HOST",
    ),
    (
        "extra files",
        "tar -C extra -cpf- . | ssh -T ARGS root@HOST 'tar -C /mnt -xf- --no-same-owner'",
    ),
    (
        "a disk's key",
        "ssh -T ARGS root@HOST 'umask 077; cat > /tmp/key' < extra/secret",
    ),
    (
        "nix copy, ssh://",
        "NIX_SSHOPTS='ARGS' NIX copy --from DIR/from --to 'ssh://root@HOST?compress=true&remote-store=DIR/to' PATH",
    ),
    (
        "nix copy, ssh-ng://",
        "NIX_SSHOPTS='ARGS' NIX copy --from DIR/from --to 'ssh-ng://root@HOST?ssh-key=id&remote-store=DIR/to' PATH",
    ),
    (
        "another name for it",
        "ssh -T ARGS root@localhost 'cat > /x' < extra/secret",
    ),
];

const SECRET: &str = "planted-secret-of-the-extra-files";

struct Cell {
    what: &'static str,
    script: &'static str,
    right: bool,
}

#[test]
#[ignore = "a campaign: cargo xtask campaign"]
fn trust_in_what_the_installer_calls() {
    let campaign = Campaign::open("trust-installer");
    let cell = |(what, script), right| Cell {
        what,
        script,
        right,
    };
    let cells: Vec<Cell> = FORMS
        .into_iter()
        .flat_map(|form| [cell(form, false), cell(form, true)])
        .collect();
    let row = |cell: &Cell| {
        let who = if cell.right {
            "the machine"
        } else {
            "an impostor"
        };
        vec![cell.what.to_owned(), who.to_owned()]
    };
    campaign.run(&["call", "who answers"], &cells, row, called);
}

fn called(cell: &Cell) -> String {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let is_nix = cell.what.starts_with("nix");
    let does = if cell.right && is_nix {
        Does::AsTold
    } else {
        Does::Nothing
    };
    let host_key = ssh_key::PrivateKey::random(&mut rand::rng(), ssh_key::Algorithm::Ed25519);
    let answers = Impostor::with(host_key.unwrap(), does);
    let other = Impostor::new();
    let pinned = if cell.right { &answers } else { &other };
    fs::create_dir_all(at("extra")).unwrap();
    fs::create_dir_all(at("bin")).unwrap();
    fs::create_dir_all(at("home/.ssh")).unwrap();
    fs::write(at("extra/secret"), SECRET).unwrap();
    fs::write(at("pins"), format!("provision-box {}\n", pinned.public)).unwrap();
    symlink(env!("CARGO_BIN_EXE_provision"), at("bin/ssh")).unwrap();
    // a run that is alive, as its lock tells
    fs::write(at("lock"), "7").unwrap();
    let lock = File::open(at("lock")).unwrap();
    lock.try_lock().unwrap();
    let guard = json!({
        "ssh": find("ssh"), "host": "127.0.0.1", "alias": "provision-box",
        "pins": at("pins"), "lock": at("lock"), "run": 7,
    });
    fs::write(at("guard.json"), guard.to_string()).unwrap();
    key(&at("id"));
    let args = format!(
        "-o IdentitiesOnly=yes -i {} -o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no -p {}",
        at("id").display(),
        answers.port
    );
    let planted = if is_nix {
        planted(dir.path())
    } else {
        String::new()
    };
    let script = cell
        .script
        .replace("ARGS", &args)
        .replace("HOST", "127.0.0.1")
        .replace("NIX copy", &format!("{NIX} copy"))
        .replace("DIR", &dir.path().display().to_string())
        .replace("PATH", &planted);
    let output = Command::new("timeout")
        .args(["60", "sh", "-c", &script])
        .current_dir(dir.path())
        .env("PATH", ahead(&at("bin")))
        .env("HOME", at("home"))
        .env("PROVISION_SSH_GUARD", at("guard.json"))
        .env_remove("SSH_AUTH_SOCK")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let told = answers.told();
    let heard = String::from_utf8_lossy(&told.bytes);
    if cell.right && cell.what != "another name for it" {
        assert!(output.status.success(), "{said}");
        if is_nix {
            let copied = fs::read_to_string(at("to").join(planted.trim_start_matches('/')));
            assert_eq!(copied.unwrap(), SECRET, "{said}");
            return "let in, and the path is there".to_owned();
        }
        assert!(!told.logins.is_empty(), "nobody came: {said}");
        let sends = ["-C extra", "extra/secret"]
            .iter()
            .any(|e| cell.script.contains(e));
        assert!(!sends || heard.contains(SECRET), "nothing came: {heard}");
        return "let in".to_owned();
    }
    assert!(!output.status.success(), "{said}");
    assert!(
        told.logins.is_empty() && told.bytes.is_empty(),
        "{told:?}\n{said}"
    );
    assert!(!at("to/nix").exists(), "something was copied: {said}");
    "refused, nothing sent".to_owned()
}

const NIX: &str = "nix --extra-experimental-features nix-command";

/// A small path in a store of its own.
fn planted(dir: &Path) -> String {
    let file = dir.join("planted");
    fs::write(&file, SECRET).unwrap();
    let script = format!(
        "{NIX} store add-file --store {} {}",
        dir.join("from").display(),
        file.display()
    );
    let added = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert!(added.status.success(), "{added:?}");
    String::from_utf8(added.stdout).unwrap().trim().to_owned()
}

/// Makes a login key.
pub(crate) fn key(path: &Path) {
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(path)
        .status();
    assert!(made.unwrap().success());
}
