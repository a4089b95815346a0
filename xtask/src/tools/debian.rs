//! Debian's packages: installed by root, named to anyone else.

use super::find;
use crate::shell::{self, How};
use crate::tools::python;
use std::path::Path;
use std::process::Command;

/// A program or file, and the package that brings it.
const NEEDED: &[(&str, &str)] = &[
    ("/usr/share/OVMF/OVMF_CODE_4M.fd", "ovmf"),
    (
        "/usr/share/keyrings/debian-archive-keyring.gpg",
        "debian-archive-keyring",
    ),
    ("cpio", "cpio"),
    ("git", "git"),
    ("hcloud", "hcloud-cli"),
    ("jq", "jq"),
    ("mcopy", "mtools"),
    ("mke2fs", "e2fsprogs"),
    ("mkfs.vfat", "dosfstools"),
    ("mksquashfs", "squashfs-tools"),
    ("mmdebstrap", "mmdebstrap"),
    ("nix", "nix-bin"),
    ("python3", "python3"),
    ("qemu-img", "qemu-utils"),
    ("qemu-system-x86_64", "qemu-system-x86"),
    ("ssh", "openssh-client"),
    ("ssh-keygen", "openssh-client"),
    ("systemd-analyze", "systemd"),
];

/// Installing one package may remove another: of a newer version that the archive has no second
/// half of.
const ROUNDS: usize = 3;

/// Makes sure that everything is there, and says what was done.
pub(crate) fn ensure() -> Result<String, String> {
    let missing = missing();
    if missing.is_empty() {
        return Ok("all there".to_owned());
    }
    let names = missing.join(" ");
    if find("apt-get").is_none() {
        return Err(format!(
            "there is no apt-get here; install what Debian has as: {names}"
        ));
    }
    if !rustix::process::geteuid().is_root() {
        return Err(format!("only root can do this: apt-get install {names}"));
    }
    apt(&["update", "-qq"])?;
    let mut still = missing.clone();
    for _ in 0..ROUNDS {
        let mut install = vec!["install", "-qq", "--yes", "--no-install-recommends"];
        install.extend(&still);
        apt(&install)?;
        still = self::missing();
        if still.is_empty() {
            break;
        }
    }
    if still.is_empty() {
        Ok(format!("installed {names}"))
    } else {
        Err(format!(
            "apt-get installed {names}, but {} is not on the PATH",
            still.join(", ")
        ))
    }
}

/// The packages that bring what is not there, each once.
fn missing() -> Vec<&'static str> {
    let mut packages: Vec<&str> = NEEDED
        .iter()
        .filter(|(needed, _)| {
            let is_there = if needed.starts_with('/') {
                Path::new(needed).exists()
            } else {
                find(needed).is_some()
            };
            !is_there
        })
        .map(|(_, package)| *package)
        .collect();
    if !python::can_make_venv() {
        packages.push("python3-venv");
    }
    packages.sort_unstable();
    packages.dedup();
    packages
}

fn apt(args: &[&str]) -> Result<(), String> {
    let mut apt = Command::new("apt-get");
    apt.env("DEBIAN_FRONTEND", "noninteractive")
        // somebody else may be installing; a download may fail once
        .args(["-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3"])
        .args(["-o", "Dpkg::Use-Pty=0"])
        .args(args);
    shell::run(&mut apt, How::minutes(10))?.success("apt-get")?;
    Ok(())
}
