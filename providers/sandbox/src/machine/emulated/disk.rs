//! A disk: its table, file systems, boot code and what is installed on it.

use super::file::File;
use super::keys;
use super::partition::{Filesystem, GIB, MIB, PartType, Partition, efi_path};
use super::state::{Account, Mount};
use crate::machine::{Board, DiskBus, Image, Spec};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A disk that is plugged in, or was.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Disk {
    /// The volume's id; nothing for the machine's own disk.
    pub(crate) volume: Option<String>,
    /// Whether it is the rescue system's, gone with the next boot by the firmware.
    #[serde(default)]
    pub(crate) rescue: bool,
    /// What it is plugged into.
    #[serde(default)]
    pub(crate) board: Board,
    /// And how; as on that board when not given. Volumes and rescue systems' disks are SCSI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) bus: Option<DiskBus>,
    /// Unique on its machine.
    pub(crate) serial: String,
    pub(crate) bytes: u64,
    /// The SCSI unit that its by-path name ends with.
    pub(crate) lun: u32,
    /// Whether the kernel finds it before the machine's own disk.
    pub(crate) first: bool,
    /// The kernel's name for it (`sda`), while one runs.
    pub(crate) name: Option<String>,
    /// Whether it has a GPT.
    pub(crate) gpt: bool,
    pub(crate) partitions: Vec<Partition>,
    /// A file system on the bare disk.
    pub(crate) bare: Option<Filesystem>,
    /// The id of the system that the boot sector's code loads.
    pub(crate) boot_sector: Option<String>,
    /// The system whose root is on this disk.
    pub(crate) contents: Option<Contents>,
}

/// A system on a disk.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Contents {
    /// Random; what boot code refers to, as GRUB refers to a file system's UUID.
    pub(crate) id: String,
    pub(crate) os: Os,
    pub(crate) hostname: String,
    pub(crate) arch: String,
    pub(crate) accounts: Vec<Account>,
    /// Its fstab.
    pub(crate) mounts: Vec<Mount>,
    /// What is on it besides what such a system always has.
    pub(crate) files: BTreeMap<String, File>,
    /// The journal of its last boot, as far as anything went wrong.
    #[serde(default)]
    pub(crate) journal: Vec<String>,
}

/// Which system it is.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Os {
    /// The vendor's image; the seed is there until the first boot has used it.
    Stock {
        os: String,
        version: String,
        seed: Option<Image>,
    },
    /// NixOS, with its system profile.
    Nixos { system: String },
}

impl std::fmt::Debug for Os {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stock { os, version, .. } => write!(f, "Stock({os} {version})"),
            Self::Nixos { system } => write!(f, "Nixos({system})"),
        }
    }
}

impl Disk {
    /// The machine's own disk, empty.
    pub(crate) fn own(gib: u64) -> Self {
        Self::empty(None, digits(), gib, 0)
    }

    /// All disks that a new machine has, empty.
    pub(crate) fn all(spec: &Spec) -> Vec<Self> {
        let more = spec.platform.more_disks_gib.iter().copied();
        std::iter::once(spec.disk_gib)
            .chain(more)
            .zip(0..)
            .map(|(gib, lun)| Self {
                board: spec.platform.board,
                bus: Some(spec.platform.disk_bus()),
                lun,
                ..Self::own(gib)
            })
            .collect()
    }

    /// The rescue system's, with its Debian on it.
    pub(crate) fn of_rescue(gib: u64, board: Board, arch: &str) -> Self {
        let mut disk = Self {
            rescue: true,
            board,
            ..Self::own(gib)
        };
        disk.partition_stock(arch);
        disk
    }

    /// Whether it is the one that images are written to and that the firmware boots.
    pub(crate) fn is_main(&self) -> bool {
        self.volume.is_none() && !self.rescue && self.lun == 0
    }

    /// A new volume, formatted as the vendor hands it over: ext4 on the bare disk.
    pub(crate) fn volume(id: &str, gib: u64, lun: u32, first: bool) -> Self {
        Self {
            first,
            bare: Some(Filesystem::new("ext4")),
            ..Self::empty(Some(id.to_owned()), id.to_owned(), gib, lun)
        }
    }

