//! What this computer lacks to build the images and to boot them.

use super::run::Run;
use crate::machine::qemu;
use rustix::process::geteuid;
use std::fs;
use std::path::{Path, PathBuf};

/// Where Debian's own keys are: the packages are checked against them.
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Programs that building takes, and Debian's packages that bring them.
const PROGRAMS: [(&str, &str); 6] = [
    ("mmdebstrap", "mmdebstrap"),
    ("apt-get", "apt"),
    ("qemu-img", "qemu-utils"),
    ("gzip", "gzip"),
    ("sha256sum", "coreutils"),
    ("unshare", "util-linux"),
];

/// What is looked at, so that tests can look at something else.
struct Computer {
    path: Vec<PathBuf>,
    keyring: PathBuf,
    arch: &'static str,
    rights: Rights,
}

/// What this process may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rights {
    /// Everything.
    Root,
    /// User namespaces, with or without a range of ids to map.
    Namespaces { range: bool },
    /// Neither.
    None,
}

/// What is lacking, with the Debian package that brings each; empty when nothing is.
pub(super) async fn missing() -> Vec<String> {
    let mut path: Vec<PathBuf> = std::env::var_os("PATH")
        .map(|path| std::env::split_paths(&path).collect())
        .unwrap_or_default();
    path.extend(["/usr/sbin", "/sbin"].map(PathBuf::from));
    let mut list = of(&Computer {
        path,
        keyring: KEYRING.into(),
        arch: std::env::consts::ARCH,
        rights: rights().await,
    });
    for lacking in qemu::missing() {
        if !list.contains(&lacking) {
            list.push(lacking);
        }
    }
    list
}

fn of(computer: &Computer) -> Vec<String> {
    let there = |program: &str| {
        computer
            .path
            .iter()
            .any(|folder| folder.join(program).is_file())
    };
    let package = |what: &str, package: &str| format!("{what} (Debian's package {package})");
    let mut list = Vec::new();
    if computer.arch != "x86_64" {
        list.push(format!(
            "an x86_64 processor (this is {}): the guests are x86_64",
            computer.arch
        ));
    }
    for (program, bringer) in PROGRAMS {
        if !there(program) {
            list.push(package(program, bringer));
        }
    }
    if !computer.keyring.is_file() {
        list.push(package("Debian's keys", "debian-archive-keyring"));
    }
    match computer.rights {
        Rights::Root => {}
        Rights::Namespaces { range } => {
            if !there("newuidmap") {
                list.push(package("newuidmap", "uidmap"));
            }
            if !range {
                list.push(
                    "a range of user ids to map (usermod --add-subuids 100000-165535 \
                     --add-subgids 100000-165535 with your name)"
                        .to_owned(),
                );
            }
        }
        Rights::None => list.push(
            "root's rights or user namespaces (run it as root once, or allow \
             unprivileged user namespaces)"
                .to_owned(),
        ),
    }
    list
}

async fn rights() -> Rights {
    let id = geteuid();
    if id.is_root() {
        return Rights::Root;
    }
    // tried, not read from a setting: there are several, and not all are settings
    let tried = Run::output("unshare", &["--user", "--map-root-user", "true"]).await;
    if tried.is_none() {
        return Rights::None;
    }
    let user = std::env::var("USER").unwrap_or_default();
    let range = ["/etc/subuid", "/etc/subgid"]
        .iter()
        .all(|file| has_range(Path::new(file), &user, id.as_raw()));
    Rights::Namespaces { range }
}

/// Whether the file gives the user a range (`name:first:count`).
fn has_range(file: &Path, user: &str, id: u32) -> bool {
    let id = id.to_string();
    fs::read_to_string(file).is_ok_and(|text| {
        text.lines()
            .filter_map(|line| line.split(':').next())
            .any(|owner| owner == user || owner == id)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn computer(folder: &Path, rights: Rights) -> Computer {
        Computer {
            path: vec![folder.to_owned()],
            keyring: folder.join("keys"),
            arch: "x86_64",
            rights,
        }
    }

    #[test]
    fn everything_is_told_at_once() {
        let home = tempfile::tempdir().unwrap();
        let bare = computer(home.path(), Rights::None);
        let list = of(&bare).join("\n");
        for package in [
            "package mmdebstrap",
            "package qemu-utils",
            "package apt",
            "package gzip",
            "package debian-archive-keyring",
            "user namespaces",
        ] {
            assert!(list.contains(package), "{package}: {list}");
        }
        let other = Computer {
            arch: "aarch64",
            ..bare
        };
        assert!(of(&other).iter().any(|line| line.contains("aarch64")));
    }

    #[test]
    fn nothing_is_told_where_nothing_is_missing() {
        let home = tempfile::tempdir().unwrap();
        for (program, _) in PROGRAMS {
            fs::write(home.path().join(program), "").unwrap();
        }
        fs::write(home.path().join("keys"), "").unwrap();
        assert_eq!(of(&computer(home.path(), Rights::Root)), [""; 0]);

        let namespaces = |range| of(&computer(home.path(), Rights::Namespaces { range }));
        assert_eq!(namespaces(true), ["newuidmap (Debian's package uidmap)"]);
        assert_eq!(namespaces(false).len(), 2);
        fs::write(home.path().join("newuidmap"), "").unwrap();
        assert_eq!(namespaces(true), [""; 0]);
    }

    #[test]
    fn ranges_are_found_by_name_and_by_id() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("subuid");
        fs::write(&file, "ada:100000:65536\n1001:165536:65536\n").unwrap();
        assert!(has_range(&file, "ada", 7));
        assert!(has_range(&file, "bob", 1001));
        assert!(!has_range(&file, "bob", 100));
        assert!(!has_range(&home.path().join("none"), "ada", 7));
    }
}
