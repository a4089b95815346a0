//! A rescue system looks at the disk of a system that died.

use crate::machine::emulated::boot;
use crate::machine::emulated::shell::tests::{Runs, ask, machine};
use crate::machine::emulated::state::Kind;
use crate::machine::{Boot, Faults, Firmware, RescueSystem};

const LAST: &str = "Timed out waiting for device /dev/disk/by-partlabel/disk-main-root.";

#[tokio::test]
async fn the_journal_the_menu_and_the_programs_of_a_dead_system_are_read() {
    let machine = machine(Runs::Installed, Firmware::Uefi);
    {
        let mut state = machine.state();
        state.faults = Faults {
            dies_booting: Some(LAST.into()),
            ..Faults::default()
        };
        boot::start(&mut state, &machine.spec, &Boot::Disk, 2);
        assert_eq!(state.running.as_ref().unwrap().kind, Kind::Dead);
        assert!(state.console.join("\n").contains(LAST));
        let rescue = Boot::Rescue {
            authorized_keys: vec![],
            password: None,
            system: RescueSystem::default(),
        };
        boot::start(&mut state, &machine.spec, &rescue, 3);
    }
    let script = "mkdir -p /run/x/0 && mount -t ext4 -o ro,noload,nodev /dev/sda1 /run/x/0 2>&1
        test -d /run/x/0/var/log/journal && ! test -L /run/x/0/var/log/journal && echo there
        journalctl -D /run/x/0/var/log/journal -b -p warning -n 200 --no-pager
        grep -e menuentry -e submenu /run/x/0/boot/grub/grub.cfg
        mkdir -p /run/x/1 && mount -t vfat -o ro /dev/sda15 /run/x/1
        find /run/x/1 -iname '*.efi'
        umount /run/x/0; umount /run/x/1; ls /run/x/0";
    let (status, out, err) = ask(&machine, "root", script, b"").await;
    let host = "Nov 23 00:57:00 web-1 systemd[1]:";
    let expected = format!(
        "there\n{host} {LAST}\n{host} Dependency failed for Local File Systems.\n\
         menuentry \"NixOS - Default\" {{\n\
         /run/x/1/EFI/DEBIAN/GRUBX64.EFI\n/run/x/1/EFI/BOOT/BOOTX64.EFI\n"
    );
    assert_eq!((status, out, err), (0, expected, String::new()));
}

#[tokio::test]
async fn tables_file_systems_and_boot_entries_are_told() {
    for (firmware, script, status, words) in [
        (
            Firmware::Bios,
            "sgdisk -p /dev/sda",
            0,
            &["EF02", "EF00", "8304"][..],
        ),
        (Firmware::Bios, "sgdisk -p /dev/sdz", 2, &["does not exist"]),
        (
            Firmware::Bios,
            "blkid",
            0,
            &["/dev/sda1: UUID=", "TYPE=\"vfat\""],
        ),
        (Firmware::Bios, "efibootmgr -v", 2, &["not supported"]),
        (
            Firmware::Uefi,
            "efibootmgr -v",
            0,
            &["BootOrder", "UEFI QEMU HARDDISK"],
        ),
        (
            Firmware::Bios,
            "mkdir -p /run/x; mount -t btrfs -o ro /dev/sda1 /run/x",
            32,
            &["wrong fs type"],
        ),
        (
            Firmware::Bios,
            "mkdir -p /run/x; mount -t ext4 -o rw /dev/sda1 /run/x",
            2,
            &["not emulated"],
        ),
        (Firmware::Bios, "umount /run/x", 32, &["not mounted"]),
        (
            Firmware::Bios,
            "journalctl -D /run/x/journal",
            1,
            &["Failed to open"],
        ),
    ] {
        let machine = machine(Runs::Rescue, firmware);
        let (code, out, err) = ask(&machine, "root", script, b"").await;
        assert_eq!(code, status, "{script}: {out}{err}");
        for word in words {
            assert!(format!("{out}{err}").contains(word), "{script}: {out}{err}");
        }
    }
}
