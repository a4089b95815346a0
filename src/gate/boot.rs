//! Whether the machine's firmware would find the boot loader.

use super::disks::same;
use super::refusal::{Refusal, RefusalKind};
use super::wanted::{Partition, Wanted, WantedDisk};
use crate::found::{Firmware, Found};

const MEND_LAYOUT: &str = "set layout = \"auto\" in host.toml";
/// The GUIDs behind gdisk's codes `EF00` and `EF02`.
const ESP_GUID: &str = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B";
const BIOS_BOOT_GUID: &str = "21686148-6449-6E6F-744E-656564454649";

pub(super) fn check(found: &Found, wanted: &Wanted) -> Vec<Refusal> {
    if !wanted.grub.enable && !wanted.systemd_boot {
        return vec![Refusal::new(
            RefusalKind::NoBootLoader,
            "the system has no boot loader",
            "set boot.loader.grub.enable = true",
        )];
    }
    let refusals = match found.firmware {
        Firmware::Bios => bios(found, wanted),
        Firmware::Uefi => uefi(wanted),
    };
    refusals.into_iter().map(Refusal::of_layout).collect()
}

fn bios(found: &Found, wanted: &Wanted) -> Vec<Refusal> {
    if !wanted.grub.enable {
        return vec![Refusal::new(
            RefusalKind::BootLoader,
            "the machine boots by BIOS, and systemd-boot is for UEFI only",
            "set boot.loader.systemd-boot.enable = false and boot.loader.grub.enable = true",
        )];
    }
    let mut refusals = Vec::new();
    if wanted.grub.devices.is_empty() {
        refusals.push(Refusal::new(
            RefusalKind::GrubTarget,
            "the machine boots by BIOS, and GRUB goes into no disk's boot sector \
             (boot.loader.grub.devices is empty or \"nodev\")",
            MEND_LAYOUT,
        ));
    }
    for disk in &wanted.disks {
        let here = wanted.grub.devices.is_empty()
            || wanted
                .grub
                .devices
                .iter()
                .any(|device| same(found, device, &disk.device));
        if here && disk.gpt && !disk.partitions.iter().any(is_bios_boot) {
            refusals.push(Refusal::new(
                RefusalKind::Partition,
                format!(
                    "the machine boots by BIOS, and disk {} has no BIOS boot partition (EF02)",
                    disk.name
                ),
                format!("{MEND_LAYOUT}, or add a partition of type EF02 and size 1M"),
            ));
        }
    }
    refusals
}

fn uefi(wanted: &Wanted) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    if !wanted.disks.iter().any(has_esp) {
        refusals.push(Refusal::new(
            RefusalKind::Partition,
            "the machine boots by UEFI, and no disk has an EFI system partition \
             (EF00, vfat, mounted at /boot)",
            format!("{MEND_LAYOUT}, or add a partition of type EF00 and size 512M"),
        ));
    }
    if wanted.systemd_boot {
        return refusals;
    }
    if !wanted.grub.efi_support {
        refusals.push(Refusal::new(
            RefusalKind::GrubTarget,
            "the machine boots by UEFI, and GRUB is not installed for it",
            format!("{MEND_LAYOUT}, or set boot.loader.grub.efiSupport = true"),
        ));
    } else if !wanted.grub.efi_install_as_removable {
        refusals.push(Refusal::new(
            RefusalKind::GrubTarget,
            "GRUB is installed where only an EFI variable leads, and a rented machine forgets \
             EFI variables",
            format!("{MEND_LAYOUT}, or set boot.loader.grub.efiInstallAsRemovable = true"),
        ));
    }
    refusals
}

fn is_bios_boot(partition: &Partition) -> bool {
    partition.kind == "EF02" || partition.kind == BIOS_BOOT_GUID
}

fn has_esp(disk: &WantedDisk) -> bool {
    // of a table other than GPT the partitions' types are not known: the benefit of the doubt
    // would be a machine that never boots
    disk.partitions.iter().any(|partition| {
        (partition.kind == "EF00" || partition.kind == ESP_GUID)
            && partition.format.as_deref() == Some("vfat")
            && matches!(
                partition.mountpoint.as_deref(),
                Some("/boot" | "/boot/efi" | "/efi")
            )
    })
}
