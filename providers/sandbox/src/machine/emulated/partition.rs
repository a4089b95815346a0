//! Partitions, their types, and file systems.

use super::keys;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One mebibyte.
pub(crate) const MIB: u64 = 1024 * 1024;
/// One gibibyte.
pub(crate) const GIB: u64 = 1024 * MIB;

/// A partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Partition {
    pub(crate) number: u32,
    pub(crate) label: Option<String>,
    pub(crate) kind: PartType,
    pub(crate) bytes: u64,
    pub(crate) uuid: String,
    pub(crate) filesystem: Option<Filesystem>,
    /// The id of the system that the removable EFI loader on it loads.
    pub(crate) loader: Option<String>,
    /// Other EFI programs on it, by their path in the form of [`efi_path`], and the ids of the
    /// systems that they load.
    #[serde(default)]
    pub(crate) programs: BTreeMap<String, String>,
}

/// A path as FAT compares paths: in capitals, from the top, with backslashes.
pub(crate) fn efi_path(path: &str) -> String {
    let path = path.trim().replace('/', r"\");
    format!(r"\{}", path.trim_start_matches('\\').to_uppercase())
}

/// Where the firmware of this architecture looks for a program without being told.
pub(crate) fn removable_path(arch: &str) -> &'static str {
    match arch {
        "aarch64" => r"\EFI\BOOT\BOOTAA64.EFI",
        _ => r"\EFI\BOOT\BOOTX64.EFI",
    }
}

/// A file system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Filesystem {
    /// As blkid says (`btrfs`, `vfat`).
    pub(crate) kind: String,
    pub(crate) uuid: String,
}

/// A partition's type, by its GUID.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct PartType(pub(crate) String);

/// sgdisk's short codes and the GUIDs that they stand for (sgdisk -L, UEFI specification,
/// Discoverable Partitions Specification).
const TYPES: &[(&str, &str)] = &[
    ("EF00", "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"),
    ("EF02", "21686148-6449-6e6f-744e-656564454649"),
    ("8200", "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f"),
    ("8300", "0fc63daf-8483-4772-8e79-3d69d8477de4"),
    ("8302", "933ac7e1-2eb4-4f13-b844-0e14e2aef915"),
    ("8304", "4f68bce3-e8cd-4db1-96e7-fbcaf984b709"),
    ("8305", "b921b045-1df0-41c3-af44-4c6f280d3fae"),
    ("8309", "ca7d7ccb-63ed-4c53-861c-1742536059cc"),
    ("8E00", "e6d6d379-f507-44c2-a23c-238f2a3df928"),
    ("EA00", "bc13c2ff-59e6-4262-a352-b275fd6f7172"),
    ("FD00", "a19d880f-05fc-4d3b-a006-743f0f84911e"),
];

impl PartType {
    /// From one of sgdisk's codes or from a GUID.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if let Some((_, guid)) = TYPES
            .iter()
            .find(|(code, _)| code.eq_ignore_ascii_case(text))
        {
            return Some(Self((*guid).to_owned()));
        }
        let guid = text.to_ascii_lowercase();
        let shape: Vec<usize> = guid.split('-').map(str::len).collect();
        let hex = guid.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit());
        (shape == [8, 4, 4, 4, 12] && hex).then_some(Self(guid))
    }

    /// Whether it is what sgdisk calls by this code.
    pub(crate) fn is(&self, code: &str) -> bool {
        Self::parse(code).as_ref() == Some(self)
    }
}

impl Partition {
    /// One without a file system.
    pub(crate) fn new(number: u32, code: &str, bytes: u64) -> Self {
        Self {
            number,
            label: None,
            kind: PartType::parse(code).unwrap_or(PartType(code.to_owned())),
            bytes,
            uuid: keys::random_uuid(),
            filesystem: None,
            loader: None,
            programs: BTreeMap::new(),
        }
    }
}

impl Filesystem {
    /// A fresh one.
    pub(crate) fn new(kind: &str) -> Self {
        let uuid = match kind {
            "vfat" => {
                let hex = keys::random_hex(4).to_uppercase();
                format!("{}-{}", &hex[..4], &hex[4..])
            }
            _ => keys::random_uuid(),
        };
        Self {
            kind: kind.to_owned(),
            uuid,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn efi_paths_are_the_same_however_they_are_written() {
        for path in [
            r"\EFI\debian\grubx64.efi",
            "efi/debian/grubx64.efi",
            r"/EFI\DEBIAN/GRUBX64.EFI ",
        ] {
            assert_eq!(efi_path(path), r"\EFI\DEBIAN\GRUBX64.EFI", "{path}");
        }
        assert_eq!(efi_path(removable_path("x86_64")), removable_path("x86_64"));
    }

    #[test]
    fn types_are_read_by_code_and_by_guid() {
        let table: &[(&str, Option<&str>)] = &[
            ("EF02", Some("21686148-6449-6e6f-744e-656564454649")),
            ("ef00", Some("c12a7328-f81f-11d2-ba4b-00a0c93ec93b")),
            (
                "C12A7328-F81F-11D2-BA4B-00A0C93EC93B",
                Some("c12a7328-f81f-11d2-ba4b-00a0c93ec93b"),
            ),
            ("ZZZZ", None),
            ("", None),
            ("c12a7328-f81f-11d2-ba4b", None),
        ];
        for (text, expected) in table {
            assert_eq!(
                PartType::parse(text).map(|t| t.0).as_deref(),
                *expected,
                "{text}"
            );
        }
    }
}
