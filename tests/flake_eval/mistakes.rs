//! What somebody could write in a layout of their own, evaluated by Nix, and refused or not.

use crate::world::{DISK, World, facts};
use provision::found::Found;
use provision::gate::{RefusalKind, gate};

fn machine(firmware: &str) -> Found {
    serde_json::from_value(serde_json::json!({
        "boot_id": "", "hostname": "rescue", "system": "rescue", "arch": "x86_64",
        "firmware": firmware, "memory_mib": 4000,
        "disks": [{ "path": "/dev/sda", "by_path": [DISK], "by_id": [], "size": 40u64 << 30,
                    "serial": null, "role": "boot" }],
        "addresses": [], "gateways": [],
    }))
    .unwrap()
}

#[tokio::test]
async fn mistakes_in_a_layout_are_refused() {
    use RefusalKind::{BootLoader, DiskUnstable, GrubTarget, NoBootLoader, Partition};
    let Some(world) = World::new().await else {
        return;
    };
    let host = "web-1".parse().unwrap();
    world.flake().write_facts(&host, &facts("hybrid")).unwrap();
    let (parts, flake) = ("hosts/layouts/parts.nix", "flake.nix");
    let grub_off = (parts, "efiSupport = true", "enable = false");
    let systemd_boot = (
        flake,
        "systemd-boot.enable = false",
        "systemd-boot.enable = true",
    );
    let unstable = (parts, "host.disk", "\"/dev/sda\"");
    let no_bios_boot = (parts, "\"EF02\"", "\"8300\"");
    let no_esp = (parts, "\"EF00\"", "\"8300\"");
    let not_vfat = (parts, "\"vfat\"", "\"ext4\"");
    let no_efi = (parts, "efiSupport = true", "efiSupport = false");
    let variables = (parts, "AsRemovable = true", "AsRemovable = false");
    for (edits, bios, uefi) in [
        (&[][..], None, None),
        (&[unstable], Some(DiskUnstable), Some(DiskUnstable)),
        (&[no_bios_boot], Some(GrubTarget), None),
        (&[no_esp], None, Some(Partition)),
        (&[not_vfat], None, Some(Partition)),
        (&[no_efi], None, Some(GrubTarget)),
        (&[variables], None, Some(GrubTarget)),
        (&[grub_off], Some(NoBootLoader), Some(NoBootLoader)),
        (&[grub_off, systemd_boot], Some(BootLoader), None),
    ] {
        let originals = [parts, flake].map(|file| (file, world.read(file)));
        for (file, from, to) in edits {
            let before = world.read(file);
            assert!(before.contains(from), "{from} is not in {file}");
            world.write(file, &before.replace(from, to));
        }
        let wanted = world.evaluate("web-1").await.unwrap();
        for (firmware, refused) in [("bios", bios), ("uefi", uefi)] {
            let told = gate(&machine(firmware), &wanted).err().unwrap_or_default();
            let first = told.first().map(|refusal| refusal.kind);
            assert_eq!(first, refused, "{edits:?} on {firmware}: {told:?}");
        }
        for (file, text) in originals {
            world.write(file, &text);
        }
    }
}
