//! What a disko layout does to the disks.

use super::devices;
use super::partition::{Filesystem, GIB, MIB, PartType, Partition};
use super::state::State;
use super::tree::Tree;
use crate::machine::Spec;
use crate::machine::emulated::inner;
use serde::Deserialize;
use std::fmt::Write as _;

/// What a disko script stands for here.
#[derive(Debug, Deserialize)]
pub(crate) struct Layout {
    schema: u32,
    disks: Vec<DiskLayout>,
}

#[derive(Debug, Deserialize)]
struct DiskLayout {
    device: String,
    table: String,
    partitions: Vec<PartLayout>,
}

#[derive(Debug, Deserialize)]
struct PartLayout {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    size: String,
    format: Option<String>,
    mountpoint: Option<String>,
}

/// The file systems whose tools an installer has.
const FORMATS: &[&str] = &[
    "bcachefs", "btrfs", "ext3", "ext4", "f2fs", "swap", "vfat", "xfs",
];

/// Room that a GPT leaves free at either end of a disk.
const EDGE: u64 = MIB;

/// Reads a layout.
pub(crate) fn read(bytes: &[u8]) -> Result<Layout, String> {
    let layout: Layout = serde_json::from_slice(bytes)
        .map_err(|e| format!("stand-in: the disko description cannot be read: {e}"))?;
    if layout.schema != 1 {
        return Err(format!(
            "stand-in: the disko description has schema {}, not 1",
            layout.schema
        ));
    }
    Ok(layout)
}

/// Unmounts everything and empties the disks that the layout names, one after the other.
pub(crate) fn destroy(state: &mut State, spec: &Spec, layout: &Layout) -> Result<(), String> {
    if let Some(running) = &mut state.running {
        running.mounts.retain(|m| !m.at.starts_with("/mnt"));
    }
    for disk in &layout.disks {
        let serial = find(state, spec, &disk.device)?;
        if let Some(found) = state.disks.iter_mut().find(|d| d.serial == serial) {
            found.wipe();
        }
    }
    Ok(())
}

/// Partitions, formats and mounts; the result is what the script prints.
pub(crate) fn create(state: &mut State, spec: &Spec, layout: &Layout) -> Result<String, String> {
    let mut said = String::new();
    let mut mounts = Vec::new();
    for wanted in &layout.disks {
        if wanted.table != "gpt" {
            return Err(format!(
                "sandbox: a {} table is not emulated: use gpt",
                wanted.table
            ));
        }
        let serial = find(state, spec, &wanted.device)?;
        let disk = state.disks.iter_mut().find(|d| d.serial == serial);
        let disk = disk.ok_or_else(|| missing(&wanted.device))?;
        disk.wipe();
        disk.gpt = true;
        let mut free = disk.bytes.saturating_sub(2 * EDGE);
        for (number, part) in (1..).zip(&wanted.partitions) {
            let made = part.make(number, &mut free)?;
            if let (Some(at), Some(_)) = (&part.mountpoint, &made.filesystem) {
                mounts.push(disk.mount(number, &format!("/mnt{}", at.trim_end_matches('/'))));
            }
            disk.partitions.push(made);
        }
        // writing to a text never fails
        let _ = writeln!(
            said,
            "{}: {} partitions",
            wanted.device,
            disk.partitions.len()
        );
    }
    mounts.sort_by(|a, b| a.at.cmp(&b.at));
    for mount in &mounts {
        let _ = writeln!(said, "mounted {}", mount.at);
    }
    if let Some(running) = &mut state.running {
        running.mounts.extend(mounts);
    }
    Ok(said)
}

/// The serial number of the disk that a path names.
pub(crate) fn find(state: &State, spec: &Spec, device: &str) -> Result<String, String> {
    let tree = Tree::of(spec, state, inner::now());
    let found = tree
        .real(device)
        .and_then(|real| devices::by_path(&tree.devices, &real));
    match found {
        None => Err(missing(device)),
        Some(found) if found.kind != "disk" => {
            Err(format!("{device} is a {}, not a disk", found.kind))
        }
        Some(found) => found.serial.clone().ok_or_else(|| missing(device)),
    }
}

fn missing(device: &str) -> String {
    format!("Problem opening {device} for reading! Error is 2.\nThe specified file does not exist!")
}

impl PartLayout {
    fn make(&self, number: u32, free: &mut u64) -> Result<Partition, String> {
        let cannot =
            |why: &str| format!("Could not create partition {number} ({}): {why}", self.name);
        let kind = PartType::parse(&self.kind)
            .ok_or_else(|| cannot(&format!("unknown type '{}'", self.kind)))?;
        let bytes = match self.size.as_str() {
            "100%" => *free,
            size => bytes(size).ok_or_else(|| cannot(&format!("unknown size '{size}'")))?,
        };
        if bytes == 0 || bytes > *free {
            return Err(cannot("the disk is too small"));
        }
        *free -= bytes;
        let filesystem = match self.format.as_deref() {
            None => None,
            Some(format) if FORMATS.contains(&format) => Some(Filesystem::new(format)),
            Some(other) => return Err(format!("mkfs.{other}: command not found")),
        };
        Ok(Partition {
            label: Some(self.name.clone()),
            kind,
            filesystem,
            ..Partition::new(number, "8300", bytes)
        })
    }
}

/// A size as sgdisk takes it (`512M`, `1G`, `10GiB`).
fn bytes(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "K" | "KiB" => 1024,
        "M" | "MiB" => MIB,
        "G" | "GiB" => GIB,
        "T" | "TiB" => 1024 * GIB,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_sgdisk_reads_them() {
        let table: &[(&str, Option<u64>)] = &[
            ("1M", Some(MIB)),
            ("512MiB", Some(512 * MIB)),
            ("2G", Some(2 * GIB)),
            ("64K", Some(64 * 1024)),
            ("1T", Some(1024 * GIB)),
            ("12", None),
            ("G", None),
            ("-1M", None),
            ("99999999999999T", None),
        ];
        for (text, expected) in table {
            assert_eq!(bytes(text), *expected, "{text}");
        }
    }

    #[test]
    fn descriptions_of_another_form_are_refused() {
        for (text, expected) in [
            ("#!/bin/sh", "cannot be read"),
            ("{\"schema\":2,\"disks\":[]}", "schema 2"),
            ("{\"schema\":1}", "disks"),
        ] {
            let why = read(text.as_bytes()).unwrap_err();
            assert!(why.contains(expected), "{why}");
        }
    }
}
