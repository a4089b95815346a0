//! The commands, asked without SSH.

use super::*;
use crate::machine::emulated::boot;
use crate::machine::emulated::disk::{Contents, Os};
use crate::machine::emulated::{Latency, disko};
use crate::machine::{Boot, Firmware, Image, Platform, RescueSystem, Spec};
use serde_json::json;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

pub(super) const SYSTEM: &str = "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-nixos-system-web-1";

/// What a machine of a test runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Runs {
    Stock,
    Rescue,
    Installer,
    Installed,
}

/// A machine that runs this, without a port.
pub(super) fn machine(runs: Runs, firmware: Firmware) -> Arc<Inner> {
    let spec = Spec {
        id: "m".into(),
        hostname: "web-1".into(),
        ipv4: Ipv4Addr::new(127, 7, 7, 7),
        ipv6: "2001:db8::1".into(),
        ssh_port: 22022,
        arch: "x86_64".into(),
        firmware,
        memory_mib: 4096,
        disk_gib: 40,
        platform: Platform::default(),
    };
    let inner = Inner::new(spec, Latency::default());
    inner.attach("4711", 10, false).unwrap();
    {
        let mut state = inner.state();
        let image = Image {
            os: "debian".into(),
            version: "12".into(),
            user_data: None,
            authorized_keys: vec!["ssh-ed25519 AAAA me".into()],
            user: None,
        };
        state.disks[0].write_stock(image, "web-1", "x86_64");
        if runs == Runs::Installed {
            install(&mut state.disks[0].contents);
        }
        let boot = match runs {
            Runs::Rescue | Runs::Installer => Boot::Rescue {
                authorized_keys: vec![],
                password: None,
                system: RescueSystem::default(),
            },
            _ => Boot::Disk,
        };
        boot::start(&mut state, &inner.spec, &boot, 1_700_000_000);
        if runs == Runs::Installer {
            boot::kexec(&mut state, "root", 1_700_000_000);
        }
    }
    inner
}

fn install(contents: &mut Option<Contents>) {
    let contents = contents.as_mut().unwrap();
    contents.os = Os::Nixos {
        system: SYSTEM.into(),
    };
    contents.files = BTreeMap::new();
    contents.accounts = vec![
        Account::root(vec![]),
        Account::user("hbohlen", 1000, true, vec![]),
        Account::user("guest", 1001, false, vec![]),
    ];
}

/// Status, output and errors of a script.
pub(super) async fn ask(
    machine: &Arc<Inner>,
    user: &str,
    script: &str,
    input: &[u8],
) -> (u8, String, String) {
    let login = {
        let state = machine.state();
        let running = state.running.as_ref().unwrap();
        let found = running.accounts.iter().find(|a| a.name == user);
        found.cloned().unwrap()
    };
    let (sender, stdin) = Input::new();
    sender.send(input.to_vec()).unwrap();
    drop(sender);
    let (output, mut spoken) = mpsc::unbounded_channel();
    let mut shell = Shell::new(Arc::clone(machine), login, stdin, output);
    let status = shell.run(script).await;
    drop(shell);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    while let Some((fd, bytes)) = spoken.recv().await {
        if fd == 1 { &mut out } else { &mut err }.extend(bytes);
    }
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status, text(out), text(err))
}

/// A row of a table: who, script, input, status, output, a part of the errors.
type Row<'a> = (&'a str, &'a str, &'a str, u8, &'a str, &'a str);

