//! The names that a kernel and udev give disks.

use super::disk::Disk;
use crate::machine::{Board, DiskBus, Platform};

impl Disk {
    /// What it is plugged into.
    pub(crate) fn bus(&self) -> DiskBus {
        let usual = || {
            let board = self.board;
            Platform {
                board,
                ..Platform::default()
            }
            .disk_bus()
        };
        match (self.rescue, &self.volume) {
            (false, None) => self.bus.unwrap_or_else(usual),
            _ => DiskBus::Scsi,
        }
    }

    /// Its name under `/dev/disk/by-path`.
    pub(crate) fn by_path(&self) -> String {
        if self.rescue {
            // another controller, or it would take a volume's place
            return "pci-0000:00:07.0-scsi-0:0:0:0".to_owned();
        }
        let lun = self.lun;
        match (self.bus(), self.board) {
            (DiskBus::Scsi, Board::OpenStack) => format!("pci-0000:00:05.0-scsi-0:0:0:{lun}"),
            (DiskBus::Scsi, _) => format!("pci-0000:06:00.0-scsi-0:0:0:{lun}"),
            (DiskBus::Sata, _) => format!("pci-0000:00:17.0-ata-{}", lun + 1),
            (DiskBus::Virtio, _) => format!("pci-0000:00:{:02x}.0", 8 + lun),
            (DiskBus::Nvme, _) => format!("pci-0000:00:{:02x}.0-nvme-1", 8 + lun),
        }
    }

    /// Its name under `/dev/disk/by-id`.
    pub(crate) fn by_id(&self) -> String {
        let serial = &self.serial;
        match (&self.volume, self.bus()) {
            (Some(id), _) => format!("scsi-0HC_Volume_{id}"),
            (None, DiskBus::Sata) => format!("ata-{SATA_MODEL}_{serial}"),
            (None, DiskBus::Scsi) => format!("scsi-0QEMU_QEMU_HARDDISK_{serial}"),
            (None, DiskBus::Virtio) => format!("virtio-{serial}"),
            (None, DiskBus::Nvme) => format!("nvme-QEMU_NVMe_Ctrl_{serial}"),
        }
    }

    /// Its maker and what it is called, as far as the kernel learns of them.
    pub(crate) fn model(&self) -> (Option<&'static str>, Option<&'static str>) {
        match (&self.volume, self.bus()) {
            (Some(_), _) => (Some("HC"), Some("Volume")),
            (None, DiskBus::Sata) => (Some("ATA"), Some(SATA_MODEL)),
            (None, DiskBus::Scsi) => (Some("QEMU"), Some("QEMU HARDDISK")),
            (None, DiskBus::Virtio) => (Some("0x1af4"), None),
            (None, DiskBus::Nvme) => (None, Some("QEMU NVMe Ctrl")),
        }
    }

    /// How lsblk calls its way to the computer.
    pub(crate) fn transport(&self) -> Option<&'static str> {
        match self.bus() {
            DiskBus::Scsi => None,
            DiskBus::Virtio => Some("virtio"),
            DiskBus::Nvme => Some("nvme"),
            DiskBus::Sata => Some("sata"),
        }
    }

    /// The kernel's numbers for it.
    pub(crate) fn numbers(&self) -> (u32, u32) {
        let name = self.name.as_deref().unwrap_or_default();
        let letter = name.bytes().last().unwrap_or_default().saturating_sub(b'a');
        match self.bus() {
            DiskBus::Scsi | DiskBus::Sata => (8, u32::from(letter) * 16),
            DiskBus::Virtio => (254, u32::from(letter) * 16),
            DiskBus::Nvme => (259, self.lun * 16),
        }
    }
}

const SATA_MODEL: &str = "HGST_HUS726020ALA610";

/// The name of a partition: where the disk's name ends with a digit, a `p` comes between.
pub(crate) fn partition(disk: &str, number: u32) -> String {
    let between = if disk.ends_with(|c: char| c.is_ascii_digit()) {
        "p"
    } else {
        ""
    };
    format!("{disk}{between}{number}")
}

