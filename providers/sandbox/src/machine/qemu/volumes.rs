//! Volumes as files: beside the machines, since they outlive them and move from one to another.

use super::folder::{empty_disk, whole};
use super::tools::{self, MKFS};
use crate::files;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Formatting a sparse file takes moments.
const PATIENCE: Duration = Duration::from_secs(60);
/// How their files' names end.
const ENDING: &str = ".raw";
const GIB: u64 = 1024 * 1024 * 1024;

/// The folder of a world's volumes, 0700; in it `ID.raw`, 0600.
#[derive(Debug, Clone)]
pub(super) struct Volumes(PathBuf);

impl Volumes {
    /// Those of the world whose machines' folder this is, by a path without links.
    pub(super) fn beside(machines: &Path) -> Self {
        let world = machines.parent().unwrap_or(Path::new("/"));
        Self(whole(&whole(world).join("volumes")))
    }

    /// The file of the volume of that number.
    pub(super) fn file(&self, id: &str) -> PathBuf {
        self.0.join(format!("{id}{ENDING}"))
    }

    /// Makes one where there is none, formatted as the vendor hands it over: ext4 on the bare disk.
    /// One that the vendor has made larger since it was here is as large; what is on it stays.
    pub(super) async fn make(&self, id: &str, gib: u64) -> Result<(), String> {
        if !is_name(id) {
            return Err("its number is no name of a file".to_owned());
        }
        files::private_folder(&self.0).map_err(|error| error.to_string())?;
        let file = self.file(id);
        if file.exists() {
            return grow(&file, gib * GIB)
                .map_err(|error| format!("{} cannot be used: {error}", file.display()));
        }
        let formatted = match empty_disk(&file, gib) {
            Ok(()) => self.format(&file).await,
            Err(why) => Err(why),
        };
        if formatted.is_err() {
            // half of a volume would be taken for a whole one
            drop(fs::remove_file(&file));
        }
        formatted
    }

    async fn format(&self, file: &Path) -> Result<(), String> {
        let name = file.to_string_lossy().into_owned();
        let options = ["-q", "-F", "-E", "lazy_itable_init=1,lazy_journal_init=1"];
        let line = options.into_iter().chain([name.as_str()]);
        tools::run(MKFS, line, &self.0, PATIENCE).await.map(drop)
    }

    /// It is gone; one that no machine ever had was never there.
    pub(super) fn remove(&self, id: &str) -> Result<(), String> {
        if !is_name(id) {
            return Ok(());
        }
        let file = self.file(id);
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(format!("{} cannot be removed: {error}", file.display()))
            }
            _ => Ok(()),
        }
    }

    /// The numbers of those that are there.
    fn ids(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(&self.0) else {
            return Vec::new();
        };
        let mut ids: Vec<String> = entries
            .filter_map(Result::ok)
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter_map(|name| name.strip_suffix(ENDING).map(str::to_owned))
            .collect();
        ids.sort();
        ids
    }
}

/// Whether it is safe as the name of a file.
fn is_name(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn grow(file: &Path, bytes: u64) -> io::Result<()> {
    let file = File::options().write(true).open(file)?;
    if file.metadata()?.len() < bytes {
        file.set_len(bytes)?;
    }
    Ok(())
}

/// Removes volumes that no world knows, of the world whose machines' folder this is; answers one
/// line for each. Only for who holds the world, and after [`super::sweep`].
pub fn sweep(machines: &Path, known: &[String]) -> Vec<String> {
    let volumes = Volumes::beside(machines);
    let strays = volumes.ids().into_iter().filter(|id| !known.contains(id));
    strays
        .map(|id| match volumes.remove(&id) {
            Ok(()) => format!("volume {id} belonged to nothing: its file was removed"),
            Err(why) => format!("volume {id} belongs to nothing, and {why}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    fn write(volumes: &Volumes, id: &str) {
        files::private_folder(&volumes.0).unwrap();
        fs::write(volumes.file(id), id).unwrap();
    }

    #[tokio::test]
    async fn what_is_on_one_stays_and_it_grows_with_the_vendor() {
        let home = tempfile::tempdir().unwrap();
        let volumes = Volumes::beside(&home.path().join("machines"));
        write(&volumes, "101");
        for (ordered, expected) in [(1, GIB), (2, 2 * GIB), (1, 2 * GIB)] {
            volumes.make("101", ordered).await.unwrap();
            let file = volumes.file("101");
            assert_eq!(fs::metadata(&file).unwrap().len(), expected);
            assert!(fs::read(&file).unwrap().starts_with(b"101"));
        }
        assert!(volumes.make("../101", 1).await.is_err());
        assert!(volumes.make("", 1).await.is_err());
    }

    #[tokio::test]
    async fn a_new_one_is_closed_to_others_and_formatted_or_not_there() {
        let home = tempfile::tempdir().unwrap();
        let volumes = Volumes::beside(&home.path().join("machines"));
        let made = volumes.make("101", 1).await;
        let file = volumes.file("101");
        if tools::find(MKFS).is_none() {
            assert!(made.is_err() && !file.exists());
            return;
        }
        made.unwrap();
        let found = fs::metadata(&file).unwrap();
        assert_eq!((found.len(), found.mode() & 0o777), (GIB, 0o600));
        assert_eq!(fs::metadata(&volumes.0).unwrap().mode() & 0o777, 0o700);
        let mut start = vec![0; 2048];
        let mut open = File::open(&file).unwrap();
        io::Read::read_exact(&mut open, &mut start).unwrap();
        assert_eq!(start[1024 + 56..][..2], [0x53, 0xef], "the mark of ext4");
    }

    #[test]
    fn only_those_that_no_world_knows_are_swept() {
        let home = tempfile::tempdir().unwrap();
        let machines = home.path().join("machines");
        let volumes = Volumes::beside(&machines);
        assert!(sweep(&machines, &[]).is_empty());
        write(&volumes, "101");
        write(&volumes, "102");
        fs::write(volumes.0.join("notes"), "").unwrap();
        let lines = sweep(&machines, &["101".to_owned()]);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains("102"), "{lines:?}");
        assert!(volumes.file("101").exists() && !volumes.file("102").exists());
        assert!(volumes.0.join("notes").exists(), "it is no volume");
        volumes.remove("101").unwrap();
        volumes.remove("101").unwrap();
        assert!(!volumes.file("101").exists());
    }
}
