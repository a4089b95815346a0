//! Who is started by a command, with which arguments, in which environment, and beside which files.

use super::way::{ahead, find};
use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The variable by which a process is known to come from a command that is watched.
const MARK: &str = "PROVISION_WITNESS";

/// What is called by name is met by a program ahead on the PATH; whatever else is started is seen
/// in `/proc`.
pub(crate) struct Witness {
    dir: tempfile::TempDir,
    seen: Arc<Mutex<Vec<u8>>>,
}

impl Witness {
    /// Of all that happens to the files below `state`.
    pub(crate) fn new(state: &Path) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let witness = Self {
            dir,
            seen: Arc::default(),
        };
        fs::create_dir(witness.bin()).unwrap();
        for name in [
            "ssh",
            "ssh-keyscan",
            "ssh-keygen",
            "git",
            "nix",
            "tar",
            "nixos-anywhere",
        ] {
            witness.program(name, state);
        }
        witness
    }

    fn bin(&self) -> PathBuf {
        self.dir.path().join("bin")
    }

    fn program(&self, name: &str, state: &Path) {
        let path = std::env::var_os("PATH").unwrap_or_default();
        if !std::env::split_paths(&path).any(|dir| dir.join(name).is_file()) {
            return;
        }
        let (dir, state, real) = (self.dir.path().display(), state.display(), find(name));
        let text = format!(
            "#!/bin/sh
cat /proc/$$/cmdline /proc/$$/environ >> {dir}/met 2>/dev/null
find {state} -printf '%y %m %p\\n' >> {dir}/modes 2>/dev/null
exec {real} \"$@\"
",
            real = real.display()
        );
        let file = self.bin().join(name);
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Puts it ahead on the command's PATH.
    pub(crate) fn enter(&self, command: &mut Command) {
        command.env("PATH", ahead(&self.bin()));
        command.env(MARK, self.dir.path());
    }

    /// Looks at all that this child starts, until it is told that the child has ended.
    pub(crate) fn watch(&self, child: &Child) -> Watching {
        let over = Arc::new(AtomicBool::new(false));
        let (stop, seen) = (Arc::clone(&over), Arc::clone(&self.seen));
        let mark = format!("{MARK}={}", self.dir.path().display()).into_bytes();
        let root = child.id();
        let thread = std::thread::spawn(move || {
            let mut known = HashSet::new();
            while !stop.load(Ordering::SeqCst) {
                look(root, &mark, &mut known, &seen);
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        Watching {
            over,
            thread: Some(thread),
        }
    }

    /// Arguments and environments of all that were started.
    pub(crate) fn told(&self) -> Vec<u8> {
        let met = fs::read(self.dir.path().join("met")).unwrap_or_default();
        [met, self.seen.lock().unwrap().clone()].concat()
    }

    /// What was seen in `/proc` alone.
    pub(crate) fn seen(&self) -> String {
        String::from_utf8_lossy(&self.seen.lock().unwrap()).into_owned()
    }

    /// The files and folders at each start of a program: kind, mode, path.
    pub(crate) fn files(&self) -> HashSet<(char, u32, PathBuf)> {
        let text = fs::read_to_string(self.dir.path().join("modes")).unwrap_or_default();
        let line = |line: &str| {
            let mut words = line.splitn(3, ' ');
            let kind = words.next()?.chars().next()?;
            let mode = u32::from_str_radix(words.next()?, 8).ok()?;
            Some((kind, mode, PathBuf::from(words.next()?)))
        };
        text.lines().filter_map(line).collect()
    }
}

/// Ends when it is dropped.
pub(crate) struct Watching {
    over: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Writes down who is there and was not before.
fn look(root: u32, mark: &[u8], known: &mut HashSet<(u32, Vec<u8>)>, seen: &Mutex<Vec<u8>>) {
    let own = fs::read(format!("/proc/{root}/cmdline")).unwrap_or_default();
    let ids = fs::read_dir("/proc").unwrap().flatten();
    let ids = ids.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    for id in ids.filter(|id| *id > root) {
        let Ok(arguments) = fs::read(format!("/proc/{id}/cmdline")) else {
            continue;
        };
        // a child that is not another program yet has all that its parent has
        if arguments == own || !known.insert((id, arguments.clone())) {
            continue;
        }
        let Ok(environment) = fs::read(format!("/proc/{id}/environ")) else {
            continue;
        };
        if environment.windows(mark.len()).any(|part| part == mark) {
            let mut seen = seen.lock().unwrap();
            seen.extend_from_slice(&arguments);
            seen.extend_from_slice(&environment);
        }
    }
}
