//! Disks as QEMU is told of them, on its command line and while it runs.

use super::folder::Folder;
use super::state::{State, Volume};
use crate::machine::{Board, DiskBus, Spec};
use serde_json::{Value, json};
use std::path::Path;

/// Where things are plugged in: the same places whatever boots, since names by path come from
/// them.
pub(super) const NETWORK_AT: &str = "0x2";
pub(super) const RANDOM_AT: &str = "0x3";
/// Before the controller of the own disk: a kernel finds it first.
const RESCUE_AT: &str = "0x4";
/// Behind all others: the machine's disks have the names that they have without it.
const RESCUE_ROOT_AT: &str = "0x1c";
/// As on boards of Intel's.
const SATA_AT: &str = "0x17";
/// The first place of disks that have one each.
const OWN_AT: usize = 0x8;

/// The controller of SCSI disks, which is always there: volumes are plugged into it.
const SCSI: &str = "scsi0";
/// The own disk is behind the volume that comes first, and before the others.
const OWN_TARGET: usize = 1;
/// The other own disks are behind all volumes.
const MORE_TARGET: usize = 0x40;

/// A file behind a disk.
pub(super) struct Medium<'a> {
    pub(super) file: &'a Path,
    pub(super) format: &'static str,
    pub(super) read_only: bool,
}

/// The medium of that name. Nothing waits for the computer's own disks: what a power failure
/// would lose there belongs to a rehearsal.
pub(super) fn blockdev(name: &str, medium: &Medium<'_>) -> Value {
    let path = medium.file.to_string_lossy();
    let mut node = json!({
        "node-name": name,
        "driver": medium.format,
        "read-only": medium.read_only,
        "cache": {"direct": false, "no-flush": true},
        "discard": "unmap",
        "file": {
            "driver": "file",
            "filename": path,
            "cache": {"direct": false, "no-flush": true},
            "discard": "unmap",
        },
    });
    if !medium.read_only {
        node["detect-zeroes"] = "unmap".into();
    }
    node
}

/// How the own disks are plugged in.
pub(super) fn bus(spec: &Spec) -> DiskBus {
    spec.platform.disk_bus()
}

/// The controllers that are there whatever boots.
pub(super) fn controllers(spec: &Spec) -> Vec<Value> {
    let at = match spec.platform.board {
        Board::HetznerCloud | Board::Metal => "0x6",
        Board::OpenStack => "0x5",
    };
    let mut list = vec![json!({
        "driver": "virtio-scsi-pci", "id": SCSI, "bus": "pcie.0", "addr": at,
    })];
    if bus(spec) == DiskBus::Sata {
        list.push(json!({
            "driver": "ich9-ahci", "id": "ahci0", "bus": "pcie.0", "addr": SATA_AT,
        }));
    }
    list
}

/// The own disks: for each a medium and a device. Only the first one is booted from.
pub(super) fn own(
    spec: &Spec,
    state: &State,
    folder: &Folder,
    bootable: bool,
) -> Vec<(Value, Value)> {
    let bus = bus(spec);
    state
        .serials
        .iter()
        .enumerate()
        .map(|(number, serial)| {
            let name = format!("disk{number}");
            let written = number == 0 && state.written.is_some();
            let (file, format) = if written {
                (folder.written_disk(), "qcow2")
            } else {
                (folder.raw_disk(number), "raw")
            };
            let medium = Medium {
                file: &file,
                format,
                read_only: false,
            };
            let mut device = plugged(bus, number);
            device["id"] = name.as_str().into();
            device["drive"] = name.as_str().into();
            device["serial"] = serial.as_str().into();
            if number == 0 && bootable {
                device["bootindex"] = 1.into();
            }
            (blockdev(&name, &medium), device)
        })
        .collect()
}

fn plugged(bus: DiskBus, number: usize) -> Value {
    let at = format!("{:#x}", OWN_AT + number);
    match bus {
        DiskBus::Scsi => {
            let target = match number {
                0 => OWN_TARGET,
                more => MORE_TARGET + more,
            };
            json!({"driver": "scsi-hd", "bus": format!("{SCSI}.0"), "scsi-id": target, "lun": 0})
        }
        DiskBus::Virtio => json!({"driver": "virtio-blk-pci", "bus": "pcie.0", "addr": at}),
        DiskBus::Nvme => json!({"driver": "nvme", "bus": "pcie.0", "addr": at}),
        DiskBus::Sata => json!({"driver": "ide-hd", "bus": format!("ahci0.{number}")}),
    }
}

