//! Firmware by layout by mistake.

use super::RefusalKind as K;
use super::*;
use crate::facts::tests::found;
use crate::found::{Disk, DiskRole};
use provision_api::Arch;

const DISK: &str = "/dev/disk/by-path/pci-0000:06:00.0-scsi-0:0:0:0";

fn machine(firmware: Firmware) -> Found {
    let mut found = found();
    found.firmware = firmware;
    let disk = |path: &str, by_path: &str, role| Disk {
        path: path.into(),
        by_path: vec![by_path.into()],
        by_id: Vec::new(),
        size: 40 << 30,
        serial: None,
        role,
    };
    found.disks.extend([
        disk("/dev/sdb", "volume", DiskRole::Volume),
        disk("/dev/sdc", "rescue", DiskRole::Rescue),
        disk("/dev/sdd", "unknown", DiskRole::Unknown),
        disk("/dev/sde", "second", DiskRole::Boot),
    ]);
    found
}

fn wanted(layout: Layout) -> Wanted {
    Wanted::of_layout(layout, &Arch::X86_64, DISK, 1)
}

fn kinds(found: &Found, wanted: &Wanted) -> Vec<K> {
    let refusals = gate(found, wanted).err().unwrap_or_default();
    for refusal in &refusals {
        assert!(!refusal.cause.is_empty() && !refusal.mend.is_empty());
    }
    refusals.into_iter().map(|refusal| refusal.kind).collect()
}

#[test]
fn the_layout_follows_the_firmware_unless_forced() {
    for (choice, firmware, layout) in [
        (LayoutChoice::Auto, Firmware::Bios, Layout::Bios),
        (LayoutChoice::Auto, Firmware::Uefi, Layout::Uefi),
        (
            LayoutChoice::Forced(Layout::Hybrid),
            Firmware::Bios,
            Layout::Hybrid,
        ),
        (
            LayoutChoice::Forced(Layout::Uefi),
            Firmware::Bios,
            Layout::Uefi,
        ),
    ] {
        assert_eq!(choose_layout(choice, firmware), layout);
    }
}

#[test]
fn a_layout_passes_on_the_firmware_that_boots_it_and_on_no_other() {
    for (firmware, layout, refused) in [
        (Firmware::Bios, Layout::Bios, vec![]),
        (Firmware::Bios, Layout::Hybrid, vec![]),
        (
            Firmware::Bios,
            Layout::Uefi,
            vec![K::GrubTarget, K::Partition],
        ),
        (Firmware::Uefi, Layout::Uefi, vec![]),
        (Firmware::Uefi, Layout::Hybrid, vec![]),
        (
            Firmware::Uefi,
            Layout::Bios,
            vec![K::Partition, K::GrubTarget],
        ),
    ] {
        let found = machine(firmware);
        assert_eq!(
            kinds(&found, &wanted(layout)),
            refused,
            "{layout} on {firmware}"
        );
        if refused.is_empty() {
            let passed = gate(&found, &wanted(layout)).unwrap();
            assert_eq!(passed.wipes, ["/dev/sda"]);
            assert_eq!(passed.warnings, Vec::<String>::new());
        }
    }
}

#[test]
fn a_forced_layout_passes_with_what_was_said_against_it_and_nothing_else_does() {
    for (firmware, layout) in [
        (Firmware::Bios, Layout::Uefi),
        (Firmware::Uefi, Layout::Bios),
    ] {
        let passed = gate_with_layout_forced(&machine(firmware), &wanted(layout)).unwrap();
        let kinds: Vec<K> = passed.overridden.iter().map(|r| r.kind).collect();
        assert!(kinds.contains(&K::GrubTarget), "{layout}: {kinds:?}");
        assert!(kinds.contains(&K::Partition), "{layout}: {kinds:?}");
    }
    let fits = gate_with_layout_forced(&machine(Firmware::Bios), &wanted(Layout::Bios)).unwrap();
    assert_eq!(fits.overridden, []);
    let spoils: Vec<(&str, Spoil, K)> = vec![
        ("arch", |f, _| f.arch = Arch::Aarch64, K::Arch),
        ("memory", |f, _| f.memory_mib = 999, K::Memory),
        ("no loader", |_, w| w.grub.enable = false, K::NoBootLoader),
        ("small", |f, _| f.disks[0].size = 4 << 30, K::DiskSmall),
        (
            "volume",
            |_, w| device(w, "/dev/disk/by-path/volume"),
            K::DiskNotOurs,
        ),
        (
            "a boot sector that is not to be wiped",
            |_, w| w.grub.devices = vec!["/dev/disk/by-path/volume".into()],
            K::GrubTarget,
        ),
        ("keys", |_, w| w.login.admin_keys = 0, K::NoLogin),
    ];
    for (what, spoil, kind) in spoils {
        let (mut found, mut wanted) = (machine(Firmware::Bios), wanted(Layout::Hybrid));
        spoil(&mut found, &mut wanted);
        let refusals = gate_with_layout_forced(&found, &wanted).unwrap_err();
        let kinds: Vec<K> = refusals.iter().map(|r| r.kind).collect();
        assert!(kinds.contains(&kind), "{what}: {kinds:?}");
    }
}

