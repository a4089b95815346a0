//! A session with the built program.

use crate::support::openapi::{self, Exchange};
use std::path::Path;
use std::process::{Command, Stdio};

/// The built program, on a sandbox and a flake of its own, with every exchange recorded.
pub(crate) struct Session {
    folder: tempfile::TempDir,
    provider: &'static str,
}

impl Session {
    /// With this provider; the flake's host `web-2` is a copy of this one.
    pub(crate) fn new(provider: &'static str, host: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let flake = folder.path().join("flake");
        copy(&root.join("hosts"), &flake.join("hosts"));
        for file in ["flake.nix", "flake.lock"] {
            copy(&root.join(file), &flake.join(file));
        }
        let servers = flake.join("hosts/servers");
        copy(&servers.join(host), &servers.join("web-2"));
        Self { folder, provider }
    }

    /// Writes what is wanted of a host.
    pub(crate) fn want(&self, host: &str, toml: &str) {
        let folder = self.folder.path().join("flake/hosts/servers").join(host);
        std::fs::write(folder.join("host.toml"), toml).unwrap();
    }

    /// Runs the program, which has to end with success.
    pub(crate) fn run(&self, line: &str) {
        self.ends(line, 0);
    }

    /// Runs the program, which has to end with this code.
    pub(crate) fn ends(&self, line: &str, code: i32) {
        let folder = self.folder.path();
        let output = Command::new(env!("CARGO_BIN_EXE_provision"))
            .arg("--sandbox")
            .args(line.split(' '))
            .args(["--provider", self.provider])
            .arg("--flake")
            .arg(folder.join("flake"))
            .arg("--state-dir")
            .arg(folder.join("state"))
            .env("HOME", folder)
            .env("PROVISION_SANDBOX_RECORD", folder.join("record.jsonl"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert_eq!(
            output.status.code(),
            Some(code),
            "{line}: {}\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// What was said, among which has to be each of these: a method, and the route's end.
    pub(crate) fn exchanges(&self, among: &[(&str, &str)]) -> Vec<Exchange> {
        let exchanges = openapi::read_record(&self.folder.path().join("record.jsonl"));
        for (method, end) in among {
            assert!(
                exchanges
                    .iter()
                    .any(|e| e.method == *method && e.path.ends_with(end)),
                "no {method} …{end} among {} exchanges",
                exchanges.len()
            );
        }
        exchanges
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
