//! A copy of the flake to work on, and one number for all that is in it.

use super::git::Git;
use super::{Flake, GitError};
use sha2::{Digest, Sha256};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// The most bytes that a flake to be copied may have.
pub const MOST_BYTES: u64 = 256 << 20;
/// The most files that a flake to be copied may have.
pub const MOST_FILES: usize = 50_000;

/// Why a flake cannot be copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// git does not say what belongs to it.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A file cannot be read or written.
    #[error("cannot copy {}: {why}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        why: io::Error,
    },
    /// It is no flake but a warehouse.
    #[error(
        "{} holds more than {} MiB or {MOST_FILES} files that git does not ignore; \
         keep the flake in a folder of its own, or let git ignore the rest",
        .0.display(), MOST_BYTES >> 20
    )]
    TooLarge(PathBuf),
}

impl Flake {
    /// Copies what git tracks or would not ignore; without git, all but `target` folders.
    /// Symbolic links stay links. The copy has no git.
    pub fn copy_to(&self, to: &Path) -> Result<(), CopyError> {
        make(to)?;
        let to = fs::canonicalize(to).map_err(|why| CopyError::Io {
            path: to.to_owned(),
            why,
        })?;
        let files = self.content(Some(&to))?;
        for name in files {
            let (from, to) = (self.root.join(&name), to.join(&name));
            if let Some(folder) = to.parent() {
                make(folder)?;
            }
            copy(&from, &to).map_err(|why| CopyError::Io { path: from, why })?;
        }
        Ok(())
    }

    /// SHA-256, in hexadecimal digits, over the names, the content and the executable bits of
    /// what [`Self::copy_to`] copies: the same for a flake and its copy.
    pub fn source_hash(&self) -> Result<String, CopyError> {
        let mut hash = Sha256::new();
        for name in self.content(None)? {
            let path = self.root.join(&name);
            let (kind, content) = read(&path).map_err(|why| CopyError::Io { path, why })?;
            hash.update(name.as_os_str().as_bytes());
            hash.update([0, kind]);
            hash.update((content.len() as u64).to_le_bytes());
            hash.update(&content);
        }
        Ok(data_encoding::HEXLOWER.encode(&hash.finalize()))
    }

    /// The files and links, relative, sorted; none of those in `without`.
    fn content(&self, without: Option<&Path>) -> Result<Vec<PathBuf>, CopyError> {
        let mut files = match &self.git {
            Some(_) => Git::files(&self.root)?,
            None => walk(&self.root)?,
        };
        let mut bytes = 0;
        files.retain(|name| {
            let path = self.root.join(name);
            // what git tracks may be gone from the disk; what is neither file nor link
            // (a submodule, a socket) is not part of a flake
            let Ok(meta) = path.symlink_metadata() else {
                return false;
            };
            bytes += meta.len();
            (meta.is_file() || meta.is_symlink()) && !without.is_some_and(|w| path.starts_with(w))
        });
        if files.len() > MOST_FILES || bytes > MOST_BYTES {
            return Err(CopyError::TooLarge(self.root.clone()));
        }
        Ok(files)
    }
}

fn make(folder: &Path) -> Result<(), CopyError> {
    fs::create_dir_all(folder).map_err(|why| CopyError::Io {
        path: folder.to_owned(),
        why,
    })
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if !from.is_symlink() {
        return fs::copy(from, to).map(drop);
    }
    match fs::remove_file(to) {
        Err(why) if why.kind() != io::ErrorKind::NotFound => Err(why),
        _ => symlink(fs::read_link(from)?, to),
    }
}

fn read(path: &Path) -> io::Result<(u8, Vec<u8>)> {
    let meta = path.symlink_metadata()?;
    if meta.is_symlink() {
        let target = fs::read_link(path)?;
        return Ok((b'l', target.as_os_str().as_bytes().to_vec()));
    }
    let kind = if meta.permissions().mode() & 0o100 == 0 {
        b'f'
    } else {
        b'x'
    };
    Ok((kind, fs::read(path)?))
}

/// All files and links below, but for `.git` and `target`.
fn walk(root: &Path) -> Result<Vec<PathBuf>, CopyError> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let io = |why| CopyError::Io {
            path: folder.clone(),
            why,
        };
        for entry in fs::read_dir(&folder).map_err(io)? {
            let entry = entry.map_err(io)?;
            let name = entry.file_name();
            if name == ".git" || name == "target" {
                continue;
            }
            if entry.file_type().map_err(io)?.is_dir() {
                folders.push(entry.path());
            } else if let Ok(name) = entry.path().strip_prefix(root) {
                files.push(name.to_owned());
            }
            if files.len() > MOST_FILES {
                return Err(CopyError::TooLarge(root.to_owned()));
            }
        }
    }
    files.sort();
    Ok(files)
}
