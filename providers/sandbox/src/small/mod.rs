//! A small system with NixOS's entry points, as a flake without inputs: it stands in for a user's
//! host where nixpkgs cannot be had, cut by the same layouts and built by the same Nix.
//!
//! It is several store paths that refer to each other (userland, modules, kernel, initrd, `/etc`,
//! the system), made from the parts in [`Images::system`] by a static busybox alone; the parts
//! themselves stay where they are, and the flake names them by their content's hash.

mod files;
mod nar;
#[cfg(test)]
mod tests;

use crate::images::Images;
use serde_json::json;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What is asked of a small system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Small {
    /// The host's name, and its attribute in `nixosConfigurations`.
    pub host: String,
    /// The user who logs in and may become root without a password.
    pub admin: String,
    /// Their keys, as OpenSSH public key lines.
    pub admin_keys: Vec<String>,
    /// The layout's name: `uefi`, `bios`, `hybrid`, or another file of the layouts' folder.
    pub layout: String,
    /// The disk that the layout cuts, by-path or as the machine names it.
    pub disk: String,
}

/// Why the flake cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum SmallError {
    /// The user has no layout of that name.
    #[error("there is no layout {layout:?}: {} cannot be read ({why})", path.display())]
    Layout {
        /// The layout's name.
        layout: String,
        /// Where it would be.
        path: PathBuf,
        /// What kept it from being read.
        why: io::Error,
    },
    /// The parts that it is built from are not there.
    #[error("{} cannot be read ({why}): build the images again", path.display())]
    Parts {
        /// Which part.
        path: PathBuf,
        /// What kept it from being read.
        why: io::Error,
    },
    /// A file of the flake cannot be written.
    #[error("{} cannot be written: {why}", path.display())]
    Write {
        /// Which one.
        path: PathBuf,
        /// What kept it from being written.
        why: io::Error,
    },
    /// A value that would be read as something else where it ends up.
    #[error("{what} {value:?} {why}")]
    Value {
        /// Which one.
        what: &'static str,
        /// As it was given.
        value: String,
        /// What is wrong with it.
        why: &'static str,
    },
}

/// Writes the flake into a folder that is there already; what an earlier one left is replaced.
///
/// `layouts` is the folder of the user's layouts, which are copied as they are.
pub fn write(
    folder: &Path,
    images: &Images,
    layouts: &Path,
    small: &Small,
) -> Result<(), SmallError> {
    write_from(folder, &images.system(), layouts, small)
}

/// The same, from parts that lie anywhere.
fn write_from(
    folder: &Path,
    parts: &Path,
    layouts: &Path,
    small: &Small,
) -> Result<(), SmallError> {
    small.check()?;
    let layout = layouts.join(format!("{}.nix", small.layout));
    if let Err(why) = fs::metadata(&layout) {
        return Err(SmallError::Layout {
            layout: small.layout.clone(),
            path: layout,
            why,
        });
    }
    for (path, text) in files::ALL {
        put(&folder.join(path), text.as_bytes())?;
    }
    copy_layouts(layouts, &folder.join("layouts"))?;
    let wanted = json!({
        "host": small.host,
        "admin": small.admin,
        "admin_keys": small.admin_keys,
        "layout": small.layout,
        "disk": small.disk,
        "parts": { "tools": part(&parts.join("bin"))?, "system": part(parts)? },
    });
    put(
        &folder.join("small.json"),
        format!("{wanted:#}\n").as_bytes(),
    )
}

/// How Nix is told of a folder outside of the flake.
fn part(path: &Path) -> Result<serde_json::Value, SmallError> {
    let unread = |why| SmallError::Parts {
        path: path.to_owned(),
        why,
    };
    let path = path.canonicalize().map_err(unread)?;
    let hash = nar::hash(&path).map_err(unread)?;
    Ok(json!({ "path": path, "narHash": hash }))
}

/// The user's Nix files, without folders: a layout may be made of pieces beside it.
fn copy_layouts(from: &Path, to: &Path) -> Result<(), SmallError> {
    let unread = |why| SmallError::Layout {
        layout: "*".to_owned(),
        path: from.to_owned(),
        why,
    };
    for entry in fs::read_dir(from).map_err(unread)? {
        let path = entry.map_err(unread)?.path();
        let is_nix = path.extension().is_some_and(|e| e == "nix");
        if let (true, Some(name)) = (is_nix && path.is_file(), path.file_name()) {
            put(&to.join(name), &fs::read(&path).map_err(unread)?)?;
        }
    }
    Ok(())
}

fn put(path: &Path, bytes: &[u8]) -> Result<(), SmallError> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, bytes))
        .map_err(|why| SmallError::Write {
            path: path.to_owned(),
            why,
        })
}

impl Small {
    /// Names end up in scripts, in Nix and in `/etc/passwd`, and none of these may misread them.
    fn check(&self) -> Result<(), SmallError> {
        let names = [
            ("the host's name", &self.host),
            ("the admin user's name", &self.admin),
            ("the layout's name", &self.layout),
        ];
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        for (what, value) in names {
            if value.is_empty() || value.starts_with('-') || !value.chars().all(plain) {
                let why = "may have letters, digits, - and _ only";
                return Err(wrong(what, value, why));
            }
        }
        let on_path = |c: char| plain(c) || matches!(c, '/' | ':' | '.' | '+' | '@');
        if !self.disk.starts_with("/dev/") || !self.disk.chars().all(on_path) {
            let why = "is no path of a device";
            return Err(wrong("the disk", &self.disk, why));
        }
        match self.admin_keys.iter().find(|k| k.contains(['\n', '\r'])) {
            Some(key) => Err(wrong("the key", key, "is more than one line")),
            None => Ok(()),
        }
    }
}

fn wrong(what: &'static str, value: &str, why: &'static str) -> SmallError {
    SmallError::Value {
        what,
        value: value.to_owned(),
        why,
    }
}
