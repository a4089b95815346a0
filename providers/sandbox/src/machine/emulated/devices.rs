//! The block devices that a running kernel shows, with all their names.

use super::disk::Disk;
use super::names;
use super::partition::{MIB, Partition};
use super::state::{Kind, Running, State};

/// A block device as lsblk sees it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Device {
    /// The kernel's name (`sda1`).
    pub(crate) name: String,
    /// `disk`, `part`, `rom` or `loop`.
    pub(crate) kind: &'static str,
    pub(crate) bytes: u64,
    pub(crate) numbers: (u32, u32),
    pub(crate) read_only: bool,
    pub(crate) removable: bool,
    pub(crate) serial: Option<String>,
    pub(crate) vendor: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) transport: Option<String>,
    pub(crate) table: Option<String>,
    pub(crate) filesystem: Option<String>,
    pub(crate) uuid: Option<String>,
    pub(crate) part_type: Option<String>,
    pub(crate) part_uuid: Option<String>,
    pub(crate) part_label: Option<String>,
    pub(crate) mountpoints: Vec<String>,
    pub(crate) parent: Option<String>,
    /// Other names under `/dev/disk` (`by-path/…`).
    pub(crate) links: Vec<String>,
    pub(crate) children: Vec<Device>,
}

impl Device {
    /// `/dev/NAME`.
    pub(crate) fn path(&self) -> String {
        format!("/dev/{}", self.name)
    }
}

/// All of them, in lsblk's order.
pub(crate) fn devices(state: &State) -> Vec<Device> {
    let Some(running) = &state.running else {
        return Vec::new();
    };
    let mut all: Vec<Device> = state
        .disks
        .iter()
        .filter_map(|disk| of_disk(disk, running))
        .collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    if let Some(image) = memory_image(running) {
        all.insert(0, image);
    }
    all.push(cd_drive());
    all
}

fn of_disk(disk: &Disk, running: &Running) -> Option<Device> {
    let name = disk.name.clone()?;
    let (vendor, model) = disk.model();
    let mut device = Device {
        kind: "disk",
        bytes: disk.bytes,
        numbers: disk.numbers(),
        serial: Some(disk.serial.clone()),
        vendor: vendor.map(|vendor| format!("{vendor:<8}")),
        model: model.map(str::to_owned),
        transport: disk.transport().map(str::to_owned),
        table: disk.gpt.then(|| "gpt".to_owned()),
        filesystem: disk.bare.as_ref().map(|f| f.kind.clone()),
        uuid: disk.bare.as_ref().map(|f| f.uuid.clone()),
        mountpoints: mounted(running, &disk.serial, 0),
        links: vec![
            format!("by-id/{}", disk.by_id()),
            format!("by-path/{}", disk.by_path()),
        ],
        name,
        ..Device::default()
    };
    if let Some(uuid) = &device.uuid {
        device.links.push(format!("by-uuid/{uuid}"));
    }
    device.children = disk
        .partitions
        .iter()
        .map(|p| of_partition(disk, p, &device, running))
        .collect();
    Some(device)
}

fn of_partition(disk: &Disk, part: &Partition, whole: &Device, running: &Running) -> Device {
    let mut links = vec![
        format!("by-id/{}-part{}", disk.by_id(), part.number),
        format!("by-path/{}-part{}", disk.by_path(), part.number),
        format!("by-partuuid/{}", part.uuid),
    ];
    if let Some(label) = &part.label {
        links.push(format!("by-partlabel/{label}"));
    }
    if let Some(filesystem) = &part.filesystem {
        links.push(format!("by-uuid/{}", filesystem.uuid));
    }
    Device {
        name: names::partition(&whole.name, part.number),
        kind: "part",
        bytes: part.bytes,
        numbers: (whole.numbers.0, whole.numbers.1 + part.number),
        table: whole.table.clone(),
        filesystem: part.filesystem.as_ref().map(|f| f.kind.clone()),
        uuid: part.filesystem.as_ref().map(|f| f.uuid.clone()),
        part_type: Some(part.kind.0.clone()),
        part_uuid: Some(part.uuid.clone()),
        part_label: part.label.clone(),
        mountpoints: mounted(running, &disk.serial, part.number),
        parent: Some(whole.name.clone()),
        links,
        ..Device::default()
    }
}

fn mounted(running: &Running, serial: &str, partition: u32) -> Vec<String> {
    running
        .mounts
        .iter()
        .filter(|m| m.serial == serial && m.partition == partition)
        .map(|m| m.at.clone())
        .collect()
}

/// Systems that run from memory keep their files in a compressed image on a loop device.
fn memory_image(running: &Running) -> Option<Device> {
    let (mib, at) = match running.kind {
        Kind::Rescue if running.mounts.iter().any(|m| m.at == "/") => return None,
        Kind::Rescue => (3277, None),
        Kind::Installer => (384, Some("/nix/.ro-store")),
        _ => return None,
    };
    Some(Device {
        name: "loop0".into(),
        kind: "loop",
        bytes: mib * MIB,
        numbers: (7, 0),
        read_only: true,
        filesystem: at.map(|_| "squashfs".to_owned()),
        mountpoints: at.map(str::to_owned).into_iter().collect(),
        ..Device::default()
    })
}

fn cd_drive() -> Device {
    Device {
        name: "sr0".into(),
        kind: "rom",
        bytes: 1024 * MIB - 512,
        numbers: (11, 0),
        removable: true,
        serial: Some("QM00001".into()),
        vendor: Some("QEMU    ".into()),
        model: Some("QEMU DVD-ROM".into()),
        transport: Some("sata".into()),
        links: vec![
            "by-id/ata-QEMU_DVD-ROM_QM00001".into(),
            "by-path/pci-0000:00:1f.2-ata-1".into(),
        ],
        ..Device::default()
    }
}

/// The device of this path, which is no link any more (`/dev/sda1`).
pub(crate) fn by_path<'a>(all: &'a [Device], path: &str) -> Option<&'a Device> {
    all.iter()
        .flat_map(|d| std::iter::once(d).chain(&d.children))
        .find(|d| d.path() == path)
}
