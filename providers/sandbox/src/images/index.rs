//! What says that a set of images is whole: written last, with the hash of each file.

use super::ImageError;
use super::run::{Run, command};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const NAME: &str = "index.json";
const SCHEMA: u32 = 1;
const DEADLINE: Duration = Duration::from_secs(300);

/// What a set of images holds, in `index.json`.
#[derive(Debug, Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct Index {
    schema: u32,
    made_of: String,
    /// SHA-256 of each file, hexadecimal; of a folder, over the names, modes and contents below.
    files: BTreeMap<String, String>,
}

impl Index {
    /// Looks at files and folders that are in a folder, and are to be all of it.
    pub(super) async fn of(
        folder: &Path,
        made_of: &str,
        names: &[&str],
        cancel: &CancellationToken,
    ) -> Result<Self, ImageError> {
        let (trees, plain): (Vec<&str>, Vec<&str>) =
            names.iter().partition(|name| folder.join(name).is_dir());
        let mut files = sums(folder, &plain, cancel).await?;
        for name in trees {
            let path = folder.join(name);
            let hash = tree(&path).map_err(ImageError::file("cannot read", &path))?;
            files.insert(name.to_owned(), hash);
        }
        Ok(Self {
            schema: SCHEMA,
            made_of: made_of.to_owned(),
            files,
        })
    }

    /// Writes it; the folder is whole with that.
    pub(super) fn write(&self, folder: &Path) -> Result<(), ImageError> {
        let path = folder.join(NAME);
        serde_json::to_vec_pretty(self)
            .map_err(io::Error::from)
            .and_then(|text| fs::write(&path, text))
            .map_err(ImageError::file("cannot write", &path))
    }

    /// That of a folder, if it is whole, of this recipe, and all of its files are there.
    pub(super) fn read(folder: &Path, made_of: &str) -> Option<Self> {
        let text = fs::read(folder.join(NAME)).ok()?;
        let index: Self = serde_json::from_slice(&text).ok()?;
        let whole = index.schema == SCHEMA
            && index.made_of == made_of
            && index.files.keys().all(|name| folder.join(name).exists());
        whole.then_some(index)
    }

    /// The hash of a file.
    pub(super) fn sha256(&self, name: &str) -> Option<&str> {
        self.files.get(name).map(String::as_str)
    }
}

/// SHA-256 of files, by a program: they are gigabytes, and builds of this one for its tests have
/// slow arithmetic.
async fn sums(
    folder: &Path,
    names: &[&str],
    cancel: &CancellationToken,
) -> Result<BTreeMap<String, String>, ImageError> {
    let found = Mutex::new(BTreeMap::new());
    let line = |line: &str| {
        if let (Some((hash, name)), Ok(mut found)) = (line.split_once("  "), found.lock()) {
            found.insert(name.to_owned(), hash.to_owned());
        }
        line.to_owned()
    };
    let run = Run {
        step: "reading the images",
        deadline: DEADLINE,
        cancel,
        input: "",
        line: &line,
    };
    let mut command = command("sha256sum");
    command.arg("--").args(names).current_dir(folder);
    run.run(&mut command).await?;
    Ok(found.into_inner().unwrap_or_default())
}

/// SHA-256 of a file, hexadecimal.
pub(super) fn file(path: &Path) -> io::Result<String> {
    let mut hash = Sha256::new();
    read_into(path, &mut hash)?;
    Ok(HEXLOWER.encode(&hash.finalize()))
}

fn read_into(path: &Path, hash: &mut Sha256) -> io::Result<()> {
    let mut file = File::open(path)?;
    let mut piece = vec![0; 256 * 1024];
    loop {
        let read = file.read(&mut piece)?;
        if read == 0 {
            return Ok(());
        }
        hash.update(piece.get(..read).unwrap_or_default());
    }
}

fn tree(root: &Path) -> io::Result<String> {
    let mut hash = Sha256::new();
    walk(root, &mut hash)?;
    Ok(HEXLOWER.encode(&hash.finalize()))
}

fn walk(folder: &Path, hash: &mut Sha256) -> io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let meta = fs::symlink_metadata(&path)?;
        hash.update(entry.file_name().as_encoded_bytes());
        hash.update([0]);
        hash.update(meta.permissions().mode().to_le_bytes());
        if meta.is_symlink() {
            hash.update(fs::read_link(&path)?.as_os_str().as_encoded_bytes());
        } else if meta.is_dir() {
            walk(&path, hash)?;
        } else {
            hash.update(meta.len().to_le_bytes());
            read_into(&path, hash)?;
        }
        hash.update([0]);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn of(folder: &Path, names: &[&str]) -> Result<Index, ImageError> {
        Index::of(folder, "abc", names, &CancellationToken::new()).await
    }

    async fn set(folder: &Path) -> Index {
        fs::write(folder.join("vmlinuz"), "kernel").unwrap();
        fs::create_dir_all(folder.join("system/usr")).unwrap();
        fs::write(folder.join("system/usr/sh"), "shell").unwrap();
        of(folder, &["vmlinuz", "system"]).await.unwrap()
    }

    #[tokio::test]
    async fn what_was_written_is_read_for_the_same_recipe_only() {
        let home = tempfile::tempdir().unwrap();
        let index = set(home.path()).await;
        assert_eq!(Index::read(home.path(), "abc"), None, "not whole yet");
        index.write(home.path()).unwrap();
        assert_eq!(Index::read(home.path(), "other"), None);
        assert_eq!(Index::read(home.path(), "abc"), Some(index));
        fs::remove_file(home.path().join("vmlinuz")).unwrap();
        assert_eq!(Index::read(home.path(), "abc"), None, "a file is gone");
    }

    #[test]
    fn another_schema_and_nonsense_are_not_whole() {
        let home = tempfile::tempdir().unwrap();
        for text in [
            r#"{"schema":2,"made_of":"abc","files":{}}"#,
            r#"{"schema":1}"#,
            "",
        ] {
            fs::write(home.path().join(NAME), text).unwrap();
            assert_eq!(Index::read(home.path(), "abc"), None, "{text}");
        }
    }

    #[tokio::test]
    async fn hashes_tell_contents_apart() {
        let home = tempfile::tempdir().unwrap();
        let index = set(home.path()).await;
        assert_eq!(
            index.sha256("vmlinuz"),
            Some("6923dd1bc0460082c5d55a831908c24a282860b7f1cd6c2b79cf1bc8857c639c")
        );
        let before = index.sha256("system").unwrap().to_owned();
        fs::write(home.path().join("system/usr/sh"), "other").unwrap();
        let after = of(home.path(), &["system"]).await.unwrap();
        assert_ne!(after.sha256("system"), Some(before.as_str()));
        assert_eq!(after.sha256("nothing"), None);
    }

    #[tokio::test]
    async fn a_file_that_is_not_there_is_named() {
        let home = tempfile::tempdir().unwrap();
        let error = of(home.path(), &["chain.efi"]).await.unwrap_err();
        assert!(error.to_string().contains("chain.efi"), "{error}");
    }
}
