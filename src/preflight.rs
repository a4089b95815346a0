//! What an installation needs of this machine, looked at before anything is paid for or wiped:
//! programs, files, hashes.

use crate::child;
use crate::cli::Stage;
use crate::failure::{Exit, Failure, Outcome};
use crate::installer::{Installer, Kind, address, tarball, tree};
use provision_sandbox::MachineKind;
use std::fs;
use std::path::{Path, PathBuf};

/// The programs, and those of OpenSSH, without which nothing can be installed or proven.
pub fn programs(machines: Option<MachineKind>) -> Outcome<Kind> {
    let kind = Installer::kind(machines)?;
    if machines == Some(MachineKind::Qemu) && child::find("nix", None).is_none() {
        return Err(Failure::new(
            Exit::Tool,
            "nix is missing",
            "machines that boot are given a system that Nix builds and copies; nothing was created",
        )
        .mend("install Nix, 2.8 or newer (Debian: apt install nix-bin)"));
    }
    let openssh: &[&str] = match kind {
        Kind::StandIn => &["ssh", "ssh-keyscan", "ssh-keygen"],
        // the real one puts its key on the machine with the last
        Kind::NixosAnywhere => &["ssh", "ssh-keyscan", "ssh-keygen", "ssh-copy-id"],
    };
    for program in openssh {
        if child::find(program, None).is_none() {
            return Err(Failure::new(
                Exit::Tool,
                format!("{program} is missing"),
                "it is not on the PATH; nothing was created",
            )
            .mend("install OpenSSH's client (Debian: apt install openssh-client)"));
        }
    }
    Ok(kind)
}

/// The same with every path made absolute against the user's folder: the installer works in the
/// flake's. What is not there, or not what it has to be, is refused.
pub fn stage(given: &Stage) -> Outcome<Stage> {
    let mut stage = given.clone();
    if let Some(dir) = &mut stage.extra_files {
        *dir = absolute("--extra-files", dir)?;
        tree::look(dir).map_err(|r| refused("--extra-files", &r.path, r.why))?;
    }
    for pair in stage.disk_encryption_keys.chunks_exact_mut(2) {
        disk_key(pair)?;
    }
    for path in &mut stage.store_paths {
        *path = absolute("--store-paths", path)?;
        fs::metadata(&path).map_err(|e| refused("--store-paths", path, e))?;
    }
    if let Some(hash) = &stage.kexec_sha256 {
        sha256(hash)?;
    }
    if let (Some(kexec), Some(hash)) = (&mut stage.kexec, &stage.kexec_sha256) {
        tarball(kexec, hash)?;
    }
    Ok(stage)
}

/// Where the key lies in the installer, and where it lies here.
fn disk_key(pair: &mut [String]) -> Outcome {
    let [remote, local] = pair else {
        return Ok(());
    };
    let flag = "--disk-encryption-keys";
    if !Path::new(remote).is_absolute() {
        return Err(refused(
            flag,
            Path::new(remote),
            "the first of the two is a path in the installer, from / on",
        ));
    }
    let path = absolute(flag, Path::new(local))?;
    file(flag, &path)?;
    *local = text(flag, path)?;
    Ok(())
}

fn tarball(kexec: &mut String, hash: &str) -> Outcome {
    if address::is_address(kexec) {
        let why = match url::Url::parse(kexec) {
            Ok(url) if url.scheme() == "https" => return Ok(()),
            Ok(_) => "only https:// is fetched".to_owned(),
            Err(error) => format!("it is no address: {error}"),
        };
        return Err(refused("--kexec", Path::new(&address::shown(kexec)), why));
    }
    let path = absolute("--kexec", Path::new(kexec.as_str()))?;
    file("--kexec", &path)?;
    tarball::compare(&path, hash)?;
    *kexec = text("--kexec", path)?;
    Ok(())
}

