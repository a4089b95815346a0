//! git, as far as a flake needs it: what it tracks, and making it track one more file.

use crate::child;
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::fs::{File, TryLockError};
use std::io::{self, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

/// How long git may take for one answer, and how long its index may be somebody else's.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(20);

/// Why git did not do what it had to.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// It cannot be started.
    #[error("the flake is in a git tree, but git cannot be run ({0}); install git")]
    Missing(io::Error),
    /// It ended with an error.
    #[error("git {what} failed: {why}")]
    Failed {
        /// The command.
        what: String,
        /// The last line it said.
        why: String,
    },
    /// It did not end.
    #[error("git {what} did not end within {} s", PATIENCE.as_secs())]
    Slow {
        /// The command.
        what: String,
    },
    /// The file would not be seen by Nix.
    #[error(
        "{} is ignored by git, so Nix would not see it; take it out of .gitignore", .0.display()
    )]
    Ignored(PathBuf),
    /// The index is being changed by somebody else.
    #[error("the git index was locked: {0}")]
    Locked(String),
}

/// The git tree that a flake belongs to.
#[derive(Debug, Clone)]
pub(super) struct Git {
    top: PathBuf,
    /// Whether it tracks the flake, so that Nix goes by what it tracks; else it only says what
    /// it ignores.
    pub(super) tracks: bool,
}

impl Git {
    /// The tree that the flake in `folder` belongs to: the nearest one above, unless it ignores
    /// the flake (a copy below `target`), or git does not run there.
    pub(super) fn around(folder: &Path) -> Option<Self> {
        let top = folder.ancestors().find(|dir| dir.join(".git").exists())?;
        let lists = |which: &[&str]| {
            let words = [&["ls-files"], which, &["--", "flake.nix"]].concat();
            let words: Vec<_> = words.into_iter().map(OsStr::new).collect();
            run(folder, &words).is_ok_and(|files| !files.is_empty())
        };
        let tracks = lists(&["--cached"]);
        (tracks || lists(&["--others", "--exclude-standard"])).then(|| Self {
            top: top.to_owned(),
            tracks,
        })
    }

    /// The flake in `folder` as Nix names it.
    pub(super) fn reference(&self, folder: &Path) -> String {
        let mut text = format!("git+file://{}", url_path(&self.top));
        if let Ok(below) = folder.strip_prefix(&self.top)
            && below != Path::new("")
        {
            text.push_str("?dir=");
            text.push_str(&url_path(below));
        }
        text
    }

    /// What git tracks below the folder, or would not ignore; relative to the folder.
    pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>, GitError> {
        let args = [
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ];
        Ok(paths(&run(folder, &args.map(OsStr::new))?))
    }

    /// What git neither tracks nor ignores below the folder; relative to the folder.
    pub(super) fn untracked(folder: &Path) -> Result<Vec<PathBuf>, GitError> {
        let args = ["ls-files", "-z", "--others", "--exclude-standard"];
        Ok(paths(&run(folder, &args.map(OsStr::new))?))
    }

    /// Makes git know the file, without staging its content.
    ///
    /// One at a time: a lock of our own keeps runs of this program apart, and the index's own
    /// lock, if somebody else holds it, is waited for.
    pub(super) fn show(&self, file: &Path) -> Result<(), GitError> {
        let until = Instant::now() + PATIENCE;
        let _lock = self.lock(until)?;
        if !run(&self.top, &[s("ls-files"), s("--"), file.as_os_str()])?.is_empty() {
            return Ok(());
        }
        let add = [s("add"), s("--intent-to-add"), s("--"), file.as_os_str()];
        loop {
            match run(&self.top, &add) {
                Ok(_) => return Ok(()),
                Err(GitError::Failed { why, .. }) if why.contains("index.lock") => {
                    if Instant::now() > until {
                        return Err(GitError::Locked(why));
                    }
                    thread::sleep(PAUSE);
                }
                Err(_) if self.ignores(file) => return Err(GitError::Ignored(file.to_owned())),
                Err(error) => return Err(error),
            }
        }
    }

    fn ignores(&self, file: &Path) -> bool {
        run(&self.top, &[s("check-ignore"), s("-q"), file.as_os_str()]).is_ok()
    }

    fn lock(&self, until: Instant) -> Result<File, GitError> {
        let dir = run(&self.top, &[s("rev-parse"), s("--absolute-git-dir")])?;
        let dir = PathBuf::from(OsString::from_vec(dir.trim_ascii_end().to_vec()));
        let failed = |why: &dyn std::fmt::Display| GitError::Locked(why.to_string());
        let file = File::create(dir.join("provision.lock")).map_err(|why| failed(&why))?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) if Instant::now() < until => thread::sleep(PAUSE),
                Err(why) => return Err(failed(&why)),
            }
        }
    }
}

fn s(word: &str) -> &OsStr {
    OsStr::new(word)
}

/// A path as it stands in a URL.
pub(super) fn url_path(path: &Path) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/-._~+,@".contains(&b);
    let mut text = String::new();
    for byte in path.as_os_str().as_bytes() {
        if plain(*byte) {
            text.push(char::from(*byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

fn paths(listing: &[u8]) -> Vec<PathBuf> {
    let names = listing.split(|byte| *byte == 0).filter(|n| !n.is_empty());
    let mut paths: Vec<_> = names
        .map(|name| PathBuf::from(OsStr::from_bytes(name)))
        .collect();
    paths.sort();
    paths.dedup();
    paths
}

/// Runs git to its end, or ends it.
fn run(folder: &Path, args: &[&OsStr]) -> Result<Vec<u8>, GitError> {
    let what = args[0].to_string_lossy().into_owned();
    let mut child = child::replacement("git")
        .arg("-C")
        .arg(folder)
        .args(args)
        // set inside hooks, and then about another tree than the flake's
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(GitError::Missing)?;
    let out = drain(child.stdout.take());
    let err = drain(child.stderr.take());
    let until = Instant::now() + PATIENCE;
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if Instant::now() < until => thread::sleep(Duration::from_millis(2)),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(GitError::Slow { what });
            }
        }
    };
    let told = |end: thread::JoinHandle<Vec<u8>>| end.join().unwrap_or_default();
    if status.success() {
        return Ok(told(out));
    }
    let said = told(err);
    let said = String::from_utf8_lossy(&said);
    Err(GitError::Failed {
        what,
        why: said.trim().replace('\n', "; "),
    })
}

fn drain(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut all = Vec::new();
        if let Some(mut pipe) = pipe {
            let _ = pipe.read_to_end(&mut all);
        }
        all
    })
}
