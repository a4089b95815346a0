//! What the machine gets to install: a tar archive of the system's description and the extra
//! files, with the modes that they have here and the owners that they shall have there.

use super::Aborted;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use tar::{Builder, EntryType, Header};

/// Packs `system.json` and, below `files/`, the extra files.
pub(super) fn pack(
    system: &[u8],
    extra_files: Option<&Path>,
    chown: &[(String, String)],
) -> Result<Vec<u8>, Aborted> {
    let mut builder = Builder::new(Vec::new());
    let mut header = Header::new_gnu();
    header.set_mode(0o600);
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(u64::try_from(system.len()).unwrap_or(u64::MAX));
    let made = builder.append_data(&mut header, "system.json", system);
    made.map_err(|e| Aborted(format!("the system cannot be packed: {e}")))?;
    if let Some(top) = extra_files {
        add(&mut builder, top, Path::new("files"), chown)?;
    }
    finish(builder)
}

/// Packs the extra files alone.
pub(super) fn pack_files(top: &Path, chown: &[(String, String)]) -> Result<Vec<u8>, Aborted> {
    let mut builder = Builder::new(Vec::new());
    add(&mut builder, top, Path::new(""), chown)?;
    finish(builder)
}

fn add(
    builder: &mut Builder<Vec<u8>>,
    top: &Path,
    inside: &Path,
    chown: &[(String, String)],
) -> Result<(), Aborted> {
    for (path, _) in chown {
        if !top.join(path.trim_start_matches('/')).exists() {
            return Err(format!("chown: cannot access '/mnt{path}'").into());
        }
    }
    let packing = Packing { top, inside, chown };
    packing
        .folder(builder, Path::new(""))
        .map_err(|e| Aborted(format!("{} cannot be packed: {e}", top.display())))
}

fn finish(builder: Builder<Vec<u8>>) -> Result<Vec<u8>, Aborted> {
    builder
        .into_inner()
        .map_err(|e| format!("the parcel cannot be packed: {e}").into())
}

struct Packing<'a> {
    top: &'a Path,
    /// The folder of the archive that they go to.
    inside: &'a Path,
    chown: &'a [(String, String)],
}

impl Packing<'_> {
    /// A folder's entries, and what is below them.
    fn folder(&self, builder: &mut Builder<Vec<u8>>, below: &Path) -> io::Result<()> {
        let mut names: Vec<_> = std::fs::read_dir(self.top.join(below))?
            .map(|entry| entry.map(|e| e.file_name()))
            .collect::<io::Result<_>>()?;
        names.sort();
        for name in names {
            let path = below.join(name);
            let real = self.top.join(&path);
            let meta = std::fs::symlink_metadata(&real)?;
            let mut header = Header::new_gnu();
            header.set_mode(meta.permissions().mode() & 0o7777);
            self.own(&mut header, &path)?;
            let inside = self.inside.join(&path);
            if meta.is_dir() {
                header.set_entry_type(EntryType::Directory);
                header.set_size(0);
                builder.append_data(&mut header, &inside, io::empty())?;
                self.folder(builder, &path)?;
            } else if meta.is_symlink() {
                header.set_entry_type(EntryType::Symlink);
                header.set_size(0);
                let target = std::fs::read_link(&real)?;
                builder.append_link(&mut header, &inside, target)?;
            } else if meta.is_file() {
                let contents = std::fs::read(&real)?;
                header.set_entry_type(EntryType::Regular);
                header.set_size(u64::try_from(contents.len()).unwrap_or(u64::MAX));
                builder.append_data(&mut header, &inside, contents.as_slice())?;
            }
        }
        Ok(())
    }

    /// Root's, unless a `--chown` says otherwise; the last that fits counts.
    fn own(&self, header: &mut Header, path: &Path) -> io::Result<()> {
        header.set_uid(0);
        header.set_gid(0);
        for (place, owner) in self.chown {
            if !path.starts_with(place.trim_matches('/')) {
                continue;
            }
            let (user, group) = owner.split_once(':').unwrap_or((owner, ""));
            match user.parse() {
                Ok(uid) => header.set_uid(uid),
                Err(_) => header.set_username(user)?,
            }
            match group.parse() {
                Ok(gid) => header.set_gid(gid),
                Err(_) => header.set_groupname(group)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_kept_and_owners_are_set() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        std::fs::create_dir_all(at("home/a")).unwrap();
        std::fs::create_dir_all(at("etc/ssh")).unwrap();
        std::fs::write(at("home/a/x"), "1").unwrap();
        std::fs::write(at("etc/ssh/key"), "secret").unwrap();
        std::os::unix::fs::symlink("x", at("home/a/y")).unwrap();
        let mode = |path: &str, mode| {
            std::fs::set_permissions(at(path), std::fs::Permissions::from_mode(mode)).unwrap();
        };
        mode("etc/ssh/key", 0o600);
        mode("etc/ssh", 0o755);
        let chown = [("/home/a".to_owned(), "1000:users".to_owned())];
        let bytes = pack(b"{}", Some(folder.path()), &chown).unwrap();
        let mut archive = tar::Archive::new(bytes.as_slice());
        let seen: Vec<_> = archive
            .entries()
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                let header = entry.header();
                (
                    entry.path().unwrap().display().to_string(),
                    header.mode().unwrap(),
                    header.uid().unwrap(),
                    header.groupname().unwrap().unwrap_or_default().to_owned(),
                )
            })
            .collect();
        let find = |path: &str| seen.iter().find(|s| s.0 == path).unwrap();
        assert_eq!(find("files/etc/ssh/key").1, 0o600);
        assert_eq!(find("files/etc/ssh").1, 0o755);
        assert_eq!(
            (find("files/home/a/x").2, find("files/home/a/x").3.as_str()),
            (1000, "users")
        );
        assert_eq!(find("files/home").2, 0);
        assert!(seen.iter().any(|s| s.0 == "files/home/a/y"));

        let missing = [("/nowhere".to_owned(), "0".to_owned())];
        assert!(pack(b"{}", Some(folder.path()), &missing).is_err());
    }
}