type Spoil = fn(&mut Found, &mut Wanted);

fn partition<'a>(wanted: &'a mut Wanted, kind: &str) -> &'a mut Partition {
    let all = wanted.disks[0].partitions.iter_mut();
    all.into_iter().find(|p| p.kind == kind).unwrap()
}

fn device(wanted: &mut Wanted, device: &str) {
    wanted.disks[0].device = device.into();
    for grub in &mut wanted.grub.devices {
        *grub = device.into();
    }
}

#[test]
fn mistakes_that_no_firmware_forgives() {
    let cases: Vec<(&str, Spoil, K)> = vec![
        ("arch", |f, _| f.arch = Arch::Aarch64, K::Arch),
        ("memory", |f, _| f.memory_mib = 999, K::Memory),
        ("no loader", |_, w| w.grub.enable = false, K::NoBootLoader),
        (
            "no such disk",
            |_, w| device(w, "/dev/disk/by-path/x"),
            K::DiskMissing,
        ),
        (
            "not probed",
            |_, w| device(w, UNPROBED_DISK),
            K::DiskMissing,
        ),
        ("unstable", |_, w| device(w, "/dev/sda"), K::DiskUnstable),
        ("small", |f, _| f.disks[0].size = 4 << 30, K::DiskSmall),
        (
            "too large",
            |_, w| w.disks[0].partitions[0].size = "1T".into(),
            K::DiskSmall,
        ),
        (
            "volume",
            |_, w| device(w, "/dev/disk/by-path/volume"),
            K::DiskNotOurs,
        ),
        (
            "rescue",
            |_, w| device(w, "/dev/disk/by-path/rescue"),
            K::DiskNotOurs,
        ),
        (
            "unknown",
            |_, w| device(w, "/dev/disk/by-path/unknown"),
            K::DiskNotOurs,
        ),
        ("sshd", |_, w| w.login.sshd = false, K::NoLogin),
        ("keys", |_, w| w.login.admin_keys = 0, K::NoLogin),
        ("root", |_, w| w.login.root = true, K::RootLogin),
        ("passwords", |_, w| w.login.passwords = true, K::Passwords),
        (
            "grub elsewhere",
            |_, w| w.grub.devices = vec!["/dev/disk/by-path/second".into()],
            K::GrubTarget,
        ),
        (
            "twice",
            |_, w| {
                let mut again = w.disks[0].clone();
                again.device = "/dev/disk/by-id/scsi-0QEMU_HARDDISK_1".into();
                w.disks.push(again);
            },
            K::DiskTwice,
        ),
    ];
    for firmware in [Firmware::Bios, Firmware::Uefi] {
        for (what, spoil, kind) in &cases {
            let (mut found, mut wanted) = (machine(firmware), wanted(Layout::Hybrid));
            spoil(&mut found, &mut wanted);
            assert_eq!(kinds(&found, &wanted), [*kind], "{what} on {firmware}");
        }
        let mut bare = wanted(Layout::Hybrid);
        bare.disks.clear();
        assert!(kinds(&machine(firmware), &bare).contains(&K::NoDisk));
    }
}

#[test]
fn mistakes_that_one_firmware_forgives() {
    let cases: Vec<(&str, Spoil, &[K], &[K])> = vec![
        (
            "nodev",
            |_, w| w.grub.devices.clear(),
            &[K::GrubTarget],
            &[],
        ),
        (
            "no EF02",
            |_, w| partition(w, "EF02").kind = "8300".into(),
            &[K::Partition],
            &[],
        ),
        (
            "no EF00",
            |_, w| partition(w, "EF00").kind = "8300".into(),
            &[],
            &[K::Partition],
        ),
        (
            "ESP is ext4",
            |_, w| partition(w, "EF00").format = Some("ext4".into()),
            &[],
            &[K::Partition],
        ),
        (
            "ESP unmounted",
            |_, w| partition(w, "EF00").mountpoint = None,
            &[],
            &[K::Partition],
        ),
        (
            "no efiSupport",
            |_, w| w.grub.efi_support = false,
            &[],
            &[K::GrubTarget],
        ),
        (
            "not removable",
            |_, w| w.grub.efi_install_as_removable = false,
            &[],
            &[K::GrubTarget],
        ),
        (
            "systemd-boot",
            |_, w| {
                w.grub = Grub::default();
                w.systemd_boot = true;
            },
            &[K::BootLoader],
            &[],
        ),
        (
            "GUIDs",
            |_, w| {
                partition(w, "EF00").kind = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B".into();
                partition(w, "EF02").kind = "21686148-6449-6E6F-744E-656564454649".into();
            },
            &[],
            &[],
        ),
        (
            "by the second name",
            |_, w| {
                w.disks[0].device = "/dev/disk/by-id/scsi-0QEMU_HARDDISK_1".into();
            },
            &[],
            &[],
        ),
        (
            "an old table",
            |_, w| {
                w.disks[0].gpt = false;
                w.disks[0].partitions.clear();
            },
            &[],
            &[K::Partition],
        ),
    ];
    for (what, spoil, on_bios, on_uefi) in cases {
        for (firmware, refused) in [(Firmware::Bios, on_bios), (Firmware::Uefi, on_uefi)] {
            let (mut found, mut wanted) = (machine(firmware), wanted(Layout::Hybrid));
            spoil(&mut found, &mut wanted);
            assert_eq!(kinds(&found, &wanted), refused, "{what} on {firmware}");
        }
    }
}

