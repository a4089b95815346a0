//! The programs and firmware files of this computer that QEMU machines need.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// The emulator.
pub(super) const QEMU: &str = "qemu-system-x86_64";
/// What makes and resizes disk images.
pub(super) const QEMU_IMG: &str = "qemu-img";
/// What formats volumes, as the vendor hands them over.
pub(super) const MKFS: &str = "mkfs.ext4";

/// Where distributions put UEFI's code and the template of its variables, which belong together.
const FIRMWARE: &[(&str, &str)] = &[
    (
        "/usr/share/OVMF/OVMF_CODE_4M.fd",
        "/usr/share/OVMF/OVMF_VARS_4M.fd",
    ),
    (
        "/usr/share/edk2/x64/OVMF_CODE.4m.fd",
        "/usr/share/edk2/x64/OVMF_VARS.4m.fd",
    ),
    (
        "/usr/share/edk2/ovmf/OVMF_CODE.fd",
        "/usr/share/edk2/ovmf/OVMF_VARS.fd",
    ),
];

/// What QEMU's own build brings, below the folder that its `bin` is in.
const BESIDE_QEMU: (&str, &str) = (
    "share/qemu/edk2-x86_64-code.fd",
    "share/qemu/edk2-i386-vars.fd",
);

/// So much of what a failed program said is told.
const LAST_WORDS: usize = 600;

/// UEFI's code, and the template of its variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Uefi {
    pub(super) code: PathBuf,
    pub(super) vars: PathBuf,
}

/// What this computer lacks, each with the Debian package that brings it; nothing when machines
/// can be made.
pub fn missing() -> Vec<String> {
    let mut list = Vec::new();
    for (program, package) in [
        (QEMU, "qemu-system-x86"),
        (QEMU_IMG, "qemu-utils"),
        (MKFS, "e2fsprogs"),
    ] {
        if find(program).is_none() {
            list.push(format!("{program} (Debian's package {package})"));
        }
    }
    if uefi().is_none() {
        list.push("OVMF_CODE_4M.fd and OVMF_VARS_4M.fd (Debian's package ovmf)".to_owned());
    }
    list
}

/// The program of that name on the PATH, or where Debian has administrators' programs.
pub(super) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin"].map(PathBuf::from))
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// The firmware for UEFI machines.
pub(super) fn uefi() -> Option<Uefi> {
    let fixed = FIRMWARE
        .iter()
        .map(|(code, vars)| (PathBuf::from(code), PathBuf::from(vars)));
    // a QEMU of Nix's store has it beside itself
    let beside = find(QEMU)
        .and_then(|qemu| qemu.canonicalize().ok())
        .and_then(|qemu| Some(qemu.parent()?.parent()?.to_owned()))
        .map(|root| (root.join(BESIDE_QEMU.0), root.join(BESIDE_QEMU.1)));
    fixed
        .chain(beside)
        .find(|(code, vars)| code.is_file() && vars.is_file())
        .map(|(code, vars)| Uefi { code, vars })
}

/// Runs a program to its end in a folder; what it said, or why it failed in its own words. None
/// of the sandbox's environment reaches it but the PATH.
pub(super) async fn run(
    program: &str,
    arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
    folder: &Path,
    deadline: Duration,
) -> Result<String, String> {
    let path = find(program).ok_or_else(|| format!("{program} is not on this computer"))?;
    let mut command = Command::new(path);
    command
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(deadline, command.output())
        .await
        .map_err(|_| format!("{program} did not end within {} s", deadline.as_secs()))?
        .map_err(|error| format!("{program} cannot be started: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!(
        "{program} failed ({}): {}",
        output.status,
        last(said.trim())
    ))
}

/// The end of a text, in one line.
fn last(text: &str) -> String {
    let one_line = text.lines().map(str::trim).collect::<Vec<_>>().join("; ");
    let count = one_line.chars().count();
    one_line
        .chars()
        .skip(count.saturating_sub(LAST_WORDS))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_program_that_fails_is_quoted_and_one_that_hangs_is_ended() {
        let here = Path::new("/");
        let run =
            |script: &'static str, ms| run("sh", ["-c", script], here, Duration::from_millis(ms));
        assert_eq!(run("echo a", 9_000).await.unwrap(), "a\n");
        let error = run("echo one >&2; echo two >&2; exit 3", 9_000)
            .await
            .unwrap_err();
        assert!(error.contains("one; two") && error.contains('3'), "{error}");
        let error = run("sleep 60", 20).await.unwrap_err();
        assert!(error.contains("did not end"), "{error}");
        let home = run("echo \"[$HOME]\"", 9_000).await.unwrap();
        assert_eq!(home, "[]\n", "nothing of the environment goes along");
    }

    #[test]
    fn only_the_end_of_long_words_is_told() {
        assert_eq!(last("a\n b\nc"), "a; b; c");
        let long = "x".repeat(LAST_WORDS) + "end";
        assert_eq!(last(&long).len(), LAST_WORDS);
        assert!(last(&long).ends_with("end"));
    }
}
