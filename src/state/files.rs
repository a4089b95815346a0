//! Folders and files that nobody else can read, and that are whole or not there.

use crate::failure::{Exit, Failure, Outcome};
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::Duration;

/// Makes a folder of 0700 (and those above it that are missing), whatever the umask. One that is
/// there already is left as it is.
pub fn private_dir(dir: &Path) -> Outcome {
    if dir.is_dir() {
        return Ok(());
    }
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .and_then(|()| fs::set_permissions(dir, fs::Permissions::from_mode(0o700)))
        .map_err(|e| Failure::state(dir, &e))
}

/// Refuses a folder that is there and that others than we (and root) can write to.
pub fn refuse_shared(dir: &Path) -> Outcome {
    let Ok(found) = fs::metadata(dir) else {
        return Ok(());
    };
    let mode = found.permissions().mode() & 0o7777;
    let own = [0, rustix::process::geteuid().as_raw()];
    let why = if !own.contains(&found.uid()) {
        format!("it belongs to user {}", found.uid())
    } else if found.is_dir() && mode & 0o022 != 0 {
        format!("others can write to it (its mode is {mode:04o})")
    } else {
        return Ok(());
    };
    Err(Failure::new(
        Exit::State,
        format!("{} is no place for private keys", dir.display()),
        why,
    )
    .mend(format!(
        "name a folder of your own, or one that is yet to be made: --state-dir {}",
        crate::report::quote(&dir.join("provision"))
    )))
}

/// Replaces a file of 0600: it is the old one or the new one, never half of it.
pub fn write_private(path: &Path, content: &[u8]) -> Outcome {
    let replace = || -> std::io::Result<()> {
        let dir = path.parent().unwrap_or(Path::new("."));
        let file = whole(dir, content)?;
        file.persist(path).map_err(|e| e.error)?;
        File::open(dir)?.sync_all()
    };
    replace().map_err(|e| Failure::state(path, &e))
}

/// Makes a file of 0600 unless there is one: of several who try at once, one's content stays.
pub fn write_private_once(path: &Path, content: &[u8]) -> Outcome {
    let make = || -> std::io::Result<()> {
        let dir = path.parent().unwrap_or(Path::new("."));
        match whole(dir, content)?.persist_noclobber(path) {
            Ok(_) => File::open(dir)?.sync_all(),
            Err(e) if e.error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
            Err(e) => Err(e.error),
        }
    };
    make().map_err(|e| Failure::state(path, &e))
}

/// What a file is called until it is whole.
pub(super) const DRAFT: &str = ".draft-";
/// A draft that is older was left by a run that was killed.
const STALE: Duration = Duration::from_secs(60);

/// Removes drafts that nobody goes on with.
pub(crate) fn sweep(folder: &Path, draft: &str) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let age = entry.metadata().and_then(|meta| meta.modified());
        let is_stale = age.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > STALE));
        if is_stale && entry.file_name().to_string_lossy().starts_with(draft) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn whole(dir: &Path, content: &[u8]) -> std::io::Result<tempfile::NamedTempFile> {
    let mut file = tempfile::Builder::new()
        .prefix(DRAFT)
        .permissions(fs::Permissions::from_mode(0o600))
        .tempfile_in(dir)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    Ok(file)
}
