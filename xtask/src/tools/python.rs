//! The Python tools: the vendors' clients, which the tests use, and `typos`, whose wheel is the
//! program itself. They live in a virtual environment under `target/`.

use crate::shell::{self, How};
use crate::tree;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What is installed, pinned.
const REQUIREMENTS: &str = include_str!("../../requirements.txt");

/// Where its programs are.
pub(crate) fn bin() -> PathBuf {
    home().join("bin")
}

fn home() -> PathBuf {
    tree::tools().join("python")
}

/// Whether the system's Python makes virtual environments, or at least has a pip that fills
/// one: Debian leaves `ensurepip` to a package of its own.
pub(crate) fn can_make_venv() -> bool {
    can_import("venv") && (can_import("ensurepip") || can_import("pip"))
}

fn can_import(module: &str) -> bool {
    let Some(python) = system() else { return false };
    Command::new(python)
        .args(["-c", &format!("import {module}")])
        .output()
        .is_ok_and(|out| out.status.success())
}

/// The Python outside of our own environment.
fn system() -> Option<PathBuf> {
    let ours = bin();
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .filter(|dir| *dir != ours)
        .map(|dir| dir.join("python3"))
        .find(|path| super::is_program(path))
}

/// Makes sure that the environment is what the requirements say.
pub(crate) fn ensure() -> Result<String, String> {
    let home = home();
    let stamp = home.join("requirements.txt");
    let works = Command::new(bin().join("python"))
        .args(["-c", "import hcloud, ovh"])
        .output()
        .is_ok_and(|out| out.status.success());
    if works && fs::read_to_string(&stamp).is_ok_and(|text| text == REQUIREMENTS) {
        return Ok("all there".to_owned());
    }
    if home.exists() {
        fs::remove_dir_all(&home).map_err(|e| format!("{}: {e}", home.display()))?;
    }
    make(&home)?;
    fs::write(&stamp, REQUIREMENTS).map_err(|e| format!("{}: {e}", stamp.display()))?;
    let count = REQUIREMENTS
        .lines()
        .filter(|line| line.contains("=="))
        .count();
    Ok(format!("installed {count} packages"))
}

fn make(home: &Path) -> Result<(), String> {
    let python = system().ok_or("there is no python3 on the PATH")?;
    let own_pip = can_import("ensurepip");
    let mut venv = Command::new(&python);
    venv.args(["-m", "venv"]).arg(home);
    if !own_pip {
        venv.arg("--without-pip");
    }
    shell::run(&mut venv, How::minutes(3))?.success("python3 -m venv")?;

    let inside = home.join("bin/python");
    let mut pip = if own_pip {
        let mut pip = Command::new(&inside);
        pip.args(["-m", "pip"]);
        pip
    } else {
        // the system's pip fills an environment that has none
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "--python"]).arg(&inside);
        pip
    };
    pip.args([
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
    ])
    .args(["--only-binary", ":all:", "--requirement"])
    .arg(tree::root().join("xtask/requirements.txt"));
    shell::run(&mut pip, How::minutes(10))?.success("pip install")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_requirement_is_pinned() {
        let lines: Vec<_> = REQUIREMENTS
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .collect();
        for client in ["hcloud==", "ovh=="] {
            assert!(
                lines.iter().any(|line| line.starts_with(client)),
                "{client}"
            );
        }
        for line in lines {
            assert!(line.contains("=="), "{line}");
        }
    }
}