async fn check(runs: Runs, rows: &[Row<'_>]) {
    for (user, script, input, status, out, err) in rows {
        let machine = machine(runs, Firmware::Bios);
        let said = ask(&machine, user, script, input.as_bytes()).await;
        assert_eq!(
            (said.0, said.1.as_str()),
            (*status, *out),
            "{script}: {said:?}"
        );
        assert!(said.2.contains(err), "{script}: {said:?}");
        assert_eq!(said.2.is_empty(), err.is_empty(), "{script}: {said:?}");
    }
}

#[tokio::test]
async fn the_shell_joins_redirects_and_refuses() {
    check(
        Runs::Stock,
        &[
            (
                "root",
                "true && echo a || echo b; false && echo c || echo d",
                "",
                0,
                "a\nd\n",
                "",
            ),
            (
                "root",
                "echo a >/dev/null; echo b 2>&1 1>/dev/null; nope 2>/dev/null",
                "",
                127,
                "",
                "",
            ),
            (
                "root",
                "nope 2>&1",
                "",
                127,
                "sandbox: nope is not in the closed table of commands\n",
                "",
            ),
            ("root", "exit 3; echo no", "", 3, "", ""),
            ("root", "set -e; false; echo no", "", 1, "", ""),
            (
                "root",
                "set -e; false || echo yes; ! true || echo b",
                "",
                0,
                "yes\nb\n",
                "",
            ),
            ("root", "sh -c 'exit 4'; echo on", "", 0, "on\n", ""),
            ("root", "bash -eu -c 'false; echo no'", "", 1, "", ""),
            ("root", "sh", "echo from input\n", 0, "from input\n", ""),
            ("root", "LC_ALL=C uname", "", 0, "Linux\n", ""),
            ("root", "echo $(id)", "", 2, "", "has no expansion"),
            ("root", "ls /dev/*", "", 2, "", "has no file name patterns"),
            (
                "root",
                "/usr/bin/env id",
                "",
                127,
                "",
                "env is not in the closed table",
            ),
            (
                "root",
                "nix-store --version",
                "",
                127,
                "",
                "not in the closed table",
            ),
            ("root", "cat < /etc/hostname", "", 0, "web-1\n", ""),
            ("root", "cat <&3", "", 2, "", "has no background jobs"),
            ("root", "printf '%s-%d\\n' a 1 b 2", "", 0, "a-1\nb-2\n", ""),
            ("root", "echo -n a; echo -e 'b\\tc'", "", 0, "ab\tc\n", ""),
        ],
    )
    .await;
}

#[tokio::test]
async fn files_are_written_read_and_guarded() {
    check(
        Runs::Installed,
        &[
            ("root", "umask 077; mkdir -p /tmp/a/b; cat > /tmp/a/b/c; cat /tmp/a/b/c; stat -c %a /tmp/a/b/c", "data", 0, "data600\n", ""),
            ("root", "echo a > /tmp/x; echo b >> /tmp/x; cat /tmp/x", "", 0, "a\nb\n", ""),
            ("root", "tee /tmp/x; cat /tmp/x", "y", 0, "yy", ""),
            ("root", "touch /tmp/x; test -f /tmp/x && test ! -s /tmp/x", "", 0, "", ""),
            ("root", "mkdir /tmp", "", 1, "", "File exists"),
            ("root", "touch /tmp/a; chmod 640 /tmp/a /tmp; stat -c '%a %n' /tmp/a /tmp", "", 0, "640 /tmp/a\n640 /tmp\n", ""),
            ("root", "chmod 600 /no/such", "", 1, "", "No such file or directory"),
            ("root", "chmod go-rwx /tmp", "", 2, "", "'go-rwx', which is not octal, is not emulated"),
            ("guest", "chmod 600 /tmp/../etc/hostname", "", 1, "", "Permission denied"),
            ("root", "mkdir /no/such", "", 1, "", "No such file or directory"),
            ("root", "echo x > /proc/x", "", 1, "", "Read-only file system"),
            ("hbohlen", "echo x > /etc/x", "", 1, "", "Permission denied"),
            ("hbohlen", "echo x > /home/hbohlen/x; cat /home/hbohlen/x", "", 0, "x\n", ""),
            ("hbohlen", "cat /etc/ssh/ssh_host_ed25519_key", "", 1, "", "Permission denied"),
            ("hbohlen", "sudo -n cat /etc/hostname", "", 0, "web-1\n", ""),
            ("hbohlen", "sudo id -un; id -un", "", 0, "root\nhbohlen\n", ""),
            ("guest", "sudo id -un", "", 1, "", "a password is required"),
            ("hbohlen", "reboot", "", 1, "", "authentication required"),
            ("root", "cat /etc", "", 1, "", "Is a directory"),
            ("root", "test -e /nope; echo x > relative", "", 1, "", "absolute"),
            ("root", "[ -d /etc ] && [ a = a ] && [ 2 -gt 1 ] && test ! -e /x", "", 0, "", ""),
            ("root", "[ -d /etc", "", 2, "", "missing `]'"),
            ("root", "[ a b c d e ]", "", 2, "", "syntax error"),
        ],
    )
    .await;
}

#[tokio::test]
async fn root_that_is_turned_away_runs_nothing() {
    let machine = machine(Runs::Stock, Firmware::Bios);
    if let Some(running) = &mut machine.state().running {
        running.accounts[0].turned_away = Some("Please login as another.".into());
    }
    let said = ask(&machine, "root", "reboot", b"").await;
    assert_eq!(
        (said.0, said.1.as_str()),
        (142, "Please login as another.\n\n")
    );
}

#[tokio::test]
async fn the_phases_are_for_root_in_an_installer() {
    let described = json!({"schema": 1, "disks": [{"device": "/dev/sda", "table": "gpt",
        "partitions": [{"name": "root", "type": "8300", "size": "100%", "format": "ext4", "mountpoint": "/"}]}]})
    .to_string();
    for (runs, user, script, err) in [
        (Runs::Installed, "hbohlen", "stand-in kexec", "needs root"),
        (Runs::Stock, "root", "stand-in disko", "is not it"),
        (
            Runs::Installer,
            "root",
            "stand-in install",
            "no system.json",
        ),
        (Runs::Installer, "root", "stand-in frobnicate", "usage"),
        (Runs::Rescue, "root", "stand-in install", "is not it"),
    ] {
        let machine = machine(runs, Firmware::Bios);
        let said = ask(&machine, user, script, b"").await;
        assert_eq!(said.0, 1, "{script}: {said:?}");
        assert!(said.2.contains(err), "{script}: {said:?}");
    }
    let machine = machine(Runs::Installer, Firmware::Bios);
    let said = ask(
        &machine,
        "root",
        "stand-in disko && findmnt --json /mnt",
        described.as_bytes(),
    )
    .await;
    assert_eq!(said.0, 0, "{said:?}");
    assert!(said.1.contains("\"source\": \"/dev/sda1\""), "{said:?}");
    assert!(
        disko::find(&machine.state(), &machine.spec, "/dev/sda1")
            .unwrap_err()
            .contains("not a disk")
    );
}
