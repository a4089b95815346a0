//! What the images are made of: files of this program, written out for the build, and told apart
//! by their hash.

use super::ImageError;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use std::fs;
use std::path::Path;

/// Debian's release that the guests run.
pub(super) const SUITE: &str = "trixie";

/// Counts up when the images change by something that is not in the files below.
const FORMAT: u32 = 1;

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        /// Names below the recipe's folder, and what is in them.
        const FILES: &[(&str, &str)] = &[
            $(($name, include_str!(concat!("../../guests/", $name)))),*
        ];
    };
}

files![
    "chain/grub.cfg",
    "forge/chain.sh",
    "forge/initramfs.sh",
    "forge/kexec.sh",
    "forge/main.sh",
    "forge/modules.sh",
    "forge/rescue-disk.sh",
    "forge/rescue-initrd.sh",
    "forge/rescue.sh",
    "forge/stock.sh",
    "forge/system.sh",
    "initramfs/init",
    "kexec/installer",
    "kexec/run",
    "nixos/nixos-enter",
    "nixos/nixos-install",
    "packages/modules",
    "packages/rescue",
    "packages/rescue-prune",
    "packages/stock",
    "packages/system",
    "packages/system-prune",
    "packages/system-without",
    "rescue/80-dhcp.network",
    "rescue/masked",
    "rescue/nix.conf",
    "rescue/provision-guest",
    "rescue/provision-guest.service",
    "rescue/ssh.service",
    "rescue/sshd_config",
    "stock/cloud.cfg",
    "stock/early.cfg",
    "stock/grub.cfg",
    "stock/masked",
    "stock/provision-seed",
    "stock/provision-seed.service",
    "stock/sshd.conf",
];

/// The hash over everything that decides what is in the images, 64 hexadecimal digits; not over
/// the time, nor over the versions of packages that Debian has just now.
pub(super) fn key() -> String {
    hash(FORMAT, SUITE, FILES)
}

fn hash(format: u32, suite: &str, files: &[(&str, &str)]) -> String {
    let mut hash = Sha256::new();
    let mut part = |text: &str| {
        // lengths keep neighbours apart
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    };
    part(&format.to_string());
    part(suite);
    for (name, content) in files {
        part(name);
        part(content);
    }
    HEXLOWER.encode(&hash.finalize())
}

/// The packages of a list, without its comments.
pub(super) fn packages(list: &str) -> Vec<&'static str> {
    let name = format!("packages/{list}");
    FILES
        .iter()
        .filter(|(file, _)| *file == name)
        .flat_map(|(_, content)| content.lines())
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect()
}

/// Writes the recipe out below a folder.
pub(super) fn write(folder: &Path) -> Result<(), ImageError> {
    for (name, content) in FILES {
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(ImageError::file("cannot make", parent))?;
        }
        fs::write(&path, content).map_err(ImageError::file("cannot write", &path))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_key_changes_with_everything_that_it_is_over() {
        let base = [("a", "1"), ("b", "2")];
        let keys: BTreeSet<String> = [
            hash(1, "trixie", &base),
            hash(2, "trixie", &base),
            hash(1, "forky", &base),
            hash(1, "trixie", &[("a", "1"), ("b", "3")]),
            hash(1, "trixie", &[("a", "1"), ("c", "2")]),
            hash(1, "trixie", &[("a", "1b"), ("", "2")]),
            hash(1, "trixie", &[("a", "1")]),
        ]
        .into();
        assert_eq!(keys.len(), 7);
        assert_eq!(key(), key());
        assert_eq!(key().len(), 64);
    }

    #[test]
    fn every_file_of_the_recipe_is_in_it() {
        fn walk(folder: &Path, root: &Path, found: &mut BTreeSet<String>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(&path, root, found);
                } else {
                    let name = path.strip_prefix(root).unwrap();
                    found.insert(name.to_str().unwrap().to_owned());
                }
            }
        }
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("guests");
        let mut there = BTreeSet::new();
        walk(&root, &root, &mut there);
        let named: BTreeSet<String> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(named, there);
    }

    #[test]
    fn lists_are_read_without_comments() {
        for list in ["rescue", "stock", "system"] {
            let packages = packages(list);
            assert!(packages.contains(&"openssh-server"), "{list}");
            assert!(
                packages.iter().all(|name| name
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "-.+".contains(c))),
                "{list}: {packages:?}"
            );
        }
        assert!(packages("nothing").is_empty());
    }

    #[test]
    fn is_written_out_whole() {
        let home = tempfile::tempdir().unwrap();
        write(home.path()).unwrap();
        for (name, content) in FILES {
            assert_eq!(
                &fs::read_to_string(home.path().join(name)).unwrap(),
                content
            );
        }
    }
}
