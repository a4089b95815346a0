//! What commands say of each system, in the real ones' shapes.

use crate::machine::emulated::shell::tests::{Runs, SYSTEM, ask, machine};
use crate::machine::{Faults, Firmware};
use serde_json::{Value, json};

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
