//! The commands, asked without SSH.

use super::*;
use crate::machine::emulated::boot;
use crate::machine::emulated::disk::{Contents, Os};
use crate::machine::emulated::{Latency, disko};
use crate::machine::{Boot, Faults, Firmware, Image, Spec};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

const SYSTEM: &str = "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-nixos-system-web-1";

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
        };
        state.disks[0].write_stock(image, "web-1", "x86_64");
        if runs == Runs::Installed {
            install(&mut state.disks[0].contents);
        }
        let boot = match runs {
            Runs::Rescue | Runs::Installer => Boot::Rescue {
                authorized_keys: vec![],
                password: None,
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
async fn each_system_says_what_it_is() {
    let table = [
        (Runs::Stock, "web-1", "ID=debian", "running", false),
        (Runs::Rescue, "rescue", "ID=debian", "running", false),
        (
            Runs::Installer,
            "nixos-installer",
            "VARIANT_ID=installer",
            "running",
            false,
        ),
        (Runs::Installed, "web-1", "ID=nixos", "running", true),
    ];
    for (runs, host, os, state, current) in table {
        let machine = machine(runs, Firmware::Uefi);
        let said = ask(
            &machine,
            "root",
            "hostname; systemctl is-system-running; cat /etc/os-release",
            b"",
        )
        .await;
        assert!(
            said.1.starts_with(&format!("{host}\n{state}\n")),
            "{said:?}"
        );
        assert!(said.1.contains(os), "{runs:?}: {said:?}");
        let said = ask(&machine, "root", "readlink /run/current-system", b"").await;
        assert_eq!(said.0 == 0, current, "{runs:?}: {said:?}");
        let said = ask(&machine, "root", "nixos-version", b"").await;
        let nixos = matches!(runs, Runs::Installer | Runs::Installed);
        assert_eq!(said.0, if nixos { 0 } else { 127 }, "{runs:?}: {said:?}");
        let said = ask(
            &machine,
            "root",
            "cat /sys/firmware/efi/fw_platform_size",
            b"",
        )
        .await;
        assert_eq!(said.1, "64\n");
    }
    let bios = machine(Runs::Installed, Firmware::Bios);
    let said = ask(&bios, "root", "test -d /sys/firmware/efi", b"").await;
    assert_eq!(said.0, 1);
    let script = "readlink -f /run/current-system /nix/var/nix/profiles/system; cat /proc/meminfo; uname -mn; nproc";
    let said = ask(&bios, "hbohlen", script, b"").await;
    assert!(
        said.1
            .starts_with(&format!("{SYSTEM}\n{SYSTEM}\nMemTotal:        40684")),
        "{said:?}"
    );
    assert!(said.1.ends_with("\nweb-1 x86_64\n2\n"), "{said:?}");
}

#[tokio::test]
async fn lsblk_has_the_shapes_of_util_linux() {
    let machine = machine(Runs::Stock, Firmware::Bios);
    let script = "lsblk --json --bytes --output NAME,PATH,TYPE,SIZE,SERIAL,MODEL,RO,RM,MOUNTPOINTS,FSTYPE,PARTTYPE,PTTYPE,PKNAME,TRAN";
    let said = ask(&machine, "root", script, b"").await;
    let all: Value = serde_json::from_str(&said.1).unwrap();
    let list = all["blockdevices"].as_array().unwrap();
    let names: Vec<_> = list.iter().map(|d| d["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["sda", "sdb", "sr0"]);
    let root = &list[0]["children"][0];
    assert_eq!(root["mountpoints"], json!(["/"]));
    assert_eq!(root["pkname"], "sda");
    assert_eq!(root["parttype"], "4f68bce3-e8cd-4db1-96e7-fbcaf984b709");
    let own = &list[0];
    assert_eq!(own["size"], 40 * 1024 * 1024 * 1024_u64);
    assert_eq!((&own["ro"], &own["rm"]), (&json!(false), &json!(false)));
    assert_eq!(
        (&own["tran"], &own["mountpoints"]),
        (&Value::Null, &json!([null]))
    );
    assert_eq!(
        (&list[1]["serial"], &list[1]["fstype"]),
        (&json!("4711"), &json!("ext4"))
    );
    assert_eq!(
        (&list[2]["type"], &list[2]["rm"]),
        (&json!("rom"), &json!(true))
    );

    // without names there is no tree to hang children on
    let said = ask(&machine, "root", "lsblk -J -o SIZE,TYPE", b"").await;
    let all: Value = serde_json::from_str(&said.1).unwrap();
    assert_eq!(all["blockdevices"].as_array().unwrap().len(), 6);
    assert_eq!(
        all["blockdevices"][0],
        json!({"size": "40G", "type": "disk"})
    );
    let said = ask(&machine, "root", "lsblk -n -o NAME,TYPE /dev/sda", b"").await;
    assert_eq!(
        said.1,
        "sda     disk\n├─sda1  part\n├─sda14 part\n└─sda15 part\n"
    );
    let said = ask(&machine, "root", "lsblk /dev/sdz", b"").await;
    assert_eq!(
        (said.0, said.2.as_str()),
        (32, "lsblk: /dev/sdz: not a block device\n")
    );
}

#[tokio::test]
async fn disks_have_all_their_names() {
    let machine = machine(Runs::Installer, Firmware::Bios);
    let said = ask(&machine, "root", "ls -l /dev/disk/by-path", b"").await;
    let lines: Vec<&str> = said.1.lines().collect();
    assert_eq!(lines[0], "total 0");
    let own = lines
        .iter()
        .find(|l| l.contains(" pci-0000:06:00.0-scsi-0:0:0:0 -> "))
        .unwrap();
    assert!(
        own.starts_with("lrwxrwxrwx 1 root root ") && own.ends_with(" -> ../../sda"),
        "{own}"
    );
    assert!(
        said.1.contains("scsi-0:0:0:0-part15 -> ../../sda15"),
        "{said:?}"
    );
    assert!(said.1.contains("scsi-0:0:0:1 -> ../../sdb"), "{said:?}");
    let script = "readlink -f /dev/disk/by-id/scsi-0HC_Volume_4711; cat /sys/block/sdb/size; lsblk -ndo TYPE /dev/sdb; ls /dev/disk/by-id";
    let said = ask(&machine, "root", script, b"").await;
    assert!(said.1.starts_with("/dev/sdb\n20971520\ndisk\n"), "{said:?}");
    assert!(said.1.contains("\nscsi-0QEMU_QEMU_HARDDISK_"), "{said:?}");
}

#[tokio::test]
async fn the_network_is_told_in_json() {
    let machine = machine(Runs::Stock, Firmware::Bios);
    for (script, pointer, expected) in [
        (
            "ip -json address show",
            "/1/addr_info/0/local",
            json!("127.7.7.7"),
        ),
        (
            "ip -j addr show dev eth0",
            "/0/addr_info/1/prefixlen",
            json!(64),
        ),
        (
            "ip -json route show default",
            "/0/gateway",
            json!("172.31.1.1"),
        ),
        ("ip -j r show default", "/0/flags", json!(["onlink"])),
        (
            "ip -6 -json route show default",
            "/0/gateway",
            json!("fe80::1"),
        ),
    ] {
        let said = ask(&machine, "root", script, b"").await;
        let value: Value = serde_json::from_str(&said.1).unwrap();
        assert_eq!(value.pointer(pointer), Some(&expected), "{script}: {value}");
    }
    assert_eq!(ask(&machine, "root", "ip addr", b"").await.0, 2);
    assert_eq!(
        ask(&machine, "root", "ip -j addr show dev eth9", b"")
            .await
            .0,
        1
    );
}

#[tokio::test]
async fn units_fail_as_the_faults_say_and_the_journal_tells() {
    let machine = machine(Runs::Installed, Firmware::Bios);
    machine.state().faults = Faults {
        failed_units: vec!["nginx".into()],
        ..Faults::default()
    };
    for (script, status, out) in [
        ("systemctl is-system-running", 1, "degraded\n"),
        ("systemctl is-active sshd nginx", 3, "active\nfailed\n"),
        ("systemctl is-failed -q nginx", 0, ""),
        (
            "systemctl --failed --no-legend --plain",
            0,
            "nginx.service loaded failed failed nginx.service\n",
        ),
        (
            "systemctl list-units --failed --output=json",
            0,
            "[{\"active\":\"failed\",\"description\":\"nginx.service\",\"load\":\"loaded\",\"sub\":\"failed\",\"unit\":\"nginx.service\"}]\n",
        ),
        (
            "journalctl -b -p err --no-pager -u sshd",
            0,
            "-- No entries --\n",
        ),
    ] {
        let said = ask(&machine, "hbohlen", script, b"").await;
        assert_eq!(
            (said.0, said.1.as_str()),
            (status, out),
            "{script}: {said:?}"
        );
    }
    let said = ask(&machine, "hbohlen", "journalctl -b -p err", b"").await;
    assert!(said.1.contains("Failed to start nginx.service"), "{said:?}");
    let said = ask(&machine, "root", "systemctl frobnicate", b"").await;
    assert!(said.2.contains("frobnicate is not emulated"), "{said:?}");
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
