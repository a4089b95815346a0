//! The hash that Nix knows a folder by: SHA-256 over its archive format, which holds names, kinds,
//! contents and whether a file may be executed, and nothing else of it.

use data_encoding::BASE64;
use sha2::{Digest as _, Sha256};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// `sha256-…`, as `narHash` has it.
pub(super) fn hash(path: &Path) -> io::Result<String> {
    let mut archive = Archive(Sha256::new());
    archive.text(b"nix-archive-1");
    archive.node(path)?;
    Ok(format!("sha256-{}", BASE64.encode(&archive.0.finalize())))
}

struct Archive(Sha256);

impl Archive {
    /// A length, the bytes, and zeros up to a multiple of eight.
    fn text(&mut self, bytes: &[u8]) {
        self.length(bytes.len() as u64);
        self.0.update(bytes);
        self.fill(bytes.len() as u64);
    }

    fn texts(&mut self, texts: &[&[u8]]) {
        for text in texts {
            self.text(text);
        }
    }

    fn length(&mut self, bytes: u64) {
        self.0.update(bytes.to_le_bytes());
    }

    fn fill(&mut self, bytes: u64) {
        let rest = (8 - bytes % 8) % 8;
        for _ in 0..rest {
            self.0.update([0]);
        }
    }

    fn node(&mut self, path: &Path) -> io::Result<()> {
        let meta = fs::symlink_metadata(path)?;
        self.texts(&[b"(", b"type"]);
        if meta.is_symlink() {
            let target = fs::read_link(path)?;
            self.texts(&[b"symlink", b"target", target.as_os_str().as_bytes()]);
        } else if meta.is_dir() {
            self.text(b"directory");
            let mut names = fs::read_dir(path)?
                .map(|entry| entry.map(|e| e.file_name()))
                .collect::<io::Result<Vec<_>>>()?;
            names.sort();
            for name in names {
                self.texts(&[b"entry", b"(", b"name", name.as_bytes(), b"node"]);
                self.node(&path.join(&name))?;
                self.text(b")");
            }
        } else if meta.is_file() {
            self.text(b"regular");
            if meta.permissions().mode() & 0o100 != 0 {
                self.texts(&[b"executable", b""]);
            }
            self.text(b"contents");
            self.contents(path, meta.len())?;
        } else {
            let what = format!("{} is no file, folder or link", path.display());
            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
        }
        self.text(b")");
        Ok(())
    }

    fn contents(&mut self, path: &Path, long: u64) -> io::Result<()> {
        self.length(long);
        let mut file = File::open(path)?;
        let mut piece = vec![0; 128 * 1024];
        let mut left = long;
        while left > 0 {
            let read = file.read(&mut piece)?;
            if read == 0 {
                let what = format!("{} became shorter", path.display());
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, what));
            }
            self.0.update(&piece[..read]);
            left = left.saturating_sub(read as u64);
        }
        self.fill(long);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_one_that_nix_has() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("b"), "twelve bytes").unwrap();
        fs::write(at("a"), "").unwrap();
        fs::set_permissions(at("a"), fs::Permissions::from_mode(0o755)).unwrap();
        fs::create_dir(at("d")).unwrap();
        fs::write(at("d/x"), "12345678").unwrap();
        std::os::unix::fs::symlink("../nowhere", at("d/link")).unwrap();
        // what `nix hash path` said of the same folder
        assert_eq!(
            hash(folder.path()).unwrap(),
            "sha256-6gf1iXa7zeBvbRqZiuBYLpqMrLfusX6gzh/4yyg6QmI="
        );
        assert!(hash(&at("nowhere")).is_err());
    }
}