    fn empty(volume: Option<String>, serial: String, gib: u64, lun: u32) -> Self {
        Self {
            volume,
            rescue: false,
            board: Board::default(),
            bus: None,
            serial,
            bytes: gib * GIB,
            lun,
            first: false,
            name: None,
            gpt: false,
            partitions: Vec::new(),
            bare: None,
            boot_sector: None,
            contents: None,
        }
    }

    /// Whether the system of this id is on it.
    pub(crate) fn holds(&self, system: &str) -> bool {
        self.contents.as_ref().is_some_and(|c| c.id == system)
    }

    /// All that was on it is gone.
    pub(crate) fn wipe(&mut self) {
        self.gpt = false;
        self.partitions.clear();
        self.bare = None;
        self.boot_sector = None;
        self.contents = None;
    }

    /// The vendor's image over it: boot code of both kinds (only EFI's on ARM), so that it
    /// starts on either firmware.
    pub(crate) fn write_stock(&mut self, image: Image, hostname: &str, arch: &str) {
        self.wipe();
        let id = self.partition_stock(arch);
        self.contents = Some(Contents {
            id,
            os: Os::Stock {
                os: image.os.clone(),
                version: image.version.clone(),
                seed: Some(image),
            },
            hostname: hostname.to_owned(),
            arch: arch.to_owned(),
            accounts: Vec::new(),
            mounts: self.stock_mounts(),
            files: BTreeMap::new(),
            journal: Vec::new(),
        });
    }

    /// Where a vendor's system on it mounts its partitions.
    pub(crate) fn stock_mounts(&self) -> Vec<Mount> {
        vec![self.mount(1, "/"), self.mount(15, "/boot/efi")]
    }

    /// Partitions and boot code of a vendor's system; the id that the boot code refers to.
    fn partition_stock(&mut self, arch: &str) -> String {
        let id = keys::random_hex(16);
        let esp = 256 * MIB;
        let mut root = Partition::new(1, "8304", self.bytes.saturating_sub(esp + 2 * MIB));
        if arch == "aarch64" {
            root.kind = PartType::parse("8305").unwrap_or(root.kind);
        } else {
            self.boot_sector = Some(id.clone());
            self.partitions.push(Partition::new(14, "EF02", MIB));
        }
        root.filesystem = Some(Filesystem::new("ext4"));
        let mut efi = Partition::new(15, "EF00", esp);
        efi.filesystem = Some(Filesystem::new("vfat"));
        efi.loader = Some(id.clone());
        let grub = match arch {
            "aarch64" => r"\efi\debian\grubaa64.efi",
            _ => r"\efi\debian\grubx64.efi",
        };
        efi.programs.insert(efi_path(grub), id.clone());
        self.gpt = true;
        self.partitions.insert(0, root);
        self.partitions.push(efi);
        id
    }

    /// One of its partitions mounted somewhere; 0 is the bare disk.
    pub(crate) fn mount(&self, partition: u32, at: &str) -> Mount {
        Mount {
            serial: self.serial.clone(),
            partition,
            at: at.to_owned(),
        }
    }
}

/// A serial number as the vendor's disks have it.
fn digits() -> String {
    (0..8).map(|_| fastrand::digit(10)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image() -> Image {
        Image {
            os: "debian".into(),
            version: "12".into(),
            user_data: None,
            authorized_keys: vec![],
            user: None,
        }
    }

    #[test]
    fn the_stock_image_starts_on_both_firmwares_and_on_arm_by_efi_only() {
        let mut disk = Disk::own(40);
        disk.write_stock(image(), "web-1", "x86_64");
        let id = disk.contents.as_ref().unwrap().id.clone();
        assert_eq!(disk.boot_sector.as_ref(), Some(&id));
        let numbers: Vec<u32> = disk.partitions.iter().map(|p| p.number).collect();
        assert_eq!(numbers, [1, 14, 15]);
        assert_eq!(disk.partitions[2].loader.as_ref(), Some(&id));

        disk.write_stock(image(), "web-1", "aarch64");
        assert_eq!(disk.boot_sector, None);
        assert_eq!(disk.partitions.len(), 2);
        assert!(disk.partitions[0].kind.is("8305"));

        disk.wipe();
        assert!(disk.contents.is_none() && disk.partitions.is_empty() && !disk.gpt);
    }
}
