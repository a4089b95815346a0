//! The flake: its hosts, the admins' keys, a copy to work on, and what Nix makes of it.

mod build;
mod copy;
mod eval;
mod git;
mod keys;
mod nix;
mod path;
mod run;
#[cfg(any(test, feature = "fuzz"))]
pub(crate) mod untrusted;

pub use build::{BuildError, Built, DiskoScript, build};
pub use copy::{CopyError, MOST_BYTES, MOST_FILES};
pub use eval::{EvalError, evaluate};
pub use git::GitError;
pub use keys::{AdminKey, AdminKeys, KeysError, is_fixture};
pub use nix::Nix;
pub use path::system_path;
pub use run::Limits;

use crate::facts::{Facts, FactsError};
use crate::host::{Host, HostError};
use provision_api::HostName;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A folder with a `flake.nix` and hosts in `hosts/servers`.
#[derive(Debug, Clone)]
pub struct Flake {
    root: PathBuf,
    git: Option<git::Git>,
}

/// Why a flake cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FlakeError {
    /// There is no flake.
    #[error(
        "{} has no flake.nix: go to the folder of your flake, or name it with --flake", .0.display()
    )]
    NotAFlake(PathBuf),
    /// There is a flake, but no host in it.
    #[error(
        "{} has no hosts: each is a folder hosts/servers/<name> with a host.toml in it", .0.display()
    )]
    NoHosts(PathBuf),
    /// There are hosts, but not this one.
    #[error("there is no host {name}: the flake has {}", known(.hosts))]
    NoSuchHost {
        /// The one that was asked for.
        name: HostName,
        /// The ones there are.
        hosts: Vec<HostName>,
    },
    /// A folder's name cannot be a host's.
    #[error("{}: {why}; rename the folder", folder.display())]
    BadName {
        /// The folder.
        folder: PathBuf,
        /// What is wrong with its name.
        why: provision_api::NameError,
    },
    /// A host's files are wrong.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The facts cannot be written.
    #[error(transparent)]
    Facts(#[from] FactsError),
    /// git does not do what it has to.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The folder cannot be read.
    #[error("cannot read {}: {why}", path.display())]
    Io {
        /// What was to be read.
        path: PathBuf,
        /// What the system says.
        why: io::Error,
    },
}

fn known(hosts: &[HostName]) -> String {
    let names: Vec<&str> = hosts.iter().map(HostName::as_str).collect();
    names.join(", ")
}

impl Flake {
    /// Looks at the folder; it must have a `flake.nix` and at least one host.
    pub fn open(folder: &Path) -> Result<Self, FlakeError> {
        let root = fs::canonicalize(folder).map_err(|why| FlakeError::Io {
            path: folder.to_owned(),
            why,
        })?;
        if !root.join("flake.nix").is_file() {
            return Err(FlakeError::NotAFlake(root));
        }
        let git = git::Git::around(&root);
        let flake = Self { root, git };
        if flake.host_names()?.is_empty() {
            return Err(FlakeError::NoHosts(flake.root));
        }
        Ok(flake)
    }

    /// A folder with a `flake.nix` that was just written, and has no hosts in folders.
    pub fn generated(folder: &Path) -> Self {
        Self {
            root: folder.to_owned(),
            git: None,
        }
    }

    /// The folder, absolute.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The flake as Nix names it, from anywhere. Nix sees only what git tracks, where git
    /// tracks the flake.
    pub fn reference(&self) -> String {
        match self.tracked() {
            Some(git) => git.reference(&self.root),
            None => format!("path:{}", git::url_path(&self.root)),
        }
    }

    /// The same from within the folder: old versions of Nix cannot read a path with a blank in
    /// it, however it is written.
    fn reference_here(&self) -> &'static str {
        if self.tracked().is_some() {
            "."
        } else {
            "path:."
        }
    }

    fn tracked(&self) -> Option<&git::Git> {
        self.git.as_ref().filter(|git| git.tracks)
    }

    /// The hosts' names, sorted.
    pub fn host_names(&self) -> Result<Vec<HostName>, FlakeError> {
        let servers = self.root.join("hosts/servers");
        let io = |why| FlakeError::Io {
            path: servers.clone(),
            why,
        };
        let entries = match fs::read_dir(&servers) {
            Ok(entries) => entries,
            Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(why) => return Err(io(why)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let folder = entry.map_err(io)?.path();
            if folder.join(Host::SPEC).is_file() {
                names.push(host_name(&folder)?);
            }
        }
        names.sort();
        Ok(names)
    }

    /// All hosts, sorted by name; one whose files are wrong is an error.
    pub fn hosts(&self) -> Result<Vec<Host>, FlakeError> {
        let names = self.host_names()?;
        names.into_iter().map(|name| self.read(name)).collect()
    }

    /// One host; the others' files are not looked at.
    pub fn host(&self, name: &HostName) -> Result<Host, FlakeError> {
        let hosts = self.host_names()?;
        if hosts.contains(name) {
            return self.read(name.clone());
        }
        Err(FlakeError::NoSuchHost {
            name: name.clone(),
            hosts,
        })
    }

    /// Writes `facts.json` of a host, and makes git, if there is git, show it to Nix.
    /// Answers whether it was another before.
    pub fn write_facts(&self, host: &HostName, facts: &Facts) -> Result<bool, FlakeError> {
        let file = self.folder(host).join(Host::FACTS);
        let changed = facts.write(&file)?;
        if let Some(git) = self.tracked() {
            git.show(&file)?;
        }
        Ok(changed)
    }

    /// Files of the host that git does not track, so that Nix does not see them.
    pub fn unseen(&self, host: &HostName) -> Result<Vec<PathBuf>, FlakeError> {
        match self.tracked() {
            Some(_) => Ok(git::Git::untracked(&self.folder(host))?),
            None => Ok(Vec::new()),
        }
    }

    fn folder(&self, name: &HostName) -> PathBuf {
        self.root.join("hosts/servers").join(name.as_str())
    }

    fn read(&self, name: HostName) -> Result<Host, FlakeError> {
        let folder = self.folder(&name);
        Ok(Host::read(name, &folder)?)
    }
}

fn host_name(folder: &Path) -> Result<HostName, FlakeError> {
    let name = folder.file_name().unwrap_or_default();
    name.to_string_lossy()
        .parse()
        .map_err(|why| FlakeError::BadName {
            folder: folder.to_owned(),
            why,
        })
}

#[cfg(test)]
mod tests;
