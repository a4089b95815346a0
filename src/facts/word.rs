//! Words in the facts that end up in configuration files and in scripts of the new system: what
//! could be read there as more than the one word is none of them.

use super::Facts;

/// A device's path: `/dev/disk/by-path/pci-0000:06:00.0-scsi-0:0:0:0`, in the letters that udev
/// leaves as they are.
pub(super) fn is_device(path: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "#+-.:=@_".contains(c);
    let is_name = |part: &str| !matches!(part, "" | "." | "..") && part.chars().all(plain);
    path.len() <= 255
        && path
            .strip_prefix("/dev/")
            .is_some_and(|below| below.split('/').all(is_name))
}

/// A hardware address as the kernel writes it: `96:00:02:aa:bb:cc`.
pub(super) fn is_mac(text: &str) -> bool {
    let is_pair = |pair: &str| pair.len() == 2 && pair.bytes().all(|b| b.is_ascii_hexdigit());
    text.split(':').count() == 6 && text.split(':').all(is_pair)
}

impl Facts {
    /// What is wrong with a word of theirs, if anything is.
    pub(super) fn odd_word(&self) -> Option<String> {
        if !is_device(&self.boot_disk) {
            return Some(format!("its boot_disk {:?} is no device", self.boot_disk));
        }
        let mac = self.network.mac.as_deref();
        let odd = mac.filter(|mac| !is_mac(mac))?;
        Some(format!("its mac {odd:?} is no hardware address"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_told_from_scripts() {
        for good in [
            "/dev/sda",
            "/dev/disk/by-path/pci-0000:06:00.0-scsi-0:0:0:0",
            "/dev/disk/by-id/wwn-0x5000c500a1b2c3d4",
            "/dev/disk/by-id/nvme-eui.0025388b01#1",
        ] {
            assert!(is_device(good), "{good}");
        }
        let long = format!("/dev/{}", "a".repeat(300));
        for bad in [
            "",
            "/dev/",
            "sda",
            "/etc/passwd",
            "/dev/../etc/passwd",
            "/dev//sda",
            "/dev/disk/by-id/a b",
            "/dev/disk/by-id/$(id)",
            "/dev/disk/by-id/${x}",
            "/dev/disk/by-id/a;b",
            "/dev/sda\n",
            "/dev/sd\u{e4}",
            &long,
        ] {
            assert!(!is_device(bad), "{bad:?}");
        }
    }

    #[test]
    fn hardware_addresses_are_six_pairs() {
        for (text, good) in [
            ("96:00:02:aa:bb:cc", true),
            ("96:00:02:AA:BB:CC", true),
            ("96:00:02:aa:bb", false),
            ("96:00:02:aa:bb:cc:dd", false),
            ("96:00:02:aa:bb:c", false),
            ("96:00:02:aa:bb:cc\n[Link]", false),
            ("", false),
        ] {
            assert_eq!(is_mac(text), good, "{text:?}");
        }
    }
}
