//! A session with the built program.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The built program, on a sandbox and a flake of its own, with every exchange recorded.
pub(crate) struct Session {
    folder: tempfile::TempDir,
}

impl Session {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let flake = folder.path().join("flake");
        copy(&root.join("hosts"), &flake.join("hosts"));
        for file in ["flake.nix", "flake.lock"] {
            copy(&root.join(file), &flake.join(file));
        }
        let servers = flake.join("hosts/servers");
        copy(&servers.join("hetzner-cloud"), &servers.join("web-2"));
        Self { folder }
    }

    pub(crate) fn record(&self) -> PathBuf {
        self.folder.path().join("record.jsonl")
    }

    pub(crate) fn run(&self, line: &str) {
        let folder = self.folder.path();
        let output = Command::new(env!("CARGO_BIN_EXE_provision"))
            .arg("--sandbox")
            .args(line.split(' '))
            .args(["--provider", "hetzner"])
            .arg("--flake")
            .arg(folder.join("flake"))
            .arg("--state-dir")
            .arg(folder.join("state"))
            .env("HOME", folder)
            .env("PROVISION_SANDBOX_RECORD", self.record())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{line}: {}\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        std::fs::copy(from, to).unwrap();
    }
}
