//! What is on the disks and what the firmware boots, as the tools for them tell it.

use super::Call;
use super::files::options;
use crate::machine::Firmware;
use crate::machine::emulated::devices::{self, Device};
use crate::machine::emulated::partition::{MIB, PartType};

/// The short codes that `sgdisk` shows for these types.
const CODES: &[&str] = &[
    "EF00", "EF02", "8200", "8300", "8302", "8304", "8305", "8309", "8E00", "EA00", "FD00",
];

/// `sgdisk -p DEVICE`
pub(super) fn sgdisk(call: &mut Call<'_>) -> u8 {
    let [flag, path] = call.args else {
        return call.not_emulated("anything but -p DEVICE");
    };
    if !matches!(flag.as_str(), "-p" | "--print") {
        return call.not_emulated("anything but -p DEVICE");
    }
    let tree = call.tree();
    let real = tree.real(path).unwrap_or_default();
    let Some(disk) = devices::by_path(&tree.devices, &real).filter(|d| d.kind == "disk") else {
        call.line(format!(
            "Problem opening {path} for reading! Error is 2.\nThe specified file does not exist!"
        ));
        return 2;
    };
    let sectors = disk.bytes / 512;
    call.line(format!("Disk {}: {sectors} sectors", disk.path()));
    if disk.table.is_none() {
        call.line("Creating new GPT entries in memory.");
    }
    call.line("\nNumber  Start (sector)    End (sector)  Size       Code  Name");
    let mut start = 2048;
    for (number, part) in (1..).zip(&disk.children) {
        let end = start + part.bytes / 512 - 1;
        let code = CODES.iter().find(|code| {
            let guid = part.part_type.as_deref().and_then(PartType::parse);
            guid.is_some_and(|guid| guid.is(code))
        });
        // the number is the end of the kernel's name for it
        let number = part
            .name
            .strip_prefix(&disk.name)
            .map_or(number, |n| n.parse().unwrap_or(number));
        let size = format!("{} MiB", part.bytes / MIB);
        call.line(format!(
            "{number:>4} {start:>15} {end:>15}   {size:<10} {}  {}",
            code.copied().unwrap_or("FFFF"),
            part.part_label.as_deref().unwrap_or_default()
        ));
        start = end + 1;
    }
    0
}

/// `blkid`: every file system.
pub(super) fn blkid(call: &mut Call<'_>) -> u8 {
    if !call.args.is_empty() {
        return call.not_emulated("an argument");
    }
    let tree = call.tree();
    let all = tree.devices.iter();
    let all = all.flat_map(|d| std::iter::once(d).chain(&d.children));
    let told: Vec<String> = all.filter_map(of_filesystem).collect();
    for line in &told {
        call.line(line);
    }
    if told.is_empty() { 2 } else { 0 }
}

fn of_filesystem(device: &Device) -> Option<String> {
    let kind = device.filesystem.as_ref()?;
    let mut line = format!("{}:", device.path());
    let told = [
        ("UUID", device.uuid.as_ref()),
        ("TYPE", Some(kind)),
        ("PARTLABEL", device.part_label.as_ref()),
        ("PARTUUID", device.part_uuid.as_ref()),
    ];
    for (key, value) in told {
        if let Some(value) = value {
            line.push_str(&format!(" {key}=\"{value}\""));
        }
    }
    Some(line)
}

/// `efibootmgr [-v]`: the firmware's own entries, for no vendor keeps others.
pub(super) fn efibootmgr(call: &mut Call<'_>) -> u8 {
    let (flags, words) = options(call.args);
    if !words.is_empty() || flags.iter().any(|f| *f != "-v") {
        return call.not_emulated("anything but -v");
    }
    if call.spec.firmware == Firmware::Bios {
        call.err
            .extend_from_slice(b"EFI variables are not supported on this system.\n");
        return 2;
    }
    call.line("BootCurrent: 0002\nTimeout: 0 seconds\nBootOrder: 0001,0002");
    call.line("Boot0001* UEFI QEMU HARDDISK\tPciRoot(0x0)/Pci(0x2,0x5)/Pci(0x0,0x0)/SCSI(0,0)");
    call.line("Boot0002* UEFI PXEv4\tPciRoot(0x0)/Pci(0x2,0x0)/Pci(0x0,0x0)/MAC()/IPv4()");
    0
}
