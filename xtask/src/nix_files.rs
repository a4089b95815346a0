//! The project's Nix files, and how they are formatted.

use crate::shell::{self, How};
use crate::tree;
use alejandra::format::{Status, in_memory};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// All that git knows or would add.
pub(crate) fn all() -> Result<Vec<PathBuf>, String> {
    let mut git = Command::new("git");
    git.current_dir(tree::root()).args([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
        "*.nix",
    ]);
    let names = shell::run(&mut git, How::minutes(1).quiet())?.success("git ls-files")?;
    let root = tree::root();
    Ok(names
        .split('\0')
        .filter(|name| !name.is_empty())
        .map(|name| root.join(name))
        // removed, and not committed yet
        .filter(|path| path.exists())
        .collect())
}

/// What the file looks like formatted; `None` when that is what it is.
pub(crate) fn formatted(path: &Path) -> Result<Option<String>, String> {
    let text = fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    match in_memory(path.display().to_string(), text) {
        (Status::Error(why), _) => Err(format!("{}: {why}", path.display())),
        (Status::Changed(false), _) => Ok(None),
        (Status::Changed(true), after) => Ok(Some(after)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_and_refuses() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.nix");
        for (text, expected) in [
            ("{a=1;}", Ok(Some("{a = 1;}\n"))),
            ("{a = 1;}\n", Ok(None)),
            ("{ a = ", Err(())),
        ] {
            fs::write(&file, text).unwrap();
            let got = formatted(&file);
            assert_eq!(
                got.as_ref().map(Option::as_deref).map_err(|_| ()),
                expected,
                "{text:?}"
            );
        }
    }
}
