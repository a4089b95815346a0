//! What it comes to, in a sentence, where the parts tell it plainly.

use super::Part;
use crate::found::Firmware;

/// What a line on a console or in a journal means; the first that is found counts, so the plainest
/// stand first.
const SIGNS: &[(&str, &str)] = &[
    (
        "No bootable option or device was found",
        "the UEFI firmware found no boot program on its disks: the layout or the boot loader is not one for UEFI",
    ),
    (
        "UEFI Interactive Shell",
        "the UEFI firmware found no boot program on its disks, and started its own shell: the layout or the boot loader is not one for UEFI",
    ),
    (
        "not a bootable disk",
        "the BIOS found no boot code on its disk: the layout or the boot loader is not one for BIOS",
    ),
    (
        "No bootable device",
        "the firmware found nothing to boot: the layout or the boot loader does not fit it",
    ),
    (
        "grub rescue>",
        "GRUB's boot code runs, and does not find the rest of GRUB",
    ),
    ("Kernel panic", "the kernel started, and panicked"),
    (
        "Timed out waiting for device",
        "the system started, and waited in vain for a disk that it was told to mount",
    ),
    (
        "emergency mode",
        "the system started, and stopped in its emergency mode",
    ),
    ("Out of memory", "the machine ran out of memory"),
];

/// The parts that tell how far a boot came, the plainest first.
const TELLING: &[&str] = &["console", "journal"];

/// What it comes to; nothing where it would be a guess.
pub(super) fn of(firmware: Option<Firmware>, parts: &[Part]) -> Option<String> {
    let told = TELLING.iter().find_map(|name| {
        let parts = parts.iter().filter(|part| part.name.starts_with(name));
        // how the last attempt ended stands last
        let lines: Vec<&str> = parts.flat_map(|p| &p.lines).map(String::as_str).collect();
        let last = &lines[lines.len().saturating_sub(50)..];
        SIGNS.iter().find_map(|(sign, meaning)| {
            let line = last.iter().rev().find(|line| line.contains(sign))?;
            Some(format!("{meaning} ({})", line.trim()))
        })
    });
    told.or_else(|| of_disk(firmware?, parts))
}

/// What the disks say of the firmware's first step, where no console is to be had.
fn of_disk(firmware: Firmware, parts: &[Part]) -> Option<String> {
    let tables: Vec<&Part> = parts
        .iter()
        .filter(|p| p.name.starts_with("partitions of") && p.missing.is_none())
        .collect();
    // sgdisk tells its own codes, sfdisk the GUIDs behind them
    let has = |code: &str, guid: &str| {
        let mut lines = tables.iter().flat_map(|table| &table.lines);
        lines.any(|line| {
            line.split_whitespace().any(|word| word == code) || line.to_uppercase().contains(guid)
        })
    };
    let has_esp = has("EF00", "C12A7328-F81F-11D2-BA4B-00A0C93EC93B");
    let has_bios_boot = has("EF02", "21686148-6449-6E6F-744E-656564454649");
    if tables.is_empty() {
        return None;
    }
    match firmware {
        Firmware::Uefi if !has_esp => Some(
            "the machine boots by UEFI, and none of its disks has an EFI system partition (EF00)"
                .to_owned(),
        ),
        Firmware::Bios if has_esp && !has_bios_boot => Some(
            "the machine boots by BIOS, and its disk is cut for UEFI only: it has no BIOS boot \
             partition (EF02)"
                .to_owned(),
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(name: &str, text: &str) -> Part {
        Part::seen(name, text.lines().map(str::to_owned).collect())
    }

    #[test]
    fn what_is_plain_is_told_and_nothing_else() {
        let uefi_only = "   1  2048  1050623  512.0 MiB  EF00  disk-main-ESP";
        let bios_only = "   1  2048  4095  1024.0 KiB  EF02  disk-main-bios";
        for (firmware, parts, told) in [
            (None, vec![], None),
            (None, vec![seen("console", "login:")], None),
            (
                None,
                vec![seen(
                    "console",
                    "Boot failed: not a bootable disk\nNo bootable device",
                )],
                Some("the BIOS found no boot code"),
            ),
            (
                None,
                vec![seen(
                    "console",
                    "BdsDxe: No bootable option or device was found",
                )],
                Some("the UEFI firmware found no boot program"),
            ),
            (
                None,
                vec![seen(
                    "console",
                    "UEFI Interactive Shell v2.2\nEDK II\nShell>",
                )],
                Some("the UEFI firmware found no boot program on its disks, and started"),
            ),
            (
                None,
                vec![seen(
                    "journal in /log",
                    "x systemd[1]: Timed out waiting for device /dev/x.",
                )],
                Some("waited in vain"),
            ),
            (
                Some(Firmware::Bios),
                vec![seen("partitions of /dev/sda", uefi_only)],
                Some("cut for UEFI only"),
            ),
            (
                Some(Firmware::Uefi),
                vec![seen("partitions of /dev/sda", bios_only)],
                Some("none of its disks has an EFI"),
            ),
            (
                Some(Firmware::Bios),
                vec![seen("partitions of /dev/sda", bios_only)],
                None,
            ),
            (
                Some(Firmware::Uefi),
                vec![seen(
                    "partitions of /dev/sda",
                    "/dev/sda1 : start=2048, type=c12a7328-f81f-11d2-ba4b-00a0c93ec93b",
                )],
                None,
            ),
            (
                Some(Firmware::Uefi),
                vec![Part::missing("partitions of /dev/sda", "sgdisk is missing")],
                None,
            ),
        ] {
            let found = of(firmware, &parts);
            match told {
                None => assert_eq!(found, None),
                Some(words) => {
                    let found = found.unwrap_or_default();
                    assert!(found.contains(words), "{words}: {found}");
                }
            }
        }
    }
}
