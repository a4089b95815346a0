//! A flake of so many hosts, each a copy of the one for Hetzner Cloud.

use crate::shell::{self, How};
use crate::tree;
use std::fs;
use std::path::Path;
use std::process::Command;

const MODEL: &str = "hosts/servers/hetzner-cloud";
/// What belongs to the flake beside the hosts.
const PARTS: &[&str] = &["flake.nix", "flake.lock", "hosts", "nix"];

/// Makes it, and gives the hosts' names.
pub(super) fn make(folder: &Path, hosts: u32) -> Result<Vec<String>, String> {
    fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    for part in PARTS {
        let from = tree::root().join(part);
        if from.exists() {
            copy(&from, &folder.join(part))?;
        }
    }
    let servers = folder.join("hosts/servers");
    fs::remove_dir_all(&servers).map_err(|e| format!("{}: {e}", servers.display()))?;
    let names: Vec<String> = (1..=hosts).map(|n| format!("bench-{n:02}")).collect();
    for name in &names {
        let host = servers.join(name);
        copy(&tree::root().join(MODEL), &host)?;
        // what was found of another server is not this one's
        let facts = host.join("facts.json");
        if facts.exists() {
            fs::remove_file(&facts).map_err(|e| format!("{}: {e}", facts.display()))?;
        }
    }
    git(folder, &["init", "--quiet"])?;
    git(folder, &["add", "--all"])?;
    Ok(names)
}

fn git(folder: &Path, args: &[&str]) -> Result<(), String> {
    let mut git = Command::new("git");
    git.current_dir(folder).args(args);
    shell::run(&mut git, How::minutes(1))?.success("git")?;
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    let wrong = |e: std::io::Error| format!("{}: {e}", from.display());
    if !from.is_dir() {
        return fs::copy(from, to).map(|_| ()).map_err(wrong);
    }
    fs::create_dir_all(to).map_err(wrong)?;
    for entry in fs::read_dir(from).map_err(wrong)? {
        let entry = entry.map_err(wrong)?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_host_has_a_folder_and_git_knows_it() {
        let folder = tempfile::tempdir().unwrap();
        let names = make(folder.path(), 3).unwrap();
        assert_eq!(names, ["bench-01", "bench-02", "bench-03"]);
        for name in &names {
            let host = folder.path().join("hosts/servers").join(name);
            assert!(host.join("host.toml").exists());
            assert!(!host.join("facts.json").exists());
        }
        let mut git = Command::new("git");
        git.current_dir(folder.path()).args(["ls-files"]);
        let known = shell::run(&mut git, How::minutes(1).quiet())
            .unwrap()
            .stdout;
        assert!(known.contains("hosts/servers/bench-03/host.toml"));
        assert!(!known.contains("hosts/servers/hetzner-cloud"));
    }
}
