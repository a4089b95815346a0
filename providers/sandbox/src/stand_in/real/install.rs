//! The disk is cut, the closure written to it, and the machine rebooted.

use super::nix::{Nix, Store};
use crate::stand_in::args::Request;
use crate::stand_in::parcel;
use crate::stand_in::phases::{RETURN, must};
use crate::stand_in::remote::Remote;
use crate::stand_in::{Aborted, step};
use std::path::{Path, PathBuf};

/// Which of the flake's disko scripts is run.
pub(super) fn disko_attribute(request: &Request) -> &'static str {
    if request.real.no_disko_deps {
        "diskoScriptNoDeps"
    } else {
        "diskoScript"
    }
}

/// Brings the disko script there and runs it.
pub(super) fn disko(
    request: &Request,
    remote: &Remote,
    script: Option<PathBuf>,
) -> Result<(), Aborted> {
    let nix = Nix::new(request, remote)?;
    let script = if let Some(script) = script {
        nix.copy(&script, Store::Installer)?;
        script
    } else {
        step("Building disko script");
        nix.build(disko_attribute(request), Some(Store::Installer))?
    };
    step("Formatting hard drive with disko");
    must(remote, in_store(&script)?, Vec::new(), "disko")
}

/// Brings the closure and the extra files there, and has them installed.
pub(super) fn system(
    request: &Request,
    remote: &Remote,
    system: Option<PathBuf>,
) -> Result<(), Aborted> {
    // below a folder where nothing is mounted all of it would go into memory
    let mounted =
        "grep -q '^[^ ]* /mnt ' /proc/mounts || { echo 'nothing is mounted on /mnt' >&2; exit 1; }";
    must(remote, mounted, Vec::new(), "the installation")?;
    let nix = Nix::new(request, remote)?;
    let system = if let Some(system) = system {
        step("Uploading the system closure");
        nix.copy(&system, Store::Mounted)?;
        system
    } else {
        step("Building the system closure");
        nix.build("toplevel", Some(Store::Mounted))?
    };
    if let Some(top) = &request.extra_files {
        step("Copying extra files");
        let files = parcel::pack_files(top, &request.chown)?;
        let unpack = "tar -C /mnt -xp --same-owner -f - && chmod 755 /mnt";
        must(remote, unpack, files, "the copy of the extra files")?;
    }
    step("Installing NixOS");
    let script = script(in_store(&system)?, request.copy_host_keys);
    must(remote, "sh -s", script.into_bytes(), "nixos-install")
}

/// A path that goes into a script as it is.
fn in_store(path: &Path) -> Result<&str, Aborted> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/+-._?=".contains(c);
    path.to_str()
        .filter(|p| p.starts_with("/nix/store/") && p.chars().all(plain))
        .ok_or_else(|| format!("{} is no path of the store", path.display()).into())
}

fn script(system: &str, copy_host_keys: bool) -> String {
    let keys = if copy_host_keys {
        r#"
mkdir -m 755 -p /mnt/etc/ssh
for key in /etc/ssh/ssh_host_*; do
  if test -e "$key" && ! test -e "/mnt$key"; then cp -a "$key" "/mnt$key"; fi
done
"#
    } else {
        ""
    };
    format!(
        r#"
set -eu
PATH="$PATH:/run/current-system/sw/bin"
export PATH
if ! test -d /mnt/tmp; then mkdir -m 777 -p /mnt/tmp; fi
{keys}
nixos-install --no-root-passwd --no-channel-copy --system '{system}' < /dev/null
"#
    )
}

/// Asks for a reboot, and waits until the machine goes down.
pub(super) fn reboot(remote: &Remote) -> Result<(), Aborted> {
    step("Rebooting");
    let before = remote.boot()?.map_err(Aborted)?;
    let script = "nohup sh -c 'sleep 3 && reboot' > /dev/null 2>&1 < /dev/null &";
    must(remote, script, Vec::new(), "the reboot")?;
    step("Waiting for the machine to become unreachable due to reboot");
    remote.until(RETURN, "the machine goes down", |boot| {
        boot.as_ref().map_or(true, |id| *id != before)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_the_store_go_into_scripts() {
        assert!(in_store(Path::new("/nix/store/abc-nixos-system-web-1-26.05")).is_ok());
        for odd in ["/tmp/x", "/nix/store/a'b", "/nix/store/a b", "nix/store/a"] {
            assert!(in_store(Path::new(odd)).is_err(), "{odd}");
        }
    }

    #[test]
    fn host_keys_are_copied_only_when_asked_for() {
        assert!(script("/nix/store/a", true).contains("ssh_host_"));
        let plain = script("/nix/store/a", false);
        assert!(!plain.contains("ssh_host_") && plain.contains("--system '/nix/store/a'"));
    }
}
