//! What the sandbox's stand-in is given in place of a disko script and a NixOS closure.
//!
//! The description comes from what the gate let through, so that what an emulated machine does
//! with it follows from what the flake wants.

use super::Built;
use crate::cli::BuildOn;
use crate::failure::{Exit, Failure, Outcome};
use crate::gate::Partition;
use crate::installer::admin_keys;
use crate::job::Job;
use crate::state::{private_dir, write_private};
use crate::steps::gate::Passed;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// Writes the descriptions of the disks and of the system.
pub(super) fn write(job: &Job, passed: &Passed) -> Outcome<Built> {
    if !job.stage.store_paths.is_empty() {
        job.context.teller.warn(format!(
            "{}: --store-paths are not used: an emulated machine runs no real system",
            job.name
        ));
    }
    let remote = job.stage.build_on == BuildOn::Remote;
    // where the installer would build by itself, it looks beside the flake
    let dir = if remote {
        job.flake
            .root()
            .join(".stand-in")
            .join(job.host.name.as_str())
    } else {
        job.dir.join("stand-in")
    };
    private_dir(&dir)?;
    let closure = closure(job, passed)?;
    let (disko, system) = (dir.join("disko.json"), dir.join("system.json"));
    save(&disko, &disks(passed))?;
    save(&system, &description(job, passed, &closure)?)?;
    Ok(Built {
        store_paths: (!remote).then_some((disko, system)),
        flake: job.flake.reference(),
        closure,
    })
}

fn save(path: &std::path::Path, value: &Value) -> Outcome {
    write_private(path, value.to_string().as_bytes())
}

/// A name in the store that follows from the flake's content and the facts, as a closure's does.
fn closure(job: &Job, passed: &Passed) -> Outcome<String> {
    let source = job
        .flake
        .source_hash()
        .map_err(|e| Failure::new(Exit::Config, "the flake cannot be read", e))?;
    let mut hash = Sha256::new();
    for part in [
        source.as_str(),
        job.host.name.as_str(),
        passed.layout.as_str(),
        &passed.facts.boot_disk,
    ] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let digest = store_hash(&hash.finalize()[..20]);
    Ok(format!(
        "/nix/store/{digest}-nixos-system-{}-stand-in",
        job.host.name
    ))
}

/// In the letters that names in the Nix store have.
fn store_hash(bytes: &[u8]) -> String {
    const RFC: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    const NIX: &[u8] = b"0123456789abcdfghijklmnpqrsvwxyz";
    let letters = data_encoding::BASE32_NOPAD.encode(bytes);
    let letter = |byte| {
        RFC.iter()
            .position(|r| *r == byte)
            .map_or('0', |at| NIX[at].into())
    };
    letters.bytes().map(letter).collect()
}

fn disks(passed: &Passed) -> Value {
    let disks: Vec<Value> = passed
        .wanted
        .disks
        .iter()
        .map(|disk| {
            let partitions: Vec<Value> = disk
                .partitions
                .iter()
                .map(partition)
                .collect();
            json!({ "device": disk.device, "table": if disk.gpt { "gpt" } else { "other" }, "partitions": partitions })
        })
        .collect();
    json!({ "schema": 1, "disks": disks })
}

fn partition(partition: &Partition) -> Value {
    json!({
        "name": partition.name, "type": partition.kind, "size": partition.size,
        "format": partition.format, "mountpoint": partition.mountpoint,
    })
}

fn description(job: &Job, passed: &Passed, closure: &str) -> Outcome<Value> {
    let grub = &passed.wanted.grub;
    let devices = if grub.devices.is_empty() {
        vec!["nodev".to_owned()]
    } else {
        grub.devices.clone()
    };
    Ok(json!({
        "schema": 1,
        "system": closure,
        "hostname": job.host.name,
        "arch": passed.wanted.arch,
        "grub": {
            "devices": devices,
            "efi_support": grub.efi_support,
            "efi_install_as_removable": grub.efi_install_as_removable,
        },
        "users": [{
            "name": job.host.spec.admin.to_string(),
            "wheel": true,
            "authorized_keys": admin_keys(job)?,
        }],
        "permit_root_login": passed.wanted.login.root,
    }))
}