fn sha256(text: &str) -> Outcome {
    let text = text.trim();
    if text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(());
    }
    Err(refused(
        "--kexec-sha256",
        Path::new(text),
        "a SHA-256 has 64 hexadecimal digits (sha256sum FILE)",
    ))
}

fn absolute(flag: &str, path: &Path) -> Outcome<PathBuf> {
    std::path::absolute(path).map_err(|e| refused(flag, path, e))
}

fn text(flag: &str, path: PathBuf) -> Outcome<String> {
    let text = path.into_os_string().into_string();
    text.map_err(|path| refused(flag, Path::new(&path), "its folder's name is not UTF-8"))
}

/// A file that can be read; a pipe (`<(pass show disk)`) is not opened, it can be read only once.
fn file(flag: &str, path: &Path) -> Outcome {
    let found = fs::metadata(path).map_err(|e| refused(flag, path, e))?;
    if found.is_dir() {
        return Err(refused(flag, path, "it is a folder"));
    }
    if found.is_file() {
        fs::File::open(path).map_err(|e| refused(flag, path, e))?;
    }
    Ok(())
}

fn refused(flag: &str, path: &Path, why: impl std::fmt::Display) -> Failure {
    Failure::new(
        Exit::Usage,
        format!("{flag} {} cannot be used", path.display()),
        why,
    )
    .mend("nothing was created; name what is there")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_used_is_named_with_its_flag() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name).display().to_string();
        std::fs::write(path("file"), "abc").unwrap();
        let key = |remote: &str, local: String| Stage {
            disk_encryption_keys: vec![remote.to_owned(), local],
            ..Stage::default()
        };
        let kexec = |what: String, hash: &str| Stage {
            kexec: Some(what),
            kexec_sha256: Some(hash.to_owned()),
            ..Stage::default()
        };
        let extra = |name: &str| Stage {
            extra_files: Some(path(name).into()),
            ..Stage::default()
        };
        let paths = Stage {
            store_paths: vec![path("file").into(), path("none").into()],
            ..Stage::default()
        };
        let good = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let zeros = "0".repeat(64);
        for (given, words) in [
            (extra("none"), "--extra-files"),
            (extra("file"), "--extra-files"),
            (key("relative", path("file")), "in the installer"),
            (key("/key", path("none")), "--disk-encryption-keys"),
            (key("/key", path("")), "a folder"),
            (paths, "--store-paths"),
            (kexec("http://x/y".to_owned(), good), "only https"),
            (
                kexec("http://ann:p@x/y?s".to_owned(), good),
                "http://x/y?… ",
            ),
            (
                kexec("https://ann:p@[x".to_owned(), good),
                "it is no address",
            ),
            (kexec("https://x/y".to_owned(), "abc"), "64 hexadecimal"),
            (kexec(path("none"), good), "--kexec"),
            (kexec(path("file"), &zeros), "its SHA-256 is ba78"),
        ] {
            let refusal = stage(&given).unwrap_err().to_string();
            assert!(refusal.contains(words), "{words}: {refusal}");
        }
        stage(&kexec(path("file"), &good.to_uppercase())).unwrap();
        stage(&kexec("https://x/y".to_owned(), good)).unwrap();
        stage(&extra("")).unwrap();
        stage(&key("/key", path("file"))).unwrap();
    }

    #[test]
    fn relative_paths_are_the_users() {
        let given = Stage {
            extra_files: Some("src".into()),
            disk_encryption_keys: vec!["/key".to_owned(), "Cargo.toml".to_owned()],
            store_paths: vec!["src".into(), "Cargo.toml".into()],
            ..Stage::default()
        };
        let made = stage(&given).unwrap();
        let here = std::env::current_dir().unwrap();
        assert_eq!(made.extra_files, Some(here.join("src")));
        assert_eq!(
            made.disk_encryption_keys[1],
            here.join("Cargo.toml").display().to_string()
        );
        assert_eq!(
            made.store_paths,
            [here.join("src"), here.join("Cargo.toml")]
        );
    }
}
