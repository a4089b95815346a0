//! Whether KVM truly works: told by a guest that starts, not by `/dev/kvm` being there.

use super::tools;
use crate::images::Images;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::time::Duration;

/// A kernel takes a second or two with KVM; one that takes longer is no gain.
const PATIENCE: Duration = Duration::from_secs(10);
const ASKING: Duration = Duration::from_secs(10);

/// A kernel without a root file system says this after it has brought up all of itself.
const MARK: &str = "Kernel panic - not syncing: VFS: Unable to mount root fs";

/// What runs a guest's code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Accelerator {
    /// The processor itself.
    Kvm,
    /// QEMU, translating.
    Tcg,
}

impl Accelerator {
    /// QEMU's options for it.
    pub(super) fn arguments(self) -> [(&'static str, &'static str); 2] {
        match self {
            Self::Kvm => [("-accel", "kvm"), ("-cpu", "host")],
            Self::Tcg => [("-accel", "tcg,thread=multi,tb-size=512"), ("-cpu", "max")],
        }
    }
}

/// What was found, kept until the computer starts anew or QEMU is another.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Found {
    boot_id: String,
    qemu: String,
    works: bool,
}

/// What runs guests here.
pub(super) async fn accelerator(images: &Images) -> Accelerator {
    if kvm_works(images).await {
        Accelerator::Kvm
    } else {
        Accelerator::Tcg
    }
}

/// Whether KVM truly works on this computer. Answers within seconds, and at once when it was
/// asked before since this computer started.
pub async fn kvm_works(images: &Images) -> bool {
    let usable = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/kvm");
    if usable.is_err() {
        return false;
    }
    let boot_id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let here = Path::new("/");
    let version = tools::run(tools::QEMU, ["--version"], here, ASKING).await;
    let mut found = Found {
        boot_id,
        qemu: version.unwrap_or_default(),
        works: false,
    };
    let file = images.folder().join("kvm.json");
    if let Some(works) = remembered(&file, &found) {
        return works;
    }
    found.works = boots(&images.kernel(), Accelerator::Kvm, PATIENCE).await;
    if let Ok(text) = serde_json::to_vec(&found) {
        // where it cannot be kept it is tried again next time
        drop(std::fs::write(file, text));
    }
    found.works
}

fn remembered(file: &Path, now: &Found) -> Option<bool> {
    let kept: Found = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
    (kept.boot_id == now.boot_id && kept.qemu == now.qemu).then_some(kept.works)
}

/// Whether a kernel comes up as far as a kernel alone can.
async fn boots(kernel: &Path, accelerator: Accelerator, patience: Duration) -> bool {
    let mut line: Vec<&std::ffi::OsStr> = [
        "-machine",
        "q35,graphics=off",
        "-m",
        "256",
        "-nodefaults",
        "-no-user-config",
        "-display",
        "none",
        "-serial",
        "stdio",
        "-action",
        "reboot=shutdown,panic=shutdown",
        "-append",
        "console=ttyS0 panic=-1",
        "-kernel",
    ]
    .map(std::ffi::OsStr::new)
    .to_vec();
    line.push(kernel.as_os_str());
    for (option, value) in accelerator.arguments() {
        line.extend([option, value].map(std::ffi::OsStr::new));
    }
    let said = tools::run(tools::QEMU, line, Path::new("/"), patience).await;
    said.is_ok_and(|text| text.contains(MARK))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_counts_until_the_computer_or_qemu_is_another() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("kvm.json");
        let found = |boot_id: &str, qemu: &str, works| Found {
            boot_id: boot_id.to_owned(),
            qemu: qemu.to_owned(),
            works,
        };
        let now = found("a", "7.2", false);
        assert_eq!(remembered(&file, &now), None);
        for (kept, expected) in [
            (found("a", "7.2", true), Some(true)),
            (found("a", "7.2", false), Some(false)),
            (found("b", "7.2", true), None),
            (found("a", "8.0", true), None),
        ] {
            std::fs::write(&file, serde_json::to_vec(&kept).unwrap()).unwrap();
            assert_eq!(remembered(&file, &now), expected);
        }
    }

    #[tokio::test]
    #[ignore = "starts a guest"]
    async fn the_probe_says_yes_where_a_kernel_comes_up() {
        let Some(images) = super::super::tests::images() else {
            return;
        };
        let patience = Duration::from_secs(60);
        assert!(boots(&images.kernel(), Accelerator::Tcg, patience).await);
        assert!(!boots(Path::new("/nonexistent"), Accelerator::Tcg, patience).await);
        // whatever it is, it is found in time and the same twice
        let works = kvm_works(&images).await;
        assert_eq!(kvm_works(&images).await, works);
    }
}