/// Gives every disk its kernel name, as a kernel that starts does: the rescue system's, those in
/// front, then its own, then the others by their unit.
pub(crate) fn enumerate(disks: &mut [Disk]) {
    let mut order: Vec<usize> = (0..disks.len()).collect();
    order.sort_by_key(|&i| {
        let disk = &disks[i];
        (!disk.rescue, !disk.first, disk.volume.is_some(), disk.lun)
    });
    for disk in disks.iter_mut() {
        disk.name = None;
    }
    for index in order {
        disks[index].name = free(disks, disks[index].bus());
    }
}

/// Gives a disk that was plugged in while a kernel runs the first free name.
pub(crate) fn hot_plug(disks: &mut [Disk], index: usize) {
    disks[index].name = free(disks, disks[index].bus());
}

/// The first name of its kind that no disk has.
fn free(disks: &[Disk], bus: DiskBus) -> Option<String> {
    ('a'..='z')
        .zip(0..)
        .map(|(letter, number)| match bus {
            DiskBus::Scsi | DiskBus::Sata => format!("sd{letter}"),
            DiskBus::Virtio => format!("vd{letter}"),
            DiskBus::Nvme => format!("nvme{number}n1"),
        })
        .find(|name| disks.iter().all(|d| d.name.as_ref() != Some(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_order_in_which_a_kernel_finds_disks() {
        let mut disks = vec![
            Disk::own(40),
            Disk::volume("1", 10, 1, false),
            Disk::volume("2", 10, 2, true),
        ];
        enumerate(&mut disks);
        let names: Vec<_> = disks.iter().map(|d| d.name.clone().unwrap()).collect();
        assert_eq!(names, ["sdb", "sdc", "sda"]);

        disks.push(Disk::volume("3", 10, 3, true));
        hot_plug(&mut disks, 3);
        assert_eq!(
            disks[3].name.as_deref(),
            Some("sdd"),
            "a running kernel renames nothing"
        );
    }

    #[test]
    fn each_bus_has_its_names() {
        for (bus, names, path, id, part) in [
            (
                DiskBus::Scsi,
                ["sda", "sdb"],
                "pci-0000:06:00.0-scsi-0:0:0:1",
                "scsi-0QEMU_QEMU_HARDDISK_7",
                "sdb2",
            ),
            (
                DiskBus::Sata,
                ["sda", "sdb"],
                "pci-0000:00:17.0-ata-2",
                "ata-HGST_HUS726020ALA610_7",
                "sdb2",
            ),
            (
                DiskBus::Virtio,
                ["vda", "vdb"],
                "pci-0000:00:09.0",
                "virtio-7",
                "vdb2",
            ),
            (
                DiskBus::Nvme,
                ["nvme0n1", "nvme1n1"],
                "pci-0000:00:09.0-nvme-1",
                "nvme-QEMU_NVMe_Ctrl_7",
                "nvme1n1p2",
            ),
        ] {
            let own = |lun| Disk {
                bus: Some(bus),
                lun,
                serial: "7".to_owned(),
                ..Disk::own(40)
            };
            let mut disks = vec![own(0), own(1), Disk::volume("3", 10, 2, false)];
            enumerate(&mut disks);
            let found: Vec<_> = disks[..2].iter().map(|d| d.name.clone().unwrap()).collect();
            assert_eq!(found, names);
            assert_eq!(
                (disks[1].by_path(), disks[1].by_id()),
                (path.into(), id.into())
            );
            assert_eq!(partition(&found[1], 2), part);
            let volume = disks[2].name.clone().unwrap();
            assert!(
                volume.starts_with("sd"),
                "a volume is always SCSI: {volume}"
            );
            let numbers: Vec<_> = disks.iter().map(Disk::numbers).collect();
            assert!(numbers[0] != numbers[1] && numbers[1] != numbers[2]);
        }
    }
}
