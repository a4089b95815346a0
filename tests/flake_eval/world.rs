//! A flake to spoil, and a Nix that keeps to itself.

use provision::facts::Facts;
use provision::flake::{
    BuildError, Built, DiskoScript, EvalError, Flake, Limits, Nix, build, evaluate,
};
use provision::gate::Wanted;
use provision::host::Host;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

pub(crate) const DISK: &str = "/dev/disk/by-path/pci-0000:06:00.0-scsi-0:0:0:0";

/// A copy of the fixture flake, and a Nix that keeps everything it makes beside it.
pub(crate) struct World {
    folder: TempDir,
    name: &'static str,
    pub(crate) nix: Nix,
}

impl World {
    /// None, and says so, where there is no Nix.
    pub(crate) async fn new() -> Option<Self> {
        Self::below("my flake").await
    }

    pub(crate) async fn below(name: &'static str) -> Option<Self> {
        let Some(real) = Nix::find().await else {
            println!("skipped: nix is not on PATH (Debian: apt-get install nix-bin)");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let plain = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/flakes/plain");
        let world = Self {
            nix: Nix::at(&wrapper(folder.path(), &real)).await.unwrap(),
            folder,
            name,
        };
        Flake::open(&plain).unwrap().copy_to(&world.root()).unwrap();
        Some(world)
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join(self.name)
    }

    pub(crate) fn flake(&self) -> Flake {
        Flake::open(&self.root()).unwrap()
    }

    pub(crate) fn host(&self, name: &str) -> Host {
        self.flake().host(&name.parse().unwrap()).unwrap()
    }

    pub(crate) fn read(&self, file: &str) -> String {
        fs::read_to_string(self.root().join(file)).unwrap()
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        fs::write(self.root().join(file), text).unwrap();
    }

    pub(crate) async fn build(
        &self,
        script: DiskoScript,
        on_line: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Built, BuildError> {
        let (flake, host) = (self.flake(), self.host("web-1"));
        let limits = limits(Duration::from_secs(120));
        build(Some(&self.nix), &flake, &host, script, &limits, on_line).await
    }

    pub(crate) async fn evaluate(&self, name: &str) -> Result<Wanted, EvalError> {
        let limits = limits(Duration::from_secs(120));
        evaluate(Some(&self.nix), &self.flake(), &self.host(name), &limits).await
    }
}

/// A `nix` that leaves the machine's own store and settings alone.
fn wrapper(folder: &Path, real: &Nix) -> PathBuf {
    let file = folder.join("nix");
    let own = folder.join("own").display().to_string();
    let script = format!(
        "#!/bin/sh\n\
         export HOME={own}/home XDG_CACHE_HOME={own}/cache NIX_REMOTE=local\n\
         export NIX_STORE_DIR={own}/store NIX_STATE_DIR={own}/state NIX_LOG_DIR={own}/log\n\
         export NIX_CONF_DIR={own}/conf NIX_LOCALSTATE_DIR={own}/var\n\
         export NIX_CONFIG='substituters =\nsandbox = false\nbuild-users-group =\n'\n\
         mkdir -p {own}/home\n\
         exec {} \"$@\"\n",
        real.program.display()
    );
    let draft = folder.join("nix.draft");
    fs::write(&draft, script).unwrap();
    // a child of another test may hold what we have written open: then it cannot be run
    let copied = Command::new("install").arg(&draft).arg(&file).status();
    assert!(copied.unwrap().success());
    file
}

pub(crate) fn limits(within: Duration) -> Limits {
    Limits {
        within,
        cancel: CancellationToken::new(),
    }
}

pub(crate) fn facts(layout: &str) -> Facts {
    serde_json::from_value(serde_json::json!({
        "schema": 1, "server_id": "1", "arch": "x86_64", "firmware": "bios", "layout": layout,
        "boot_disk": DISK,
        "network": { "dhcp4": true, "addresses": [], "gateways": [] },
    }))
    .unwrap()
}
