//! A sandbox of a test's own, which records what it is asked and answers.

use super::openapi::{self, Exchange};
use provision_sandbox::{Access, Options, Sandbox};
use serde_json::{Map, Value};
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
        Self::with(&Value::Object(Map::new())).await
    }

    /// The same, with these settings.
    pub(crate) async fn with(settings: &Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("settings.json");
        std::fs::write(&file, settings.to_string()).unwrap();
        let options = Options {
            state_dir: folder.path().join("world"),
            world: Some(file),
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
