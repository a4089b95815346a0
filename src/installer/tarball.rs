//! An own kexec tarball: taken only with the hash that was given for it.
//!
//! What boots with full rights on the machine must not be whatever a URL serves today: it is
//! fetched here, compared, and handed over as a file.

use crate::failure::{Exit, Failure, Outcome};
use crate::installer::{Kind, address};
use crate::job::Job;
use crate::ssh::Target;
use provision_sandbox::MachineKind;
use sha2::{Digest as _, Sha256};
use std::io::Read as _;
use std::net::Ipv6Addr;
use std::path::{Path, PathBuf};

/// No installer is larger.
const MOST_BYTES: u64 = 4 << 30;

/// The local file of the tarball, if one is given or belongs to the machine; without one the
/// installer is what nixos-anywhere lets the machine fetch, if that may be.
pub async fn checked(job: &Job, target: &Target) -> Outcome<Option<PathBuf>> {
    let (Some(given), Some(expected)) = (&job.stage.kexec, &job.stage.kexec_sha256) else {
        let own = own(job);
        if own.is_none() && Kind::of(job.context.machines()) == Kind::NixosAnywhere {
            fetched_there(job, target)?;
        }
        return Ok(own);
    };
    let file = if address::is_address(given) {
        let file = job.dir.join(address::file_name(given));
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

/// Says whom the machine trusts with its installer; where nixos-anywhere would lead it to somebody
/// else than the installer's makers, nothing is fetched.
fn fetched_there(job: &Job, target: &Target) -> Outcome {
    if is_led_astray(&target.host) {
        return Err(Failure::new(
            Exit::Trust,
            format!("{}: its installer is not fetched", job.name),
            "a machine without IPv4 would be led to a mirror of strangers (gh-v6.com), and no hash \
             would tell what comes from there",
        )
        .mend("fetch a kexec tarball yourself, and give it with --kexec and --kexec-sha256"));
    }
    job.context.teller.warn(format!(
        "{}: the machine fetches its installer from the releases of nix-community/nixos-images, \
         over HTTPS and without a hash, since they are made anew every week; --kexec with \
         --kexec-sha256 pins one",
        job.name
    ));
    Ok(())
}

/// Whether nixos-anywhere may take the machine at that address for one without IPv4.
fn is_led_astray(address: &str) -> bool {
    address.parse::<Ipv6Addr>().is_ok()
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
    // releases lead elsewhere; whoever is led to has to prove itself, too
    let client = reqwest::Client::builder().https_only(true).build();
    let asked = match client {
        Ok(client) => client.get(url).send().await,
        Err(error) => Err(error),
    };
    let mut answer = asked
        .and_then(reqwest::Response::error_for_status)
        .map_err(|e| refused(url, in_full(e)))?;
    let mut out = tokio::fs::File::create(file)
        .await
        .map_err(|e| Failure::state(file, &e))?;
    let mut bytes = 0;
    while let Some(chunk) = answer.chunk().await.map_err(|e| refused(url, in_full(e)))? {
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

/// With its causes: which certificate is wrong, and why. Not with its address, nor with the one
/// that it was led to: either may be signed.
fn in_full(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(deeper) = cause.source() {
        text.push_str(&format!(": {deeper}"));
        cause = deeper;
    }
    text
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

fn refused(given: &str, why: impl std::fmt::Display) -> Failure {
    Failure::new(
        Exit::Trust,
        format!("the kexec tarball {} is not taken", address::shown(given)),
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
    }

    #[test]
    fn a_machine_without_ipv4_is_told_from_others() {
        for (address, is_led_astray) in [("192.0.2.1", false), ("2001:db8::1", true)] {
            assert_eq!(super::is_led_astray(address), is_led_astray, "{address}");
        }
    }

    #[tokio::test]
    async fn a_refusal_tells_its_cause() {
        let url = "https://ann:S3cret@127.0.0.1:1/x?sig=S3cret";
        let told = in_full(reqwest::get(url).await.unwrap_err());
        assert!(told.contains("refused"), "{told}");
        let told = refused(url, told).to_string();
        assert!(told.contains("https://127.0.0.1:1/x"), "{told}");
        assert!(!told.contains("S3cret"), "{told}");
    }
}
