//! The names that a kernel and udev give disks.

use super::disk::Disk;
use crate::machine::Board;

impl Disk {
    /// Its name under `/dev/disk/by-path`.
    pub(crate) fn by_path(&self) -> String {
        let lun = self.lun;
        match (self.board, self.rescue) {
            (Board::HetznerCloud, false) => format!("pci-0000:06:00.0-scsi-0:0:0:{lun}"),
            (Board::OpenStack, false) => format!("pci-0000:00:05.0-scsi-0:0:0:{lun}"),
            (Board::Metal, false) => format!("pci-0000:00:17.0-ata-{}", lun + 1),
            // another controller, or it would take a volume's place
            (_, true) => "pci-0000:00:07.0-scsi-0:0:0:0".to_owned(),
        }
    }

    /// Its name under `/dev/disk/by-id`.
    pub(crate) fn by_id(&self) -> String {
        match (&self.volume, self.board) {
            (Some(id), _) => format!("scsi-0HC_Volume_{id}"),
            (None, Board::Metal) => format!("ata-{}_{}", self.model().1, self.serial),
            (None, _) => format!("scsi-0QEMU_QEMU_HARDDISK_{}", self.serial),
        }
    }

    /// SCSI vendor and model.
    pub(crate) fn model(&self) -> (&'static str, &'static str) {
        match (&self.volume, self.board) {
            (Some(_), _) => ("HC", "Volume"),
            (None, Board::Metal) => ("ATA", "HGST_HUS726020ALA610"),
            (None, _) => ("QEMU", "QEMU HARDDISK"),
        }
    }
}

/// Gives every disk its kernel name, as a kernel that starts does: the rescue system's, those in
/// front, then its own, then the others by their unit.
pub(crate) fn enumerate(disks: &mut [Disk]) {
    let mut order: Vec<usize> = (0..disks.len()).collect();
    order.sort_by_key(|&i| {
        let disk = &disks[i];
        (!disk.rescue, !disk.first, disk.volume.is_some(), disk.lun)
    });
    for (letter, index) in ('a'..='z').zip(order) {
        disks[index].name = Some(format!("sd{letter}"));
    }
}

/// Gives a disk that was plugged in while a kernel runs the first free name.
pub(crate) fn hot_plug(disks: &mut [Disk], index: usize) {
    let free = ('a'..='z')
        .map(|letter| format!("sd{letter}"))
        .find(|name| disks.iter().all(|d| d.name.as_ref() != Some(name)));
    disks[index].name = free;
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
}
