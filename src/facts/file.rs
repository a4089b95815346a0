//! `facts.json` on disk: read with care, written whole or not at all, and only when changed.

use super::{Facts, SCHEMA};
use crate::state;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Why there are no facts.
#[derive(Debug, thiserror::Error)]
pub enum FactsError {
    /// The file cannot be read or written.
    #[error("cannot {what} {}: {why}", file.display())]
    Io {
        /// `read` or `write`.
        what: &'static str,
        /// The file.
        file: PathBuf,
        /// What the system says.
        why: io::Error,
    },
    /// The file is not what this program writes.
    #[error("{} cannot be used: {why}; remove it, it is written anew", file.display())]
    Wrong {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A machine without a disk of its own.
    #[error("no disk of the machine can be told to be its boot disk, so none may be wiped")]
    NoBootDisk,
    /// A disk that may be called something else after the next boot.
    #[error(
        "the boot disk {disk} has no plain name in /dev/disk/by-path or /dev/disk/by-id, \
         and {disk} may be another disk after the next boot"
    )]
    NoStableName {
        /// The kernel's name of it.
        disk: String,
    },
}

impl Facts {
    /// Reads the file; none is no error.
    pub fn read(file: &Path) -> Result<Option<Self>, FactsError> {
        match fs::read(file) {
            Ok(text) => Self::from_json(&text)
                .map(Some)
                .map_err(|why| FactsError::Wrong {
                    file: file.to_owned(),
                    why,
                }),
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(why) => Err(FactsError::Io {
                what: "read",
                file: file.to_owned(),
                why,
            }),
        }
    }

    /// Reads the file's text; an error says what is wrong with it.
    pub fn from_json(text: &[u8]) -> Result<Self, String> {
        let value: serde_json::Value =
            serde_json::from_slice(text).map_err(|why| format!("it is not JSON ({why})"))?;
        match value.get("schema").and_then(serde_json::Value::as_u64) {
            Some(schema) if schema == u64::from(SCHEMA) => {}
            Some(schema) => return Err(format!("its schema is {schema}, and not {SCHEMA}")),
            None => return Err("it has no schema".to_owned()),
        }
        let facts: Self = serde_json::from_value(value).map_err(|why| why.to_string())?;
        match facts.odd_word() {
            Some(odd) => Err(odd),
            None => Ok(facts),
        }
    }

    /// The file's text.
    pub fn to_json(&self) -> String {
        // a struct of strings and numbers always has a JSON form
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Writes the file, whole or not at all; answers whether it was another before.
    pub fn write(&self, file: &Path) -> Result<bool, FactsError> {
        let text = self.to_json();
        if fs::read(file).is_ok_and(|old| old == text.as_bytes()) {
            return Ok(false);
        }
        replace(file, text.as_bytes()).map_err(|why| FactsError::Io {
            what: "write",
            file: file.to_owned(),
            why,
        })?;
        Ok(true)
    }
}

/// What a file is called until it is whole.
const DRAFT: &str = ".facts-";
/// A new file takes the old one's place once it is safely on disk.
fn replace(file: &Path, text: &[u8]) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let folder = file.parent().unwrap_or(Path::new("."));
    state::sweep(folder, DRAFT);
    let mut new = tempfile::Builder::new()
        .prefix(DRAFT)
        .permissions(fs::Permissions::from_mode(0o644))
        .tempfile_in(folder)?;
    new.write_all(text)?;
    new.as_file().sync_all()?;
    new.persist(file).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::tests::facts;
    use crate::host::Layout;

    #[test]
    fn what_is_written_is_read_and_written_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("facts.json");
        assert_eq!(Facts::read(&file).unwrap(), None);
        let first = facts("1", Layout::Bios);
        assert!(first.write(&file).unwrap());
        assert!(!first.write(&file).unwrap());
        assert_eq!(Facts::read(&file).unwrap(), Some(first));
        assert!(facts("2", Layout::Bios).write(&file).unwrap());
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(left.len(), 1, "{left:?}");
    }

    #[test]
    fn what_a_killed_run_left_is_swept_away() {
        use std::time::Duration;
        let folder = tempfile::tempdir().unwrap();
        let (old, fresh) = (
            folder.path().join(".facts-a"),
            folder.path().join(".facts-b"),
        );
        let hour_ago = std::time::SystemTime::now() - Duration::from_secs(3600);
        File::create(&old).unwrap().set_modified(hour_ago).unwrap();
        File::create(&fresh).unwrap();
        facts("1", Layout::Bios)
            .write(&folder.path().join("facts.json"))
            .unwrap();
        assert!(!old.exists() && fresh.exists());
    }

    #[test]
    fn the_file_is_an_interface() {
        let value: serde_json::Value =
            serde_json::from_str(&facts("42", Layout::Hybrid).to_json()).unwrap();
        assert_eq!(
            value,
            serde_json::json!({
                "schema": 1,
                "server_id": "42",
                "arch": "x86_64",
                "firmware": "bios",
                "layout": "hybrid",
                "boot_disk": "/dev/disk/by-path/pci-0000:06:00.0-scsi-0:0:0:0",
                "network": {
                    "dhcp4": true,
                    "addresses": ["2001:db8:1::1/64"],
                    "gateways": [
                        { "via": "172.31.1.1", "on_link": true },
                        { "via": "fe80::1", "on_link": true },
                    ],
                },
            })
        );
    }

    #[test]
    fn a_file_that_cannot_be_used_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("facts.json");
        let odd = |spoil: fn(&mut Facts)| {
            let mut facts = facts("1", Layout::Bios);
            spoil(&mut facts);
            facts.to_json()
        };
        for (text, part) in [
            ("{", "it is not JSON"),
            ("{}", "it has no schema"),
            ("{\"schema\":2}", "its schema is 2"),
            ("{\"schema\":1}", "server_id"),
            (
                &odd(|facts| facts.boot_disk = "/dev/$(id)".into()),
                "boot_disk",
            ),
            (&odd(|facts| facts.network.mac = Some("x\n".into())), "mac"),
        ] {
            fs::write(&file, text).unwrap();
            let error = Facts::read(&file).unwrap_err().to_string();
            assert!(
                error.contains(part) && error.contains("remove it"),
                "{error}"
            );
        }
    }
}
