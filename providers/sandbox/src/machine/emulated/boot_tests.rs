use super::*;
use crate::machine::emulated::disk::Os;
use crate::machine::{Faults, Firmware, Image, Platform, RescueSystem};
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
        platform: Platform::default(),
    }
}

fn stock(user_data: Option<String>) -> State {
    let mut disk = Disk::own(40);
    let image = Image {
        os: "debian".into(),
        version: "12".into(),
        user_data,
        authorized_keys: vec!["ssh-ed25519 AAAA vendor".into()],
        user: None,
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
        system: RescueSystem::default(),
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

fn chain(loader: &str) -> Boot {
    Boot::Chain {
        loader: loader.into(),
    }
}

#[test]
fn a_named_loader_is_started_in_place_of_the_removable_one() {
    type Change = fn(&mut Disk);
    let no_removable: Change = |d| d.partitions.iter_mut().for_each(|p| p.loader = None);
    let table: &[(&str, Firmware, Change, Option<&str>)] = &[
        (r"\EFI\BOOT\BOOTX64.EFI", Firmware::Uefi, |_| (), None),
        (r"\efi\boot\bootx64.efi", Firmware::Uefi, |_| (), None),
        (r"\efi\debian\grubx64.efi", Firmware::Uefi, |_| (), None),
        (
            r"\efi\debian\grubx64.efi",
            Firmware::Uefi,
            no_removable,
            None,
        ),
        (
            r"\efi\boot\bootx64.efi",
            Firmware::Uefi,
            no_removable,
            Some(r"the EFI system partition has no \EFI\BOOT\BOOTX64.EFI"),
        ),
        (
            r"\efi\nixos\grubx64.efi",
            Firmware::Uefi,
            |_| (),
            Some(r"chain \efi\nixos\grubx64.efi: No such file"),
        ),
        (
            r"\efi\boot\bootx64.efi",
            Firmware::Uefi,
            Disk::wipe,
            Some("no EFI system partition"),
        ),
        (r"\efi\nixos\grubx64.efi", Firmware::Bios, |_| (), None),
    ];
    for (path, firmware, change, expected) in table {
        let mut state = stock(None);
        change(&mut state.disks[0]);
        start(&mut state, &spec(*firmware), &chain(path), 1);
        let dead = running(&state).kind == Kind::Dead;
        let console = state.console.join("\n");
        assert_eq!(dead, expected.is_some(), "{path}: {console}");
        assert!(
            console.contains(expected.unwrap_or_default()),
            "{path}: {console}"
        );
    }
}

#[test]
fn a_rescue_disk_is_first_until_the_firmware_boots_again() {
    let names = |state: &State| {
        let mut names: Vec<_> = state
            .disks
            .iter()
            .map(|d| (d.name.clone().unwrap(), d.rescue, d.by_path()))
            .collect();
        names.sort();
        names
    };
    let own = "pci-0000:06:00.0-scsi-0:0:0:0".to_owned();
    let mut state = stock(None);
    let spec = spec(Firmware::Bios);
    let boot = Boot::Rescue {
        authorized_keys: vec![],
        password: Some("hunter2".into()),
        system: RescueSystem {
            hostname: "rescue-customer-eu".into(),
            disk_gib: Some(3),
            ..RescueSystem::default()
        },
    };
    // twice: the second has a disk of its own too, and no more than one
    for now in [1, 2] {
        start(&mut state, &spec, &boot, now);
        assert_eq!(running(&state).hostname, "rescue-customer-eu");
        let found = names(&state);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].0.as_str(), found[0].1), ("sda", true));
        assert_eq!(found[1], ("sdb".into(), false, own.clone()));
        assert_ne!(found[0].2, own);
    }
    let mounts = running(&state).mounts.clone();
    let rescue = state
        .disks
        .iter()
        .find(|d| d.rescue)
        .unwrap()
        .serial
        .clone();
    assert!(mounts.iter().any(|m| m.at == "/" && m.serial == rescue));

    kexec(&mut state, "root", 3);
    assert_eq!(names(&state)[1], ("sdb".into(), false, own.clone()));
    assert!(running(&state).mounts.is_empty());

    start(&mut state, &spec, &Boot::Disk, 4);
    assert_eq!(names(&state), [("sda".into(), false, own)]);
    assert_eq!(running(&state).hostname, "web-1");
}

