//! What the checks and tests need beside Rust, each kind from where it comes from.

pub(crate) mod cargo;
pub(crate) mod debian;
pub(crate) mod nix;
pub(crate) mod python;

use crate::tree;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where a program is found: among our own tools, then on the PATH.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    folders()
        .map(|dir| dir.join(program))
        .find(|path| is_program(path))
}

/// The PATH with our own tools in front.
pub(crate) fn path() -> OsString {
    // a folder with a colon in its name cannot be on a PATH; then it is as it was
    std::env::join_paths(folders()).unwrap_or_else(|_| std::env::var_os("PATH").unwrap_or_default())
}

/// The program under this name with our own tools on its PATH, in the work tree's root.
pub(crate) fn command(program: &str) -> Command {
    let found = find(program).unwrap_or_else(|| PathBuf::from(program));
    let mut command = Command::new(found);
    command.current_dir(tree::root()).env("PATH", path());
    command
}

fn folders() -> impl Iterator<Item = PathBuf> {
    let own = [tree::tools().join("bin"), python::bin()];
    let path = std::env::var_os("PATH").unwrap_or_default();
    let rest: Vec<PathBuf> = std::env::split_paths(&path).collect();
    own.into_iter().chain(rest)
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata()
        .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}
