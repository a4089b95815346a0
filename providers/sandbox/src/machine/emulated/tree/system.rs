//! `/etc`, homes, and what NixOS adds.

use super::Tree;
use crate::machine::emulated::disk::Disk;
use crate::machine::emulated::file::File;
use crate::machine::emulated::state::{Kind, Running, State};

pub(super) fn fill(tree: &mut Tree, state: &State, running: &Running) {
    tree.text("/etc/os-release", running.kind.os_release());
    tree.text("/etc/hostname", format!("{}\n", running.hostname));
    for dir in ["/tmp", "/var/log", "/run", "/mnt", "/boot", "/usr/bin"] {
        tree.put(dir, File::dir());
    }
    for account in &running.accounts {
        let home = account.home();
        let mut dir = File::dir();
        (dir.mode, dir.uid, dir.gid) = (0o700, account.uid, account.uid);
        tree.put(&home, dir);
        // NixOS from a disk keeps login keys outside homes
        let path = match running.kind {
            Kind::Installed { .. } => format!("/etc/ssh/authorized_keys.d/{}", account.name),
            _ => format!("{home}/.ssh/authorized_keys"),
        };
        if !account.keys.is_empty() {
            let mut file = File::data(account.key_lines().join("\n") + "\n", 0o600);
            (file.uid, file.gid) = (account.uid, account.uid);
            tree.put(&path, file);
        }
    }
    passwd(tree, running);
    if running.kind.is_nixos() {
        tree.text("/etc/NIXOS", "");
    }
    if let Kind::Installed { system, profile } = &running.kind {
        nixos(tree, system, profile, &running.hostname);
    }
    mnt(tree, state, running);
}

fn passwd(tree: &mut Tree, running: &Running) {
    let lines: String = running
        .accounts
        .iter()
        .map(|a| {
            let (uid, home) = (a.uid, a.home());
            format!("{}:x:{uid}:{uid}::{home}:/bin/sh\n", a.name)
        })
        .collect();
    tree.text("/etc/passwd", lines);
}

fn nixos(tree: &mut Tree, system: &str, profile: &str, hostname: &str) {
    for path in [system, profile] {
        tree.text(&format!("{path}/nixos-version"), "25.11\n");
        tree.text(&format!("{path}/etc/hostname"), format!("{hostname}\n"));
        tree.put(&format!("{path}/sw/bin"), File::dir());
        tree.put(&format!("{path}/init"), File::data("", 0o555));
    }
    tree.put("/run/current-system", File::link(system));
    tree.put("/run/booted-system", File::link(system));
    tree.put("/nix/var/nix/profiles/system", File::link("system-1-link"));
    tree.put("/nix/var/nix/profiles/system-1-link", File::link(profile));
}

/// What an installer has mounted below `/mnt`.
fn mnt(tree: &mut Tree, state: &State, running: &Running) {
    for mount in &running.mounts {
        if let Some(at) = mount.at.strip_prefix("/mnt") {
            tree.put(&mount.at, File::dir());
            let disk = state.disks.iter().find(|d| d.serial == mount.serial);
            if at.is_empty() {
                installed_files(tree, disk);
            }
        }
    }
}

fn installed_files(tree: &mut Tree, disk: Option<&Disk>) {
    let Some(contents) = disk.and_then(|d| d.contents.as_ref()) else {
        return;
    };
    tree.text("/mnt/etc/NIXOS", "");
    for (path, file) in &contents.files {
        tree.put(&format!("/mnt{path}"), file.clone());
    }
}
