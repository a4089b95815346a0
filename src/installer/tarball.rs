//! An own kexec tarball: taken only with the hash that was given for it.
//!
//! What boots with full rights on the machine must not be whatever a URL serves today: it is
//! fetched here, compared, and handed over as a file.

use crate::failure::{Exit, Failure, Outcome};
use crate::job::Job;
use provision_sandbox::MachineKind;
use sha2::{Digest as _, Sha256};
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// No installer is larger.
const MOST_BYTES: u64 = 4 << 30;

/// The local file of the tarball, if one is given.
pub async fn checked(job: &Job) -> Outcome<Option<PathBuf>> {
    let (Some(given), Some(expected)) = (&job.stage.kexec, &job.stage.kexec_sha256) else {
        return Ok(own(job));
    };
    let file = if given.contains("://") {
        let suffix = given.rsplit('/').next().unwrap_or("kexec.tar.gz");
        let file = job.dir.join(format!("kexec-{}", safe(suffix)));
        let fetch = fetch(given, &file);
        tokio::time::timeout(job.context.deadlines.kexec(), fetch)
            .await
            .map_err(|_| refused(given, "it did not arrive in time"))??;
        file
    } else {
        std::path::absolute(given).map_err(|e| refused(given, e))?
    };
    compare(&file, expected)?;
    Ok(Some(file))
}

/// The one that real machines of the sandbox are given unless told otherwise: it belongs to their
/// images, and nothing has to be fetched.
fn own(job: &Job) -> Option<PathBuf> {
    let real = job.context.machines() == Some(MachineKind::Qemu);
    let images = job.context.images.as_ref().filter(|_| real)?;
    Some(images.kexec_tarball())
}

/// Refuses a file whose hash is another.
pub fn compare(file: &Path, expected: &str) -> Outcome {
    let given = file.display().to_string();
    let found = hash(file).map_err(|e| refused(&given, e))?;
    if found.eq_ignore_ascii_case(expected.trim()) {
        return Ok(());
    }
    Err(refused(
        &given,
        format!("its SHA-256 is {found}, expected was {expected}"),
    ))
}

async fn fetch(url: &str, file: &Path) -> Outcome {
    if !url.starts_with("https://") {
        return Err(refused(url, "only https:// is fetched"));
    }
    let mut answer = reqwest::get(url)
        .await
        .and_then(reqwest::Response::error_for_status)
        .map_err(|e| refused(url, e))?;
    let mut out = tokio::fs::File::create(file)
        .await
        .map_err(|e| Failure::state(file, &e))?;
    let mut bytes = 0;
    while let Some(chunk) = answer.chunk().await.map_err(|e| refused(url, e))? {
        bytes += chunk.len() as u64;
        if bytes > MOST_BYTES {
            return Err(refused(url, "it is larger than any installer"));
        }
        tokio::io::AsyncWriteExt::write_all(&mut out, &chunk)
            .await
            .map_err(|e| Failure::state(file, &e))?;
    }
    tokio::io::AsyncWriteExt::flush(&mut out)
        .await
        .map_err(|e| Failure::state(file, &e))
}

fn hash(file: &Path) -> std::io::Result<String> {
    let mut input = std::fs::File::open(file)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match input.read(&mut buffer)? {
            0 => return Ok(data_encoding::HEXLOWER.encode(&hash.finalize())),
            read => hash.update(&buffer[..read]),
        }
    }
}

/// A file name: nixos-anywhere tells the compression by its ending.
fn safe(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
        .collect()
}

fn refused(given: &str, why: impl std::fmt::Display) -> Failure {
    Failure::new(
        Exit::Trust,
        format!("the kexec tarball {given} is not taken"),
        why,
    )
    .mend("give its SHA-256 with --kexec-sha256, in hexadecimal (sha256sum FILE)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_sha256sum() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("x");
        std::fs::write(&file, "abc").unwrap();
        assert_eq!(
            hash(&file).unwrap(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(safe("../a b.tar.gz"), "..ab.tar.gz");
    }
}