#[test]
fn a_rescue_system_that_is_no_linux_answers_nothing_and_says_so() {
    let mut state = stock(None);
    let boot = Boot::Rescue {
        authorized_keys: vec!["ssh-ed25519 BBBB me".into()],
        password: None,
        system: RescueSystem {
            hostname: "WinPE".into(),
            linux: false,
            ..RescueSystem::default()
        },
    };
    start(&mut state, &spec(Firmware::Bios), &boot, 1);
    assert_eq!(running(&state).kind, Kind::Dead);
    assert!(state.console.join("\n").contains("WinPE is ready"));
}

#[test]
fn a_world_kept_before_the_platforms_still_opens() {
    let mut state = stock(None);
    let boot = Boot::Rescue {
        authorized_keys: vec![],
        password: None,
        system: RescueSystem::default(),
    };
    state.armed = Some(boot.clone());
    let mut kept = serde_json::to_value(&state).unwrap();
    kept["armed"]["rescue"]
        .as_object_mut()
        .unwrap()
        .remove("system")
        .unwrap();
    kept.as_object_mut().unwrap().remove("standing").unwrap();
    let disk = kept["disks"][0].as_object_mut().unwrap();
    disk.remove("board").unwrap();
    disk.remove("rescue").unwrap();
    for part in disk["partitions"].as_array_mut().unwrap() {
        part.as_object_mut().unwrap().remove("programs").unwrap();
    }
    let back: State = serde_json::from_value(kept).unwrap();
    assert_eq!(back.armed, Some(boot));
    assert_eq!(back.disks[0].by_path(), "pci-0000:06:00.0-scsi-0:0:0:0");

    let mut spec = serde_json::to_value(spec(Firmware::Bios)).unwrap();
    spec.as_object_mut().unwrap().remove("platform").unwrap();
    let spec: Spec = serde_json::from_value(spec).unwrap();
    assert_eq!(spec.platform, Platform::default());
}

#[test]
fn a_kexec_may_never_come_back() {
    let mut state = stock(None);
    start(&mut state, &spec(Firmware::Bios), &Boot::Disk, 1);
    state.faults.kexec_lost = true;
    kexec(&mut state, "root", 2);
    assert_eq!(running(&state).kind, Kind::Dead);
    assert_eq!(running(&state).host_key, None);
    assert!(state.console.join("\n").contains("does not come up"));
    start(&mut state, &spec(Firmware::Bios), &Boot::Disk, 3);
    assert!(matches!(running(&state).kind, Kind::Stock { .. }));
}

#[test]
fn the_system_from_before_may_boot_in_place_of_the_installed_one() {
    let rescue = Boot::Rescue {
        authorized_keys: vec![],
        password: None,
        system: RescueSystem::default(),
    };
    for (before, is_known) in [(Boot::Disk, true), (rescue, false)] {
        let mut state = stock(None);
        let spec = spec(Firmware::Bios);
        start(&mut state, &spec, &before, 1);
        let key = running(&state).host_key.clone();
        kexec(&mut state, "root", 2);
        state.disks[0].contents.as_mut().unwrap().os = Os::Nixos {
            system: "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-system".into(),
        };
        state.faults.boots_old = true;
        start(&mut state, &spec, &Boot::Disk, 3);
        assert!(matches!(running(&state).kind, Kind::Stock { .. }));
        assert!(running(&state).host_key.is_some());
        assert_eq!(running(&state).host_key == key, is_known, "{before:?}");
        state.faults.boots_old = false;
        start(&mut state, &spec, &Boot::Disk, 4);
        assert!(matches!(running(&state).kind, Kind::Installed { .. }));
    }
}
