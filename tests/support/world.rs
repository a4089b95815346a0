//! A sandbox of a test's own, which records what it is asked and answers.

use super::openapi::{self, Exchange};
use provision_sandbox::{Access, Options, Sandbox};
use std::path::PathBuf;
use tempfile::TempDir;

/// An open sandbox in a folder that goes with it.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) folder: TempDir,
    sandbox: Sandbox,
}

impl World {
    /// An empty one, without latencies.
    pub(crate) async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            state_dir: folder.path().join("world"),
            record: Some(folder.path().join("record.jsonl")),
            ..Options::default()
        };
        let sandbox = Sandbox::open(options).await.unwrap();
        Self { folder, sandbox }
    }

    /// How clients reach it.
    pub(crate) fn access(&self) -> &Access {
        self.sandbox.access()
    }

    /// A file of the test's in its folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Ends it, and gives what was recorded.
    pub(crate) async fn close(self) -> Vec<Exchange> {
        self.sandbox.close().await.unwrap();
        openapi::read_record(&self.folder.path().join("record.jsonl"))
    }
}
