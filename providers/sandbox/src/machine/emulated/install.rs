//! What the installation of a system does to the disks.

use super::boot::HOST_KEY;
use super::disk::{Contents, Disk, Os};
use super::file::{File, What};
use super::state::{Account, Mount, State};
use super::{disko, keys, store};
use crate::machine::{Firmware, Spec};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Component, Path};

/// What a system's closure stands for here.
#[derive(Debug, Deserialize)]
struct Description {
    schema: u32,
    system: String,
    hostname: String,
    arch: String,
    grub: Grub,
    users: Vec<User>,
    permit_root_login: bool,
}

#[derive(Debug, Deserialize)]
struct Grub {
    devices: Vec<String>,
    efi_support: bool,
    efi_install_as_removable: bool,
}

#[derive(Debug, Deserialize)]
struct User {
    name: String,
    wheel: bool,
    authorized_keys: Vec<String>,
}

/// A system and the files that go with it.
#[derive(Debug)]
pub(crate) struct Parcel {
    system: Description,
    files: BTreeMap<String, File>,
    pub(crate) copy_host_keys: bool,
}

/// Reads a tar archive of `system.json` and `files/…`.
pub(crate) fn unpack(bytes: &[u8]) -> Result<Parcel, String> {
    let bad = |e: std::io::Error| format!("stand-in: the parcel cannot be read: {e}");
    let mut archive = tar::Archive::new(bytes);
    let mut system = None;
    let mut entries = Vec::new();
    for entry in archive.entries().map_err(bad)? {
        let mut entry = entry.map_err(bad)?;
        let path = entry.path().map_err(bad)?.into_owned();
        let mut contents = Vec::new();
        entry.read_to_end(&mut contents).map_err(bad)?;
        if path == Path::new("system.json") {
            let read: Description = serde_json::from_slice(&contents)
                .map_err(|e| format!("stand-in: the system description cannot be read: {e}"))?;
            system = Some(read);
        } else {
            let header = entry.header().clone();
            let link = entry.link_name().map_err(bad)?.map(|l| l.into_owned());
            entries.push((path, header, link, contents));
        }
    }
    let system = system.ok_or("stand-in: the parcel holds no system.json")?;
    system.check()?;
    let mut files = BTreeMap::new();
    for (path, header, link, contents) in entries {
        if let Some(path) = below_root(&path)? {
            files.insert(
                path,
                file(&header, link.as_deref(), contents, &system.users)?,
            );
        }
    }
    Ok(Parcel {
        system,
        files,
        copy_host_keys: false,
    })
}

/// `files/a/b` is `/a/b`; the top itself keeps the mode that it has.
fn below_root(path: &Path) -> Result<Option<String>, String> {
    let strange = || "stand-in: the parcel holds a path outside files/".to_owned();
    let mut out = String::new();
    for part in path
        .strip_prefix("files")
        .map_err(|_| strange())?
        .components()
    {
        match part {
            Component::Normal(name) => {
                out.push('/');
                out.push_str(name.to_str().ok_or_else(strange)?);
            }
            Component::CurDir => {}
            _ => return Err(strange()),
        }
    }
    Ok((!out.is_empty()).then_some(out))
}

fn file(
    header: &tar::Header,
    link: Option<&Path>,
    contents: Vec<u8>,
    users: &[User],
) -> Result<File, String> {
    let bad = |e: std::io::Error| format!("stand-in: the parcel cannot be read: {e}");
    let what = match header.entry_type() {
        tar::EntryType::Directory => What::Dir,
        tar::EntryType::Symlink => {
            let target = link.map(|l| l.to_string_lossy().into_owned());
            What::Link(target.unwrap_or_default())
        }
        _ => File::data(contents, 0).what,
    };
    let named = |name: Option<&str>| {
        let at = users.iter().position(|u| Some(u.name.as_str()) == name)?;
        Some(uid_of(at))
    };
    let number = |id: u64| u32::try_from(id).unwrap_or(0);
    let uid = named(header.username().ok().flatten());
    let gid = named(header.groupname().ok().flatten());
    Ok(File {
        what,
        mode: header.mode().map_err(bad)? & 0o7777,
        uid: uid.unwrap_or(number(header.uid().map_err(bad)?)),
        gid: gid.unwrap_or(number(header.gid().map_err(bad)?)),
    })
}

/// NixOS numbers its users from 1000 on.
fn uid_of(position: usize) -> u32 {
    u32::try_from(1000 + position).unwrap_or(u32::MAX)
}

impl Description {
    fn check(&self) -> Result<(), String> {
        if self.schema != 1 {
            let schema = self.schema;
            return Err(format!(
                "stand-in: the system description has schema {schema}, not 1"
            ));
        }
        if !store::is_store_path(&self.system) {
            return Err("stand-in: the system is no store path".to_owned());
        }
        Ok(())
    }

