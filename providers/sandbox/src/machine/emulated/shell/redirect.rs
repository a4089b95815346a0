//! Where a command's output goes, and files that commands write.

use super::{Redirect, Shell};
use crate::machine::emulated::file::{File, What};
use crate::machine::emulated::inner::now;
use crate::machine::emulated::state::{Account, State};
use crate::machine::emulated::tree::Tree;

/// Where a stream goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sink {
    /// To the client, as this stream.
    Stream(u8),
    /// Nowhere.
    Null,
    /// Appended to this file.
    File(String),
}

impl Shell {
    /// Sets the streams of one command, from left to right.
    pub(super) fn redirect(&mut self, redirects: &[Redirect]) -> Result<(), String> {
        for redirect in redirects {
            match redirect {
                Redirect::Dup { fd, to } => {
                    self.sinks[usize::from(fd - 1)] = self.sinks[usize::from(to - 1)].clone();
                }
                Redirect::In(path) if path == "/dev/null" => self.given = Some(Vec::new()),
                Redirect::In(path) => {
                    let state = self.machine.state();
                    let tree = Tree::of(&self.machine.spec, &state, now());
                    self.given = Some(read(&tree, path, &self.who)?);
                }
                Redirect::Out { fd, path, .. } if path == "/dev/null" => {
                    self.sinks[usize::from(fd - 1)] = Sink::Null;
                }
                Redirect::Out { fd, path, append } => {
                    let mut state = self.machine.state();
                    let tree = Tree::of(&self.machine.spec, &state, now());
                    let writer = Writer {
                        tree: &tree,
                        who: &self.who,
                        umask: self.umask,
                    };
                    let real = writer.open(&mut state, path, !append)?;
                    self.sinks[usize::from(fd - 1)] = Sink::File(real);
                }
            }
        }
        Ok(())
    }

    /// Sends bytes where a stream goes.
    pub(super) fn emit(&mut self, fd: u8, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        match &self.sinks[usize::from(fd - 1)] {
            // a client that has gone hears nothing
            Sink::Stream(fd) => drop(self.output.send((*fd, bytes.to_vec()))),
            Sink::Null => {}
            Sink::File(path) => {
                let mut state = self.machine.state();
                append(&mut state, path, bytes);
            }
        }
    }
}

/// A file's contents, as this user may read them.
pub(super) fn read(tree: &Tree, path: &str, who: &Account) -> Result<Vec<u8>, String> {
    let file = tree
        .get(path)
        .ok_or_else(|| format!("{path}: No such file or directory"))?;
    match &file.what {
        What::Dir => Err(format!("{path}: Is a directory")),
        _ if !file.readable_by(who.uid) => Err(format!("{path}: Permission denied")),
        What::Data(bytes) => Ok(bytes.0.clone()),
        What::Char => Ok(Vec::new()),
        _ => Err(format!("{path}: sandbox: devices cannot be read")),
    }
}

/// Who writes, and what there is.
pub(super) struct Writer<'a> {
    pub(super) tree: &'a Tree,
    pub(super) who: &'a Account,
    pub(super) umask: u32,
}

impl Writer<'_> {
    /// The real path of something that this user may make or change.
    pub(super) fn may_write(&self, path: &str) -> Result<String, String> {
        if !path.starts_with('/') {
            return Err(format!("{path}: sandbox: paths to be written are absolute"));
        }
        let missing = || format!("{path}: No such file or directory");
        let real = self.tree.real(path).ok_or_else(missing)?;
        let parent = match real.rfind('/') {
            Some(0) | None => "/",
            Some(at) => &real[..at],
        };
        match self.tree.get(parent).map(|f| &f.what) {
            Some(What::Dir) => {}
            _ => return Err(missing()),
        }
        let kernel = ["/proc", "/sys", "/dev", "/nix"]
            .iter()
            .any(|top| real == *top || real.starts_with(&format!("{top}/")));
        if kernel {
            return Err(format!("{path}: Read-only file system"));
        }
        let home = self.who.home();
        let own = real.starts_with(&format!("{home}/")) || real.starts_with("/tmp/");
        if self.who.uid != 0 && !own {
            return Err(format!("{path}: Permission denied"));
        }
        Ok(real)
    }

    /// Opens a file to write: made if it is not there, emptied if so asked.
    pub(super) fn open(
        &self,
        state: &mut State,
        path: &str,
        empty: bool,
    ) -> Result<String, String> {
        let real = self.may_write(path)?;
        let old = self.tree.get(&real);
        if old.is_some_and(|f| f.contents().is_none()) {
            return Err(format!("{path}: Is a directory"));
        }
        let mut file = old
            .cloned()
            .unwrap_or_else(|| self.own(File::data("", 0o666 & !self.umask)));
        if empty {
            file.what = File::data("", 0).what;
        }
        insert(state, &real, file);
        Ok(real)
    }

    /// Makes a directory.
    pub(super) fn make_dir(&self, state: &mut State, real: &str) {
        let mut dir = File::dir();
        dir.mode = 0o777 & !self.umask;
        let dir = self.own(dir);
        insert(state, real, dir);
    }

    /// Changes the mode of a file that is there.
    pub(super) fn set_mode(&self, state: &mut State, path: &str, mode: u32) -> Result<(), String> {
        let real = self.may_write(path)?;
        let file = self.tree.get(&real).cloned();
        let mut file = file.ok_or_else(|| format!("{path}: No such file or directory"))?;
        if self.who.uid != 0 && self.who.uid != file.uid {
            return Err(format!("{path}: Operation not permitted"));
        }
        file.mode = mode;
        insert(state, &real, file);
        Ok(())
    }

    fn own(&self, mut file: File) -> File {
        (file.uid, file.gid) = (self.who.uid, self.who.uid);
        file
    }
}

fn insert(state: &mut State, real: &str, file: File) {
    if let Some(files) = state.files_mut() {
        files.insert(real.to_owned(), file);
    }
}

/// Adds bytes to a file that was opened.
pub(super) fn append(state: &mut State, real: &str, bytes: &[u8]) {
    let file = state.files_mut().and_then(|files| files.get_mut(real));
    if let Some(What::Data(data)) = file.map(|f| &mut f.what) {
        data.0.extend_from_slice(bytes);
    }
}
