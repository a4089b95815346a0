//! Files that nobody else may read and that are whole or not there.

use crate::error::SandboxError;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// How files begin that are not whole yet.
const FRESH: &str = ".fresh-";

/// Removes what a process left that was killed while it wrote.
pub(crate) fn sweep(folder: &Path) -> Result<(), SandboxError> {
    let left = |entry: &fs::DirEntry| {
        entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(FRESH.as_bytes())
    };
    fs::read_dir(folder)
        .and_then(|entries| {
            for entry in entries {
                let entry = entry?;
                if left(&entry) {
                    fs::remove_file(entry.path())?;
                }
            }
            Ok(())
        })
        .map_err(SandboxError::file("cannot sweep", folder))
}

/// Makes the folder 0700; one that is there already is closed to others.
pub(crate) fn private_folder(path: &Path) -> Result<(), SandboxError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(0o700)))
        .map_err(SandboxError::file("cannot make the folder", path))
}

/// Opens a file that only its owner reads.
pub(crate) fn private_file(path: &Path, append: bool) -> Result<File, SandboxError> {
    let mut options = OpenOptions::new();
    options.create(true).mode(0o600);
    if append {
        options.append(true);
    } else {
        options.read(true).write(true).truncate(false);
    }
    let file = options
        .open(path)
        .map_err(SandboxError::file("cannot open", path))?;
    file.set_permissions(fs::Permissions::from_mode(0o600))
        .map_err(SandboxError::file("cannot close to others", path))?;
    Ok(file)
}

/// Replaces the file at once: a process that is ended, or a machine that loses its power, leaves
/// the old content or the new.
pub(crate) fn replace(path: &Path, content: &[u8]) -> Result<(), SandboxError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut fresh = tempfile::Builder::new()
        .prefix(FRESH)
        .permissions(fs::Permissions::from_mode(0o600))
        .tempfile_in(folder)
        .map_err(SandboxError::file("cannot write in", folder))?;
    fresh
        .write_all(content)
        .and_then(|()| fresh.as_file().sync_all())
        .map_err(SandboxError::file("cannot write", path))?;
    fresh
        .persist(path)
        .map_err(|error| SandboxError::file("cannot replace", path)(error.error))?;
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(SandboxError::file("cannot keep", folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn are_closed_to_others_even_when_they_were_open() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("a/b");
        fs::create_dir_all(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        private_folder(&folder).unwrap();
        assert_eq!(mode(&folder), 0o700);

        let file = folder.join("file");
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        private_file(&file, true)
            .unwrap()
            .write_all(b"+new")
            .unwrap();
        assert_eq!(mode(&file), 0o600);
        assert_eq!(fs::read_to_string(&file).unwrap(), "old+new");

        replace(&file, b"whole").unwrap();
        assert_eq!(mode(&file), 0o600);
        assert_eq!(fs::read_to_string(&file).unwrap(), "whole");
        assert_eq!(
            fs::read_dir(&folder).unwrap().count(),
            1,
            "nothing is left beside it"
        );
    }

    #[test]
    fn halves_are_swept_away() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join(".fresh-x"), "half").unwrap();
        fs::write(home.path().join("world.json"), "whole").unwrap();
        sweep(home.path()).unwrap();
        let left: Vec<_> = fs::read_dir(home.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(left, ["world.json"]);
    }

    #[test]
    fn a_folder_that_cannot_be_is_named() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("file");
        fs::write(&file, "").unwrap();
        let error = private_folder(&file.join("below")).unwrap_err().to_string();
        assert!(error.contains("file/below"), "{error}");
    }
}
