//! Removes what nobody needs any more: halves of builds, and the images of old recipes.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// How folders begin that a build works in.
pub(super) const BUILDING: &str = ".building-";
/// How many sets are kept, the newest of them.
const KEPT: usize = 2;

/// Removes what ended builds left. Only who has the lock may call it.
pub(super) fn halves(images: &Path) {
    for path in folders(images, |name| name.starts_with(BUILDING)) {
        // what cannot be removed now may be another time
        let _ = fs::remove_dir_all(path);
    }
}

/// Removes the images of other recipes but the newest, as far as no process has a file of them
/// open. A machine that is off has none open: sets are kept for a while because of that.
pub(super) fn old(images: &Path, current: &str) {
    let mut sets: Vec<(SystemTime, PathBuf)> = folders(images, is_key)
        .into_iter()
        .filter(|path| !path.ends_with(current))
        .map(|path| {
            let made = fs::metadata(path.join("index.json"))
                .or_else(|_| fs::metadata(&path))
                .and_then(|meta| meta.modified());
            (made.unwrap_or(SystemTime::UNIX_EPOCH), path)
        })
        .collect();
    sets.sort();
    sets.reverse();
    let spare: Vec<PathBuf> = sets
        .into_iter()
        .skip(KEPT - 1)
        .map(|(_, path)| path)
        .collect();
    if spare.is_empty() {
        return;
    }
    let open = open_files();
    for path in spare {
        if !open.iter().any(|file| file.starts_with(&path)) {
            let _ = fs::remove_dir_all(path);
        }
    }
}

fn is_key(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn folders(images: &Path, is_wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(images) else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter(|entry| entry.file_name().to_str().is_some_and(&is_wanted))
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect()
}

/// The files that processes have open, as far as this one may see them.
fn open_files() -> BTreeSet<PathBuf> {
    let Ok(processes) = fs::read_dir("/proc") else {
        return BTreeSet::new();
    };
    processes
        .flatten()
        .filter_map(|process| fs::read_dir(process.path().join("fd")).ok())
        .flat_map(Iterator::flatten)
        .filter_map(|file| fs::read_link(file.path()).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::time::Duration;

    fn set(images: &Path, digit: char, age: u64) -> PathBuf {
        let folder = images.join(digit.to_string().repeat(64));
        fs::create_dir(&folder).unwrap();
        let index = File::create(folder.join("index.json")).unwrap();
        let made = SystemTime::now() - Duration::from_secs(age);
        index.set_modified(made).unwrap();
        folder
    }

    #[test]
    fn the_newest_and_those_in_use_stay() {
        let home = tempfile::tempdir().unwrap();
        let images = fs::canonicalize(home.path()).unwrap();
        let current = set(&images, 'a', 900);
        let (newest, used, oldest) = (
            set(&images, 'b', 1),
            set(&images, 'c', 2),
            set(&images, 'd', 3),
        );
        let other = images.join("early");
        fs::create_dir(&other).unwrap();
        let open = File::open(used.join("index.json")).unwrap();

        old(&images, &"a".repeat(64));
        let there = [&current, &newest, &used, &oldest, &other].map(|path| path.exists());
        assert_eq!(there, [true, true, true, false, true]);
        drop(open);
        old(&images, &"a".repeat(64));
        assert!(!used.exists());
    }

    #[test]
    fn halves_go_and_sets_stay() {
        let home = tempfile::tempdir().unwrap();
        let whole = set(home.path(), 'a', 0);
        let half = home.path().join(".building-x");
        fs::create_dir_all(half.join("tmp/deep")).unwrap();
        halves(home.path());
        assert!(whole.exists() && !half.exists());
    }
}
