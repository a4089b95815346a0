//! The machine's system is exchanged for an installer in memory.

use super::facts::Facts;
use crate::stand_in::args::Request;
use crate::stand_in::phases::{RETURN, must};
use crate::stand_in::remote::Remote;
use crate::stand_in::{Aborted, step};
use std::fs::File;
use std::path::Path;

/// What kexec's own script says when it has loaded the installer.
const LOADED: &str = "machine will boot into nixos";

/// Boots the installer, unless it runs already, and looks again.
pub(super) fn boot(request: &Request, remote: &mut Remote, facts: Facts) -> Result<Facts, Aborted> {
    if facts.installer && !request.force_kexec {
        return Ok(facts);
    }
    facts.can_kexec()?;
    let Some(image) = &request.real.kexec else {
        return Err(
            "the stand-in downloads nothing: name the installer's image with --kexec FILE".into(),
        );
    };
    step("Switching system into kexec");
    let before = remote.boot()?.map_err(Aborted)?;
    upload(remote, image)?;
    let script = script(image, facts.root, &request.real.kexec_flags);
    must(remote, &script, Vec::new(), "Kexec")?;
    remote.change_port(request.post_kexec_port.as_deref().unwrap_or("22"));
    remote.become_root();
    remote.until(RETURN, "the installer answers", |boot| {
        boot.as_ref().is_ok_and(|id| *id != before)
    })?;
    let facts = Facts::gather(remote)?;
    if !facts.installer {
        return Err("Failed to kexec into NixOS installer".into());
    }
    Ok(facts)
}

fn upload(remote: &Remote, image: &Path) -> Result<(), Aborted> {
    let file = File::open(image).map_err(|e| format!("{} cannot be read: {e}", image.display()))?;
    let script = r#"mkdir -p "$HOME/kexec" && cat > "$HOME/kexec/image""#;
    if remote.run_from(script, file)?.success() {
        return Ok(());
    }
    Err("the upload of the installer failed".into())
}

/// The image's `kexec/run` ends the connection sooner or later: what counts is what it said.
fn script(image: &Path, root: bool, flags: &str) -> String {
    let unpack = match image.extension().and_then(|e| e.to_str()) {
        Some("gz") => "--gzip",
        Some("xz") => "--xz",
        Some("zst") => "--zstd",
        _ => "",
    };
    let sudo = if root { "" } else { "sudo " };
    let flags = flags.replace('\'', r"'\''");
    format!(
        r#"
cd "$HOME/kexec" || exit 1
{{
  set -e
  tar -x {unpack} -f image
  rm -f image
  {sudo}env TMPDIR="$HOME/kexec" setsid --wait "$HOME/kexec/kexec/run" --kexec-extra-flags '{flags}'
}} 2>&1 | tee log
grep -q '{LOADED}' log
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_fits_the_image_and_the_user() {
        let table = [
            ("i.tar.gz", true, "tar -x --gzip -f", false),
            ("i.tar.xz", false, "tar -x --xz -f", true),
            ("i.tar.zst", true, "tar -x --zstd -f", false),
            ("i.tar", true, "tar -x  -f", false),
        ];
        for (image, root, tar, sudo) in table {
            let script = script(Path::new(image), root, "a'b");
            assert!(script.contains(tar), "{script}");
            assert_eq!(script.contains("sudo env"), sudo, "{script}");
            assert!(script.contains(r"'a'\''b'"), "{script}");
        }
    }
}
