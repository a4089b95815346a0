//! The admins' keys: `hosts/keys/*.pub`.

use super::Flake;
use provision_api::Fingerprint;
use ssh_key::{Algorithm, PublicKey};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The keys of this repository's own tests: anyone has their private halves.
const FIXTURES: [&str; 1] = [include_str!("../../fixtures/keys/admin.pub")];

/// An admin's public key.
#[derive(Debug, Clone)]
pub struct AdminKey {
    /// The key.
    pub key: PublicKey,
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    /// The file it stands in.
    pub file: PathBuf,
    /// It is one of this repository's test keys, whose private half anyone can have.
    pub fixture: bool,
}

/// All admins' keys, in the order of their files.
#[derive(Debug, Clone, Default)]
pub struct AdminKeys(pub Vec<AdminKey>);

/// Why the admins' keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// A file cannot be read.
    #[error("cannot read {}: {why}", file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// What the system says.
        why: io::Error,
    },
    /// A private key lies where only public ones belong, and would be copied into the store.
    #[error(
        "{} is a private key: take it away (and make a new one, if it was ever committed)",
        .0.display()
    )]
    Private(PathBuf),
    /// A line is no public key.
    #[error("{}:{line}: {why}; a line as in ~/.ssh/id_ed25519.pub is wanted", file.display())]
    Wrong {
        /// The file.
        file: PathBuf,
        /// The line, counted from one.
        line: usize,
        /// What is wrong.
        why: String,
    },
    /// Nobody could log in.
    #[error(
        "hosts/keys has no public key, so nobody could log in; copy one there: cp ~/.ssh/id_ed25519.pub hosts/keys/"
    )]
    Empty,
    /// Anybody could log in.
    #[error(
        "{} is a test key whose private half anyone can have; put a key of your own in its place",
        .0.display()
    )]
    Fixture(PathBuf),
}

impl AdminKeys {
    /// Refuses what may stand in the sandbox only: no key at all, and test keys.
    pub fn fit_for_a_real_cloud(&self) -> Result<(), KeysError> {
        if self.0.is_empty() {
            return Err(KeysError::Empty);
        }
        match self.0.iter().find(|key| key.fixture) {
            Some(key) => Err(KeysError::Fixture(key.file.clone())),
            None => Ok(()),
        }
    }

    /// The keys as lines of `authorized_keys`.
    pub fn lines(&self) -> Vec<String> {
        let line = |key: &AdminKey| key.key.to_openssh().unwrap_or_default();
        self.0.iter().map(line).collect()
    }
}

/// Whether the key is one of this repository's test keys.
pub fn is_fixture(fingerprint: Fingerprint) -> bool {
    let keys = FIXTURES.iter().filter_map(|line| line.parse().ok());
    keys.into_iter()
        .any(|key: PublicKey| Fingerprint::of_key(&key) == fingerprint)
}

impl Flake {
    /// Reads the admins' keys; an empty set is no error here.
    pub fn admin_keys(&self) -> Result<AdminKeys, KeysError> {
        let folder = self.root.join("hosts/keys");
        let io = |file: &Path| {
            let file = file.to_owned();
            move |why| KeysError::Io { file, why }
        };
        let mut files = match fs::read_dir(&folder) {
            Ok(entries) => entries
                .map(|entry| entry.map(|e| e.path()))
                .collect::<io::Result<Vec<_>>>()
                .map_err(io(&folder))?,
            Err(why) if why.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(why) => return Err(io(&folder)(why)),
        };
        files.retain(|file| file.is_file());
        files.sort();
        let mut keys = AdminKeys::default();
        for file in files {
            let content = fs::read(&file).map_err(io(&file))?;
            let text = String::from_utf8_lossy(&content);
            if text.contains("PRIVATE KEY-----") {
                return Err(KeysError::Private(file));
            }
            if file.extension().is_some_and(|end| end == "pub") {
                keys.0.extend(parse(&file, &text)?);
            }
        }
        Ok(keys)
    }
}

fn parse(file: &Path, text: &str) -> Result<Vec<AdminKey>, KeysError> {
    let mut keys = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let wrong = |why: String| KeysError::Wrong {
            file: file.to_owned(),
            line: number + 1,
            why,
        };
        let key = PublicKey::from_openssh(line)
            .map_err(|why| wrong(format!("this is not a public key ({why})")))?;
        if matches!(key.algorithm(), Algorithm::Dsa) {
            return Err(wrong("OpenSSH takes no DSA keys any more".to_owned()));
        }
        let fingerprint = Fingerprint::of_key(&key);
        keys.push(AdminKey {
            key,
            fingerprint,
            file: file.to_owned(),
            fixture: is_fixture(fingerprint),
        });
    }
    Ok(keys)
}
