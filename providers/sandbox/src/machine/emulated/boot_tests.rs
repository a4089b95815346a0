use super::*;
use crate::machine::{Faults, Image};
use std::net::Ipv4Addr;

fn spec(firmware: Firmware) -> Spec {
    Spec {
        id: "m".into(),
        hostname: "web-1".into(),
        ipv4: Ipv4Addr::new(127, 77, 0, 1),
        ipv6: "2001:db8::1".into(),
        ssh_port: 22022,
        arch: "x86_64".into(),
        firmware,
        memory_mib: 4096,
        disk_gib: 40,
    }
}

fn stock(user_data: Option<String>) -> State {
    let mut disk = Disk::own(40);
    let image = Image {
        os: "debian".into(),
        version: "12".into(),
        user_data,
        authorized_keys: vec!["ssh-ed25519 AAAA vendor".into()],
    };
    disk.write_stock(image, "web-1", "x86_64");
    State {
        disks: vec![disk],
        ..State::default()
    }
}

fn running(state: &State) -> &Running {
    state.running.as_ref().unwrap()
}

#[test]
fn each_firmware_wants_its_own_boot_code() {
    type Change = fn(&mut Disk);
    let table: &[(&str, Firmware, Change, Option<&str>)] = &[
        ("stock", Firmware::Bios, |_| (), None),
        ("stock", Firmware::Uefi, |_| (), None),
        (
            "no sector",
            Firmware::Bios,
            |d| d.boot_sector = None,
            Some("holds no BIOS boot code"),
        ),
        ("no sector", Firmware::Uefi, |d| d.boot_sector = None, None),
        (
            "no EF02",
            Firmware::Bios,
            |d| d.partitions.retain(|p| !p.kind.is("EF02")),
            Some("EF02"),
        ),
        (
            "no ESP",
            Firmware::Uefi,
            |d| d.partitions.retain(|p| !p.kind.is("EF00")),
            Some("EF00"),
        ),
        (
            "no loader",
            Firmware::Uefi,
            |d| d.partitions.iter_mut().for_each(|p| p.loader = None),
            Some("BOOTX64.EFI"),
        ),
        (
            "no system",
            Firmware::Bios,
            |d| d.contents = None,
            Some("grub rescue>"),
        ),
        (
            "wiped",
            Firmware::Bios,
            Disk::wipe,
            Some("No bootable device"),
        ),
    ];
    for (what, firmware, change, expected) in table {
        let mut state = stock(None);
        change(&mut state.disks[0]);
        start(&mut state, &spec(*firmware), &Boot::Disk, 1);
        let dead = running(&state).kind == Kind::Dead;
        let console = state.console.join("\n");
        assert_eq!(dead, expected.is_some(), "{what} {firmware:?}: {console}");
        assert!(
            console.contains(expected.unwrap_or_default()),
            "{what}: {console}"
        );
        assert_eq!(running(&state).host_key.is_some(), !dead, "{what}");
    }
}

#[test]
fn user_data_counts_once() {
    let key = keys::generate("web-1").unwrap();
    let data = serde_json::json!({
        "ssh_keys": {"ed25519_private": key.private.0},
        "hostname": "named",
    });
    let mut state = stock(Some(format!("#cloud-config\n{data}")));
    start(&mut state, &spec(Firmware::Bios), &Boot::Disk, 1);
    assert_eq!(running(&state).host_key, Some(key.private.clone()));
    assert_eq!(running(&state).hostname, "named");
    let first = running(&state).boot_id.clone();

    start(&mut state, &spec(Firmware::Bios), &Boot::Disk, 2);
    assert_eq!(running(&state).host_key, Some(key.private));
    assert_ne!(running(&state).boot_id, first);
}

#[test]
fn a_host_key_that_others_may_read_or_that_is_none_keeps_sshd_from_starting() {
    let good = keys::generate("x").unwrap().private.0;
    let table = [
        (File::data(good.as_str(), 0o600), None),
        (File::data(good.as_str(), 0o400), None),
        (File::data(good.as_str(), 0o644), Some("too open")),
        (File::data("rubbish", 0o600), Some("no ed25519 key")),
    ];
    for (file, expected) in table {
        let mut state = stock(None);
        start(&mut state, &spec(Firmware::Bios), &Boot::Disk, 1);
        let contents = state.disks[0].contents.as_mut().unwrap();
        contents.files.insert(HOST_KEY.into(), file);
        start(&mut state, &spec(Firmware::Bios), &Boot::Disk, 2);
        assert_eq!(running(&state).host_key.is_none(), expected.is_some());
        let console = state.console.join("\n");
        assert!(console.contains(expected.unwrap_or_default()), "{console}");
    }
}

#[test]
fn rescue_has_a_key_of_its_own_every_time_and_kexec_keeps_it() {
    let mut state = stock(None);
    let boot = Boot::Rescue {
        authorized_keys: vec!["ssh-ed25519 BBBB me".into()],
        password: None,
    };
    start(&mut state, &spec(Firmware::Bios), &boot, 1);
    let first = running(&state).clone();
    assert_eq!(
        (&first.kind, first.hostname.as_str()),
        (&Kind::Rescue, "rescue")
    );
    start(&mut state, &spec(Firmware::Bios), &boot, 2);
    let second = running(&state).clone();
    assert_ne!(first.host_key, second.host_key);

    kexec(&mut state, "root", 3);
    let installer = running(&state);
    assert_eq!(installer.kind, Kind::Installer);
    assert_eq!(installer.host_key, second.host_key);
    assert_eq!(installer.accounts[0].keys, ["ssh-ed25519 BBBB me"]);
    assert_ne!(installer.boot_id, second.boot_id);
}

#[test]
fn a_machine_that_shall_not_return_starts_once() {
    let mut state = stock(None);
    state.faults = Faults {
        no_return: true,
        ..Faults::default()
    };
    start(&mut state, &spec(Firmware::Bios), &Boot::Disk, 1);
    assert_ne!(running(&state).kind, Kind::Dead);
    start(&mut state, &spec(Firmware::Bios), &Boot::Disk, 2);
    assert_eq!(running(&state).kind, Kind::Dead);
    assert!(state.console.join("\n").contains("does not come back"));
}
