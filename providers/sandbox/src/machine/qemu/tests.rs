//! What the tests of this module have in common, and the ones that start real guests: they are
//! ignored, and say why where they cannot run. `PROVISION_TEST_IMAGES` names a folder of images.

mod ends;
mod guests;
mod lab;
mod life;

use super::folder::Folder;
use super::state::Written;
use crate::images::Images;
use crate::machine::{Firmware, Image, Platform, Spec};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

/// A small machine.
pub(super) fn spec() -> Spec {
    Spec {
        id: "hetzner-17".into(),
        hostname: "web-1".into(),
        ipv4: Ipv4Addr::new(127, 80, 1, 2),
        ipv6: "2001:db8:7:1::1".into(),
        ssh_port: 22022,
        arch: "x86_64".into(),
        firmware: Firmware::Bios,
        memory_mib: 2048,
        disk_gib: 8,
        platform: Platform::default(),
    }
}

/// An image that was written, with something secret.
pub(super) fn written() -> Written {
    Written {
        instance: "i-1".into(),
        image: Image {
            os: "debian".into(),
            version: "13".into(),
            user_data: Some("#cloud-config\n{}\n".into()),
            authorized_keys: vec!["ssh-ed25519 K vendor".into()],
            user: None,
        },
    }
}

/// Images for what does not look at them.
pub(super) fn no_images() -> Images {
    Images::at(PathBuf::from("/nonexistent"))
}

/// Images that can be booted; where there are none, says so, and fails if tools are required.
pub(super) fn images() -> Option<Images> {
    let lacking = super::missing();
    if !lacking.is_empty() {
        crate::tests::skipped(&format!("this computer lacks {}", lacking.join(", ")));
        return None;
    }
    crate::tests::folder_named_by("PROVISION_TEST_IMAGES").map(Images::at)
}

/// Something that looks like a guest: started with its own file, by a path without links.
pub(super) fn guest(all: &Path, id: &str) -> Child {
    let folder = Folder::of(all, id);
    folder.make().unwrap();
    let child = Command::new("sh")
        .args(["-c", "while :; do sleep 0.05; done", "sh"])
        .arg(folder.pid())
        .spawn()
        .unwrap();
    std::fs::write(folder.pid(), child.id().to_string()).unwrap();
    // its arguments are there a moment after itself
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while folder.process().is_none() {
        assert!(std::time::Instant::now() < until, "it does not begin");
        std::thread::yield_now();
    }
    child
}
