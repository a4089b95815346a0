//! The files that a running system shows: made anew from the machine's state for every command.

mod kernel;
mod mounted;
mod system;

pub(crate) use kernel::{PROCESSORS, memory_kib};

use super::devices::{self, Device};
use super::file::{File, What};
use super::state::State;
use crate::machine::Spec;
use std::collections::BTreeMap;

/// So many links are followed before a path counts as a loop.
const LINKS: usize = 40;

/// A tree of files.
#[derive(Debug)]
pub(crate) struct Tree {
    nodes: BTreeMap<String, File>,
    pub(crate) devices: Vec<Device>,
}

impl Tree {
    /// What the running system shows now.
    pub(crate) fn of(spec: &Spec, state: &State, now: i64) -> Self {
        let mut tree = Self {
            nodes: BTreeMap::from([("/".to_owned(), File::dir())]),
            devices: devices::devices(state),
        };
        if let Some(running) = &state.running {
            kernel::fill(&mut tree, spec, state, running, now);
            system::fill(&mut tree, state, running);
            mounted::fill(&mut tree, state, running, &spec.arch);
        }
        for (path, file) in state.files().into_iter().flatten() {
            tree.put(path, file.clone());
        }
        tree
    }

    /// Puts a file at a path, making the directories above it.
    fn put(&mut self, path: &str, file: File) {
        let mut end = 0;
        while let Some(next) = path[end + 1..].find('/') {
            end += next + 1;
            self.nodes
                .entry(path[..end].to_owned())
                .or_insert_with(File::dir);
        }
        self.nodes.insert(path.to_owned(), file);
    }

    /// Puts a text that everyone may read.
    fn text(&mut self, path: &str, contents: impl Into<Vec<u8>>) {
        self.put(path, File::data(contents, 0o644));
    }

    /// The real path of a path: absolute, all links followed. Its last part need not exist.
    pub(crate) fn real(&self, path: &str) -> Option<String> {
        self.walk(path, true)
    }

    /// Follows the links above the last part, and that one's too if so asked.
    fn walk(&self, path: &str, last_too: bool) -> Option<String> {
        let mut rest: Vec<String> = path.split('/').rev().map(str::to_owned).collect();
        let mut done = String::new();
        let mut followed = 0;
        while let Some(part) = rest.pop() {
            match part.as_str() {
                "" | "." => continue,
                ".." => {
                    done.truncate(done.rfind('/').unwrap_or(0));
                    continue;
                }
                _ => {}
            }
            let at = format!("{done}/{part}");
            let last = rest.iter().all(|p| p.is_empty() || p == ".");
            match self.nodes.get(&at).map(|f| &f.what) {
                Some(What::Link(target)) if last_too || !last => {
                    followed += 1;
                    if followed > LINKS {
                        return None;
                    }
                    if target.starts_with('/') {
                        done.clear();
                    }
                    rest.extend(target.split('/').rev().map(str::to_owned));
                }
                None if !last => return None,
                _ => done = at,
            }
        }
        Some(if done.is_empty() { "/".into() } else { done })
    }

    /// The file that a path leads to, links followed.
    pub(crate) fn get(&self, path: &str) -> Option<&File> {
        self.nodes.get(&self.real(path)?)
    }

    /// The file at a path itself, which may be a link.
    pub(crate) fn at(&self, path: &str) -> Option<&File> {
        self.nodes.get(&self.walk(path, false)?)
    }

    /// Names and files in a directory.
    pub(crate) fn list(&self, path: &str) -> Vec<(&str, &File)> {
        let Some(mut prefix) = self.real(path) else {
            return Vec::new();
        };
        if !prefix.ends_with('/') {
            prefix.push('/');
        }
        self.nodes
            .range(prefix.clone()..)
            .take_while(|(at, _)| at.starts_with(&prefix))
            .filter_map(|(at, file)| Some((at.strip_prefix(&prefix)?, file)))
            .filter(|(name, _)| !name.is_empty() && !name.contains('/'))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> Tree {
        let mut tree = Tree {
            nodes: BTreeMap::new(),
            devices: Vec::new(),
        };
        tree.put("/dev/sda", File::data("", 0o660));
        tree.put("/dev/disk/by-path/p0", File::link("../../sda"));
        tree.put("/a/loop", File::link("loop"));
        tree.put("/sw", File::link("/store/x"));
        tree.put("/store/x/bin", File::dir());
        tree
    }

    #[test]
    fn links_are_followed_and_loops_end() {
        let table: &[(&str, Option<&str>)] = &[
            ("/dev/disk/by-path/p0", Some("/dev/sda")),
            ("/dev//disk/./by-path/../by-path/p0", Some("/dev/sda")),
            ("/sw/bin", Some("/store/x/bin")),
            ("/sw", Some("/store/x")),
            ("/a/loop", None),
            ("/dev/sdz", Some("/dev/sdz")),
            ("/nowhere/at/all", None),
            ("/", Some("/")),
            ("/..", Some("/")),
        ];
        for (path, expected) in table {
            assert_eq!(tree().real(path).as_deref(), *expected, "{path}");
        }
    }

    #[test]
    fn directories_list_what_is_right_below_them() {
        let tree = tree();
        let names: Vec<_> = tree.list("/dev").iter().map(|(n, _)| *n).collect();
        assert_eq!(names, ["disk", "sda"]);
        assert_eq!(tree.list("/dev/disk/by-path").len(), 1);
        assert!(matches!(
            tree.at("/dev/disk/by-path/p0").unwrap().what,
            What::Link(_)
        ));
    }
}
