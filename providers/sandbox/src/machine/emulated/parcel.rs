//! What an installer is given: a system's description and the files that go with it.

use super::file::{File, What};
use super::state::Account;
use super::store;
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Component, Path};

/// What a system's closure stands for here.
#[derive(Debug, Deserialize)]
pub(crate) struct Description {
    pub(super) schema: u32,
    pub(super) system: String,
    pub(super) hostname: String,
    pub(super) arch: String,
    pub(super) grub: Grub,
    pub(super) users: Vec<User>,
    pub(super) permit_root_login: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Grub {
    pub(super) devices: Vec<String>,
    pub(super) efi_support: bool,
    pub(super) efi_install_as_removable: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct User {
    pub(super) name: String,
    pub(super) wheel: bool,
    pub(super) authorized_keys: Vec<String>,
}

/// A system and the files that go with it.
#[derive(Debug)]
pub(crate) struct Parcel {
    pub(super) system: Description,
    pub(super) files: BTreeMap<String, File>,
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
            let link = entry.link_name().map_err(bad)?.map(Cow::into_owned);
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

    pub(super) fn accounts(&self) -> Vec<Account> {
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
