//! The state folder: where things lie in it, and files that are whole or not there.

mod files;

pub(crate) use files::sweep;
pub use files::{private_dir, refuse_shared, write_private, write_private_once};

use crate::failure::{Exit, Failure, Outcome};
use files::DRAFT;
use provision_api::RunId;
use sha2::{Digest as _, Sha256};
use std::borrow::Cow;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A folder of 0700 that holds everything that is kept between runs on this machine.
///
/// It never decides what is ours: the marks in the cloud do. What is lost with it are the
/// private host keys, the logs, and the pins of rescue systems.
#[derive(Debug, Clone)]
pub struct State {
    root: PathBuf,
    is_writable: bool,
}

impl State {
    /// Opens the folder, and makes it if it is not there.
    ///
    /// One that is there keeps its mode; one that others can write to is refused, because they
    /// could put their own keys into it.
    pub fn open(root: &Path) -> Outcome<Self> {
        let (state, unwritable) = Self::open_if_possible(root)?;
        unwritable.map_or(Ok(state), Err)
    }

    /// The same for what only looks or removes: a folder that cannot be written, which is
    /// answered as well, keeps nobody from that.
    pub fn open_if_possible(root: &Path) -> Outcome<(Self, Option<Failure>)> {
        refuse_shared(root)?;
        // what cannot be written now cannot be journalled later, when a server costs money
        let written = private_dir(root).and_then(|()| {
            tempfile::tempfile_in(root)
                .and_then(|mut probe| probe.write_all(b"provision\n"))
                .map_err(|e| Failure::state(root, &e))
        });
        let state = Self {
            root: root.to_owned(),
            is_writable: written.is_ok(),
        };
        Ok((state, written.err()))
    }

    /// Whether anything could be written into it when it was opened.
    pub fn is_writable(&self) -> bool {
        self.is_writable
    }

    /// Where the default is: `provision` in XDG's state folder.
    pub fn default_root() -> Outcome<PathBuf> {
        use etcetera::BaseStrategy as _;
        let strategy = etcetera::choose_base_strategy().map_err(|e| {
            Failure::new(Exit::State, "cannot find the state folder", e)
                .mend("set HOME, or name a folder with --state-dir")
        })?;
        Ok(strategy
            .state_dir()
            .unwrap_or_else(|| strategy.data_dir())
            .join("provision"))
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What is kept of one server, by its name at the vendor.
    pub fn server(&self, name: &str) -> Outcome<ServerState> {
        let dir = self.root.join("servers").join(&*plain_name(name));
        private_dir(&dir)?;
        // one may hold a private key
        sweep(&dir, DRAFT);
        Ok(ServerState { dir })
    }

    /// The folder of one run: journal, logs, work copy of the flake.
    pub fn run(&self, run: &RunId) -> Outcome<PathBuf> {
        let dir = self.root.join("runs").join(run.as_str());
        private_dir(&dir)?;
        Ok(dir)
    }

    /// All runs that are kept, oldest first.
    pub fn runs(&self) -> Vec<RunId> {
        let mut runs: Vec<RunId> = fs::read_dir(self.root.join("runs"))
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .collect();
        runs.sort();
        runs
    }

    /// The journals that something was written into since then; or which folder or file cannot be
    /// looked at, and why.
    pub(crate) fn journals(&self, since: SystemTime) -> Result<Vec<PathBuf>, (PathBuf, io::Error)> {
        let runs = self.root.join("runs");
        // what has no runs has no journals, and what is no folder is no run
        let none = [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory];
        let is_none = |e: &io::Error| none.contains(&e.kind());
        let entries = match fs::read_dir(&runs) {
            Ok(entries) => entries,
            Err(error) if is_none(&error) => return Ok(Vec::new()),
            Err(error) => return Err((runs, error)),
        };
        let mut journals = Vec::new();
        for entry in entries {
            let path = entry.map_err(|e| (runs.clone(), e))?.path();
            let path = path.join(crate::journal::FILE);
            match fs::metadata(&path).and_then(|meta| meta.modified()) {
                Ok(at) if at < since => {}
                Ok(_) => journals.push(path),
                Err(error) if is_none(&error) => {}
                Err(error) => return Err((path, error)),
            }
        }
        journals.sort();
        Ok(journals)
    }

    /// Where the login key lies that is made when the user has none (sandbox only).
    pub fn login_key(&self) -> PathBuf {
        self.root.join("keys").join("id_ed25519")
    }
}

/// The name of a server as a folder, and as a word in a file: as it is where it is made of letters,
/// digits, `-`, `_` and `.`, else a digest. Others can give it any name at the vendor, such as one
/// that leads to another folder or has a second line.
pub fn plain_name(name: &str) -> Cow<'_, str> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    let is_plain = name.len() <= 255
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.bytes().all(plain);
    if is_plain {
        return Cow::Borrowed(name);
    }
    let digest = data_encoding::HEXLOWER.encode(&Sha256::digest(name));
    Cow::Owned(format!("odd-{digest}"))
}

/// What is kept of one server.
#[derive(Debug, Clone)]
pub struct ServerState {
    dir: PathBuf,
}

impl ServerState {
    /// The host's identity: the private host key of the installed system.
    pub fn identity(&self) -> PathBuf {
        self.dir.join("identity")
    }

    /// The private host key of the first boot; gone once the installed system is up.
    pub fn first_boot(&self) -> PathBuf {
        self.dir.join("first-boot")
    }

    /// The pinned host keys of a phase (`installed`, `first-boot`, `rescue`), as `known_hosts`.
    pub fn pins(&self, phase: &str) -> PathBuf {
        self.dir.join(format!("known_hosts.{phase}"))
    }

    /// The private host key of the first boot is of no use any more, and never to be accepted.
    pub fn forget_first_boot(&self) {
        let _ = fs::remove_file(self.first_boot());
        let _ = fs::remove_file(self.pins("first-boot"));
    }

    /// The server is gone: what was kept of it is of no use, save the host's identity.
    pub fn forget_server(&self) {
        self.forget_first_boot();
        for phase in ["installed", "rescue"] {
            let _ = fs::remove_file(self.pins(phase));
        }
        let _ = fs::remove_file(self.dir.join("installed.json"));
    }

    /// Where it is written down what was installed.
    pub(crate) fn installed_file(&self) -> PathBuf {
        self.dir.join("installed.json")
    }

    /// The file that is locked while a run works on the server.
    pub fn lock_file(&self) -> PathBuf {
        self.dir.join("lock")
    }

    /// Takes the lock that keeps two runs from working on the same server.
    pub fn lock(&self, name: &str) -> Outcome<File> {
        let path = self.lock_file();
        let opened = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .mode(0o600)
            .open(&path)
            // where nothing can be written, one that somebody holds counts all the same
            .or_else(|error| File::open(&path).map_err(|_| error));
        let mut file = opened.map_err(|e| Failure::state(&path, &e))?;
        match file.try_lock() {
            Ok(()) => {
                let _ = file.set_len(0);
                let _ = write!(file, "{}", std::process::id());
                return Ok(file);
            }
            Err(TryLockError::Error(error)) => return Err(Failure::state(&path, &error)),
            Err(TryLockError::WouldBlock) => {}
        }
        let mut holder = String::new();
        let _ = file.read_to_string(&mut holder);
        Err(Failure::new(
            Exit::Busy,
            format!("{name}: another provision is at work on it"),
            format!("process {}", holder.trim()),
        )
        .mend("wait until it has ended, or end it"))
    }
}

#[cfg(test)]
mod tests;