/// The name of a volume's device and medium.
pub(super) fn volume_name(id: &str) -> String {
    format!("volume-{id}")
}

/// A volume: its medium, and the device with the vendor's words, from which udev makes
/// `scsi-0HC_Volume_ID`.
pub(super) fn volume(volume: &Volume, folder: &Folder) -> (Value, Value) {
    let name = volume_name(&volume.id);
    let medium = Medium {
        file: &folder.volumes().file(&volume.id),
        format: "raw",
        read_only: false,
    };
    let device = json!({
        "driver": "scsi-hd",
        "id": name,
        "drive": name,
        "bus": format!("{SCSI}.0"),
        "scsi-id": volume.target,
        "lun": volume.lun,
        "vendor": "HC",
        "product": "Volume",
        "serial": volume.id,
    });
    (blockdev(&name, &medium), device)
}

/// The rescue system's own disk, with a controller before the other one: media and devices.
pub(super) fn rescue_disk(file: &Path) -> (Vec<Value>, Vec<Value>) {
    let medium = Medium {
        file,
        format: "qcow2",
        read_only: false,
    };
    let devices = vec![
        json!({"driver": "virtio-scsi-pci", "id": "scsi1", "bus": "pcie.0", "addr": RESCUE_AT}),
        json!({
            "driver": "scsi-hd", "id": "rescue", "drive": "rescue", "bus": "scsi1.0",
            "scsi-id": 0, "lun": 0, "serial": "rescue",
        }),
    ];
    (vec![blockdev("rescue", &medium)], devices)
}

/// The rescue system's root that stays as it is.
pub(super) fn rescue_root(file: &Path) -> (Vec<Value>, Vec<Value>) {
    let medium = Medium {
        file,
        format: "raw",
        read_only: true,
    };
    let device = json!({
        "driver": "virtio-blk-pci", "id": "rescue", "drive": "rescue", "serial": "rescue-root",
        "bus": "pcie.0", "addr": RESCUE_ROOT_AT,
    });
    (vec![blockdev("rescue", &medium)], vec![device])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::qemu::tests::spec;

    fn state() -> State {
        State {
            serials: vec!["10000001".into(), "10000002".into()],
            ..State::default()
        }
    }

    #[test]
    fn each_bus_has_its_own_place() {
        let folder = Folder::of(Path::new("/w"), "m");
        for (board, wanted, drivers, places) in [
            (Board::HetznerCloud, None, "scsi-hd", ["scsi-id", "1", "65"]),
            (Board::OpenStack, None, "scsi-hd", ["scsi-id", "1", "65"]),
            (
                Board::Metal,
                None,
                "ide-hd",
                ["bus", "\"ahci0.0\"", "\"ahci0.1\""],
            ),
            (
                Board::HetznerCloud,
                Some(DiskBus::Virtio),
                "virtio-blk-pci",
                ["addr", "\"0x8\"", "\"0x9\""],
            ),
            (
                Board::Metal,
                Some(DiskBus::Nvme),
                "nvme",
                ["addr", "\"0x8\"", "\"0x9\""],
            ),
        ] {
            let mut spec = spec();
            spec.platform.board = board;
            spec.platform.disks = wanted;
            let disks = own(&spec, &state(), &folder, true);
            for (number, (medium, device)) in disks.iter().enumerate() {
                assert_eq!(device["driver"], drivers);
                assert_eq!(
                    device[places[0]].to_string(),
                    places[number + 1],
                    "{device}"
                );
                assert_eq!(device["drive"], medium["node-name"]);
                assert_eq!(device.get("bootindex").is_some(), number == 0);
            }
            assert_eq!(disks[1].1["serial"], "10000002");
            let sata = controllers(&spec)
                .iter()
                .any(|c| c["driver"] == "ich9-ahci");
            assert_eq!(sata, drivers == "ide-hd");
        }
    }

    #[test]
    fn the_own_disk_is_empty_until_an_image_is_written() {
        let folder = Folder::of(Path::new("/w"), "m");
        let mut state = state();
        let first = |state: &State| own(&spec(), state, &folder, false)[0].0.clone();
        assert_eq!(first(&state)["file"]["filename"], "/w/m/disk0.raw");
        state.written = Some(super::super::tests::written());
        assert_eq!(first(&state)["file"]["filename"], "/w/m/disk0.qcow2");
        assert_eq!(first(&state)["driver"], "qcow2");
    }
}