#[test]
fn two_own_disks_may_both_be_wiped() {
    let mut wanted = wanted(Layout::Uefi);
    wanted.disks.push(WantedDisk {
        name: "second".into(),
        device: "/dev/disk/by-path/second".into(),
        gpt: true,
        partitions: Vec::new(),
    });
    let passed = gate(&machine(Firmware::Uefi), &wanted).unwrap();
    assert_eq!(passed.wipes, ["/dev/sda", "/dev/sde"]);
}

#[test]
fn an_unstable_name_is_mended_with_the_stable_one_of_what_may_be_wiped() {
    for name in ["/dev/sda", "/dev/sdb"] {
        let mut wanted = wanted(Layout::Bios);
        device(&mut wanted, name);
        let refusals = gate(&machine(Firmware::Bios), &wanted).unwrap_err();
        assert_eq!(refusals[0].kind, K::DiskUnstable);
        assert!(refusals[0].mend.contains(DISK), "{}", refusals[0]);
    }
}

#[test]
fn memory_counts_only_for_kexec() {
    let mut found = machine(Firmware::Bios);
    for (mib, installer, no_deps, refused) in [
        (4000, false, false, false),
        (1500, false, false, false),
        (1499, false, true, false),
        (1000, false, true, false),
        (999, false, true, true),
        (999, true, false, false),
    ] {
        found.memory_mib = mib;
        found.system = if installer {
            RunningSystem::Installer
        } else {
            RunningSystem::Rescue
        };
        match gate(&found, &wanted(Layout::Bios)) {
            Ok(passed) => {
                assert_eq!(passed.no_disko_deps, no_deps, "{mib}");
                assert_eq!(passed.warnings.len(), usize::from(no_deps), "{mib}");
                assert!(!refused, "{mib}");
            }
            Err(_) => assert!(refused, "{mib}"),
        }
    }
}

#[test]
fn efi_variables_are_warned_of_on_uefi() {
    let mut wanted = wanted(Layout::Hybrid);
    wanted.can_touch_efi_variables = true;
    let warnings = |firmware| gate(&machine(firmware), &wanted).unwrap().warnings.len();
    assert_eq!(warnings(Firmware::Uefi), 1);
    assert_eq!(warnings(Firmware::Bios), 0);
}

#[test]
fn what_nix_answers_is_read_and_silence_counts_as_sshds_default() {
    let json = r#"{
        "platform": "aarch64-linux", "hostName": "web-1",
        "grub": { "enable": true, "device": "nodev", "devices": ["nodev", "/dev/x", "/dev/x"],
                  "efiSupport": true, "efiInstallAsRemovable": true },
        "systemdBoot": false, "canTouchEfiVariables": false,
        "disks": { "main": { "device": "/dev/x", "table": "gpt", "partitions": {
            "ESP": { "type": "ef00", "size": "512M", "format": "vfat", "mountpoint": "/boot" },
            "root": { "type": null, "size": null, "format": null, "mountpoint": null } } } },
        "ssh": { "enable": true, "rootLogin": "no", "passwords": false },
        "adminKeys": ["ssh-ed25519 A"]
    }"#;
    let wanted = Wanted::from_json(json.as_bytes()).unwrap();
    assert_eq!(wanted.arch, Arch::Aarch64);
    assert_eq!(wanted.grub.devices, ["/dev/x"]);
    assert_eq!(wanted.disks[0].partitions[0].kind, "EF00");
    assert!(!wanted.login.root && !wanted.login.passwords);
    let silent = json
        .replace("\"rootLogin\": \"no\"", "\"rootLogin\": null")
        .replace("\"passwords\": false", "\"passwords\": null");
    let wanted = Wanted::from_json(silent.as_bytes()).unwrap();
    assert!(wanted.login.root && wanted.login.passwords);
    assert!(Wanted::from_json(b"{}").is_err());
}