    fn accounts(&self) -> Vec<Account> {
        let mut accounts = vec![Account::root(Vec::new())];
        for (at, user) in self.users.iter().enumerate() {
            let keys = user.authorized_keys.clone();
            if user.name != "root" {
                accounts.push(Account::user(&user.name, uid_of(at), user.wheel, keys));
            } else if self.permit_root_login {
                accounts[0].keys = keys;
            }
        }
        accounts
    }
}

/// Copies the closure and the files, and installs the boot loaders; the result is what
/// nixos-install prints.
pub(crate) fn install(state: &mut State, spec: &Spec, parcel: Parcel) -> Result<String, String> {
    let mounts: Vec<Mount> = state
        .running
        .iter()
        .flat_map(|r| r.mounts.clone())
        .collect();
    let root = mounts
        .iter()
        .find(|m| m.at == "/mnt")
        .ok_or("stand-in: nothing is mounted at /mnt: run the phase disko first")?
        .clone();
    let system = parcel.system;
    if system.arch != spec.arch {
        return Err(format!(
            "{}/bin/switch-to-configuration: cannot execute binary file: Exec format error (the system is for {}, the machine is {})",
            system.system, system.arch, spec.arch
        ));
    }
    let mut files = parcel.files;
    if parcel.copy_host_keys {
        let own = state.running.as_ref().map(|r| r.memory.clone());
        for (path, file) in own.into_iter().flatten() {
            if path.starts_with(HOST_KEY) {
                files.entry(path).or_insert(file);
            }
        }
    }
    let disk = state.disks.iter_mut().find(|d| d.serial == root.serial);
    let disk = disk.ok_or("stand-in: the disk at /mnt is gone")?;
    let old = disk.contents.take();
    let id = old
        .as_ref()
        .map_or_else(|| keys::random_hex(16), |o| o.id.clone());
    let mut kept = old.map(|o| o.files).unwrap_or_default();
    kept.extend(files);
    disk.contents = Some(Contents {
        id: id.clone(),
        os: Os::Nixos {
            system: system.system.clone(),
        },
        hostname: system.hostname.clone(),
        arch: system.arch.clone(),
        accounts: system.accounts(),
        mounts: fstab(&mounts),
        files: kept,
    });
    let loaders = install_loaders(state, spec, &system.grub, &mounts, &id)?;
    Ok(format!(
        "copying channel...\ninstalling the boot loader...\n{loaders}installation finished!\n"
    ))
}

/// What is mounted below `/mnt`, as the installed system mounts it.
fn fstab(mounts: &[Mount]) -> Vec<Mount> {
    let below = mounts.iter().filter_map(|m| {
        let at = m.at.strip_prefix("/mnt")?;
        Some(Mount {
            at: if at.is_empty() { "/" } else { at }.to_owned(),
            ..m.clone()
        })
    });
    below.collect()
}

fn install_loaders(
    state: &mut State,
    spec: &Spec,
    grub: &Grub,
    mounts: &[Mount],
    id: &str,
) -> Result<String, String> {
    let mut said = String::new();
    for device in grub.devices.iter().filter(|d| *d != "nodev") {
        let serial = disko::find(state, spec, device).map_err(|_| {
            format!("grub-install: error: cannot find a GRUB drive for {device}.  Check your device.map.")
        })?;
        let disk = state.disks.iter_mut().find(|d| d.serial == serial);
        let disk = disk.ok_or("grub-install: error: the disk is gone")?;
        write_boot_sector(disk, device, id)?;
        said.push_str(
            "Installing for i386-pc platform.\nInstallation finished. No error reported.\n",
        );
    }
    if !grub.efi_support {
        return Ok(said);
    }
    let esp = mounts
        .iter()
        .find(|m| m.at == "/mnt/boot")
        .and_then(|m| partition(state, m))
        .filter(|p| p.filesystem.as_ref().is_some_and(|f| f.kind == "vfat"))
        .ok_or("grub-install: error: /boot doesn't look like an EFI partition.")?;
    if grub.efi_install_as_removable {
        esp.loader = Some(id.to_owned());
    } else if spec.firmware == Firmware::Bios {
        return Err("grub-install: error: EFI variables are not supported on this system.".into());
    }
    // otherwise only a firmware variable points to the loader, and the cloud keeps none
    said.push_str("Installing for EFI platform.\nInstallation finished. No error reported.\n");
    Ok(said)
}

fn write_boot_sector(disk: &mut Disk, device: &str, id: &str) -> Result<(), String> {
    if disk.gpt && !disk.partitions.iter().any(|p| p.kind.is("EF02")) {
        return Err(format!(
            concat!(
                "grub-install: warning: this GPT partition label contains no BIOS Boot Partition; ",
                "embedding won't be possible.\n",
                "grub-install: error: will not proceed with blocklists.\n",
                "failed to install GRUB on {}"
            ),
            device
        ));
    }
    disk.boot_sector = Some(id.to_owned());
    Ok(())
}

fn partition<'a>(state: &'a mut State, mount: &Mount) -> Option<&'a mut super::disk::Partition> {
    state
        .disks
        .iter_mut()
        .find(|d| d.serial == mount.serial)?
        .partitions
        .iter_mut()
        .find(|p| p.number == mount.partition)
}
