//! The file systems of a machine's own disks, and how each is mounted without changing it.

use super::PLACE;
use crate::post_mortem::Part;
use serde::Deserialize;

/// More file systems are not looked through.
const MOST: usize = 16;

#[derive(Debug, Deserialize)]
struct Listed {
    blockdevices: Vec<Device>,
}

#[derive(Debug, Clone, Deserialize)]
struct Device {
    path: String,
    fstype: Option<String>,
    #[serde(default)]
    mountpoints: Vec<Option<String>>,
    #[serde(default)]
    children: Vec<Device>,
}

/// A file system that may hold a part of the dead system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Filesystem {
    pub(super) device: String,
    pub(super) kind: String,
    /// Where it is mounted for the look.
    pub(super) at: String,
}

/// What of these disks can be mounted, and parts that say why others cannot.
pub(super) fn filesystems(
    listed: &str,
    disks: &[String],
) -> Result<(Vec<Filesystem>, Vec<Part>), String> {
    let listed: Listed = serde_json::from_str(listed)
        .map_err(|error| format!("what lsblk says is not understood: {error}"))?;
    let mut devices = Vec::new();
    for device in listed.blockdevices {
        if disks.contains(&device.path) {
            flatten(device, &mut devices);
        }
    }
    let mut mountable = Vec::new();
    let mut parts = Vec::new();
    for device in devices {
        let Some(kind) = device.fstype.clone() else {
            continue;
        };
        if device.mountpoints.iter().any(Option::is_some) {
            parts.push(Part::missing(&device.path, "it is mounted already"));
        } else if options(&kind).is_none() {
            let why = format!("it holds {kind}, which is not looked into");
            parts.push(Part::missing(&device.path, why));
        } else if mountable.len() < MOST {
            mountable.push(Filesystem {
                at: format!("{PLACE}/{}", mountable.len()),
                device: device.path,
                kind,
            });
        }
    }
    Ok((mountable, parts))
}

fn flatten(mut device: Device, into: &mut Vec<Device>) {
    let children = std::mem::take(&mut device.children);
    into.push(device);
    for child in children {
        flatten(child, into);
    }
}

/// How each kind is mounted so that nothing is written to it. Of btrfs it is the top, below which
/// all subvolumes lie.
pub(super) fn options(kind: &str) -> Option<&'static str> {
    match kind {
        "btrfs" => Some("ro,subvolid=5,rescue=nologreplay"),
        "ext2" | "vfat" => Some("ro"),
        "ext3" | "ext4" => Some("ro,noload"),
        "xfs" => Some("ro,norecovery"),
        "f2fs" => Some("ro,disable_roll_forward"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DISKS: &str = r#"{"blockdevices": [
        {"name":"sda","path":"/dev/sda","type":"disk","fstype":null,"mountpoints":[null],"children":[
            {"name":"sda1","path":"/dev/sda1","type":"part","fstype":"vfat","mountpoints":[null]},
            {"name":"sda2","path":"/dev/sda2","type":"part","fstype":null,"mountpoints":[null]},
            {"name":"sda3","path":"/dev/sda3","type":"part","fstype":"btrfs","mountpoints":[null]},
            {"name":"sda4","path":"/dev/sda4","type":"part","fstype":"crypto_LUKS","mountpoints":[null]},
            {"name":"sda5","path":"/dev/sda5","type":"part","fstype":"ext4","mountpoints":["/x"]}]},
        {"name":"sdb","path":"/dev/sdb","type":"disk","fstype":"ext4","mountpoints":[null]}]}"#;

    #[test]
    fn only_what_is_the_machines_own_is_mounted() {
        let (filesystems, parts) = filesystems(DISKS, &["/dev/sda".to_owned()]).unwrap();
        let devices: Vec<_> = filesystems.iter().map(|f| f.device.as_str()).collect();
        assert_eq!(devices, ["/dev/sda1", "/dev/sda3"]);
        let named: Vec<_> = parts.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(named, ["/dev/sda4", "/dev/sda5"]);
        assert!(filesystems.iter().all(|f| options(&f.kind).is_some()));
        for kind in ["btrfs", "ext2", "ext3", "ext4", "xfs", "vfat", "f2fs"] {
            assert!(options(kind).unwrap().starts_with("ro"), "{kind}");
        }
        assert!(super::filesystems("lsblk: not found", &[]).is_err());
    }
}
