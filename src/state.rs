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
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;
    use std::time::Duration;

    #[test]
    fn folders_and_files_are_private() {
        let dir = tempfile::tempdir().unwrap();
        let state = State::open(&dir.path().join("a/b")).unwrap();
        let server = state.server("web-1").unwrap();
        write_private(&server.identity(), b"key").unwrap();
        let mode = |p: &Path| fs::metadata(p).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&server.identity()), 0o600);
        assert_eq!(mode(&dir.path().join("a/b/servers/web-1")), 0o700);
    }

    #[test]
    fn a_folder_that_is_there_keeps_its_mode_or_is_refused() {
        for (mode, taken) in [
            (0o700, true),
            (0o755, true),
            (0o775, false),
            (0o757, false),
            (0o1777, false),
        ] {
            let dir = tempfile::tempdir().unwrap();
            fs::set_permissions(dir.path(), fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(State::open(dir.path()).is_ok(), taken, "{mode:o}");
            let now = fs::metadata(dir.path()).unwrap().permissions().mode();
            assert_eq!(now & 0o7777, mode);
        }
    }

    #[test]
    fn a_folder_that_cannot_be_written_keeps_nobody_from_looking() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        let below = file.join("state");
        assert_eq!(State::open(&below).unwrap_err().exit, Exit::State);
        let (state, unwritable) = State::open_if_possible(&below).unwrap();
        assert_eq!(unwritable.unwrap().exit, Exit::State);
        assert!(!state.is_writable());
        assert!(state.journals(SystemTime::UNIX_EPOCH).unwrap().is_empty());
        assert_eq!(state.server("web-1").unwrap_err().exit, Exit::State);
        // one that others can write to is refused all the same
        let shared = dir.path().join("shared");
        fs::create_dir(&shared).unwrap();
        fs::set_permissions(&shared, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(State::open_if_possible(&shared).is_err());
    }

    #[test]
    fn a_server_is_kept_under_a_plain_name() {
        for good in ["web-1", "web-1-at-2001-db8--1", "vps-1a.vps.ovh.net", "0"] {
            assert_eq!(plain_name(good), good);
        }
        let dir = tempfile::tempdir().unwrap();
        let state = State::open(dir.path()).unwrap();
        let long = "a".repeat(256);
        let odd = [
            "",
            ".",
            "..",
            "../x",
            "/etc",
            "a/b",
            "-a",
            ".a",
            "a b",
            "a\nb",
            "a*",
            "a,b",
            "a\0",
            "\u{202e}a",
            &long,
        ];
        for name in odd {
            let kept = state.server(name).unwrap();
            write_private(&kept.identity(), name.as_bytes()).unwrap();
            assert_eq!(plain_name(&plain_name(name)), plain_name(name));
        }
        // each in a folder of its own, and all of them below the state folder's
        for name in odd {
            let kept = state.server(name).unwrap();
            assert_eq!(fs::read(kept.identity()).unwrap(), name.as_bytes());
        }
        let folders = fs::read_dir(dir.path().join("servers")).unwrap();
        assert_eq!(folders.count(), odd.len());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_a_killed_run_left_is_swept_away() {
        let dir = tempfile::tempdir().unwrap();
        let state = State::open(dir.path()).unwrap();
        let kept = dir.path().join("servers/web-1");
        state.server("web-1").unwrap();
        let [old, fresh, other] = [".draft-a", ".draft-b", "identity"].map(|n| kept.join(n));
        let hour_ago = std::time::SystemTime::now() - Duration::from_secs(3600);
        for file in [&old, &other] {
            let file = File::create(file).unwrap();
            file.set_modified(hour_ago).unwrap();
        }
        File::create(&fresh).unwrap();
        state.server("web-1").unwrap();
        assert!(!old.exists() && fresh.exists() && other.exists());
    }

    #[test]
    fn a_second_lock_is_refused_and_names_the_holder() {
        let dir = tempfile::tempdir().unwrap();
        let server = State::open(dir.path()).unwrap().server("web-1").unwrap();
        let held = server.lock("web-1").unwrap();
        let refused = server.lock("web-1").unwrap_err();
        assert_eq!(refused.exit, Exit::Busy);
        assert!(refused.why.contains(&std::process::id().to_string()));
        drop(held);
        // a child that another test is just starting holds it, too, until it is another program
        let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while server.lock("web-1").is_err() {
            assert!(std::time::Instant::now() < until, "it is never let go");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }
}
