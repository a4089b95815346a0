//! Whether KVM truly works: told by a guest that starts, not by `/dev/kvm` being there.

use super::folder::Folder;
use super::{inner, tools};
use crate::images::Images;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
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

/// The folder of the guest that is tried, among those of machines: what is left of it is found,
/// ended and removed as they are. No vendor's machine has that name.
const PROBE: &str = "kvm-probe";
/// It is waited for so much longer than it may take: what ends it needs a moment.
const LINGER: Duration = Duration::from_secs(5);

/// What a try told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tried {
    /// A kernel came up.
    Works,
    /// KVM said that it does not.
    Fails,
    /// Neither in time, as on a computer that is busy or short of memory.
    Unclear,
}

/// What was found, kept until the computer starts anew or QEMU is another.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Found {
    boot_id: String,
    qemu: String,
    works: bool,
}

/// What runs guests here; `machines` is where each has a folder.
pub(super) async fn accelerator(images: &Images, machines: &Path) -> Accelerator {
    if kvm_works(images, machines).await {
        Accelerator::Kvm
    } else {
        Accelerator::Tcg
    }
}

/// Whether KVM truly works on this computer. Answers within seconds, and at once when it was
/// found out before since this computer started.
async fn kvm_works(images: &Images, machines: &Path) -> bool {
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
    let tried = boots(&images.kernel(), Accelerator::Kvm, PATIENCE, machines).await;
    found.works = tried == Tried::Works;
    if tried != Tried::Unclear
        && let Ok(text) = serde_json::to_vec(&found)
    {
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
async fn boots(
    kernel: &Path,
    accelerator: Accelerator,
    patience: Duration,
    machines: &Path,
) -> Tried {
    let folder = Folder::of(machines, PROBE);
    let fresh = async {
        if let Some(left) = folder.process() {
            inner::end(left).await?;
        }
        folder.remove()?;
        folder.make()
    };
    if let Err(why) = fresh.await {
        tracing::warn!("whether KVM works cannot be found out: {why}");
        return Tried::Unclear;
    }
    let line = arguments(kernel, accelerator, patience, &folder);
    let ended = tools::run("timeout", line, folder.path(), patience + LINGER).await;
    // whatever became of what should have ended it
    if let Some(guest) = folder.process()
        && let Err(why) = inner::end(guest).await
    {
        tracing::warn!("the guest that tried KVM: {why}");
    }
    let said = std::fs::read(folder.serial()).unwrap_or_default();
    let tried = judge(&String::from_utf8_lossy(&said), ended.err().as_deref());
    if let Err(why) = folder.remove() {
        tracing::warn!("{why}");
    }
    tried
}

/// QEMU by way of coreutils' `timeout`, which ends it in time though this process was killed.
fn arguments(
    kernel: &Path,
    accelerator: Accelerator,
    patience: Duration,
    folder: &Folder,
) -> Vec<OsString> {
    let most = patience.as_secs().to_string();
    let mut line: Vec<OsString> = [
        "--kill-after=2",
        &most,
        tools::QEMU,
        "-machine",
        "q35,graphics=off",
        "-m",
        "256",
        "-nodefaults",
        "-no-user-config",
        "-display",
        "none",
        "-serial",
        "file:serial.log",
        "-action",
        "reboot=shutdown,panic=shutdown",
        "-append",
        "console=ttyS0 panic=-1",
    ]
    .map(OsString::from)
    .to_vec();
    line.extend(["-kernel".into(), kernel.into()]);
    line.extend(["-pidfile".into(), folder.pid().into()]);
    for (option, value) in accelerator.arguments() {
        line.extend([option.into(), value.into()]);
    }
    line
}

/// What a try told by the guest's console and by why QEMU failed. Only KVM's own word is clear: a
/// computer that is short of memory or of time says nothing about KVM.
fn judge(console: &str, failure: Option<&str>) -> Tried {
    const CLEAR: [&str; 2] = ["kvm internal error", "kvm: entry failed"];
    // what QEMU says when it is ended from outside; whatever else ended it was of its own making
    const ENDED: &str = "terminating on signal";
    const PASSING: [&str; 3] = [
        "cannot allocate memory",
        "resource temporarily unavailable",
        "interrupted system call",
    ];
    if console.contains(MARK) {
        return Tried::Works;
    }
    let words = failure.unwrap_or_default().to_lowercase();
    let has = |list: &[&str]| list.iter().any(|word| words.contains(word));
    let by_itself = words.contains("kvm") && !words.contains(ENDED);
    if (has(&CLEAR) || by_itself) && !has(&PASSING) {
        Tried::Fails
    } else {
        Tried::Unclear
    }
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

    #[test]
    fn only_a_clear_word_of_kvm_is_a_failure() {
        let panic = format!("[    1.2] {MARK} on unknown-block(0,0)");
        let refused = "timeout failed (exit status: 1): Could not access KVM kernel module: No \
                       such device; qemu-system-x86_64: failed to initialize kvm: No such device";
        let aborted = "timeout failed (signal: 6 (SIGABRT)): error: failed to set MSR 0x10a; \
                       kvm_buf_set_msrs: Assertion failed.";
        let warned = "timeout failed (exit status: 124): warning: kvm is slow; terminating on \
                      signal 15";
        let short = "timeout failed (exit status: 1): ioctl(KVM_CREATE_VM) failed: 12 Cannot \
                     allocate memory; failed to initialize kvm: Cannot allocate memory";
        let busy = "timeout failed (exit status: 124): qemu-system-x86_64: terminating on signal \
                    15 from pid 7 (timeout)";
        let broken = "timeout failed (exit status: 124): KVM internal error. Suberror: 1";
        for (console, failure, expected) in [
            (panic.as_str(), None, Tried::Works),
            (panic.as_str(), Some(busy), Tried::Works),
            ("", Some(refused), Tried::Fails),
            ("", Some(aborted), Tried::Fails),
            ("", Some(warned), Tried::Unclear),
            ("", Some(short), Tried::Unclear),
            ("Linux version", Some(busy), Tried::Unclear),
            ("Linux version", Some(broken), Tried::Fails),
            ("Linux version", None, Tried::Unclear),
        ] {
            assert_eq!(judge(console, failure), expected, "{console} {failure:?}");
        }
    }

    #[test]
    fn its_guest_is_known_by_its_folder_and_ends_by_itself() {
        let home = tempfile::tempdir().unwrap();
        let folder = Folder::of(home.path(), PROBE);
        let line = arguments(Path::new("/k"), Accelerator::Kvm, PATIENCE, &folder);
        assert_eq!(line[1], "10");
        assert_eq!(line[2], tools::QEMU);
        let at = line.iter().position(|word| word == "-pidfile").unwrap();
        assert_eq!(line[at + 1], folder.pid());
    }

    #[tokio::test]
    #[ignore = "starts a guest"]
    async fn the_probe_says_yes_where_a_kernel_comes_up() {
        let Some(images) = super::super::tests::images() else {
            return;
        };
        let home = tempfile::tempdir().unwrap();
        let patience = Duration::from_secs(60);
        let tried = async |kernel: &Path| {
            let tried = boots(kernel, Accelerator::Tcg, patience, home.path()).await;
            assert!(!home.path().join(PROBE).exists(), "nothing is left");
            tried
        };
        assert_eq!(tried(&images.kernel()).await, Tried::Works);
        assert_eq!(tried(Path::new("/nonexistent")).await, Tried::Unclear);
    }
}
