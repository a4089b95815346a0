//! A world from its folder: made, or brought back with all its machines.

use super::document::{Document, Network, SCHEMA};
use super::{State, World, kind};
use crate::error::SandboxError;
use crate::files;
use crate::machine::{Broken, Machine, Maker};
use crate::options::Options;
use crate::settings::{Settings, merged};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio::sync::{Mutex, Notify};

/// Below the ports that the system gives out by itself, or a machine could find its port taken.
const PORTS: (u16, u16) = (20_000, 32_000);
const TRIES: u32 = 200;

impl World {
    /// Opens the world of the folder, whose lock the caller holds, with machines of its kind, or
    /// of that of the given maker.
    pub(crate) async fn open(
        options: &Options,
        maker: Option<Arc<dyn Maker>>,
    ) -> Result<Self, SandboxError> {
        let folder = options.state_dir.clone();
        files::sweep(&folder)?;
        let document = read_document(options)?;
        let maker = match maker {
            Some(maker) => maker,
            None => kind::maker(options, &document).await,
        };
        let mut machines = BTreeMap::new();
        for (id, snapshot) in &document.machines {
            machines.insert(id.clone(), restored(&maker, id, snapshot).await);
        }
        let world = Self {
            folder,
            maker,
            state: Mutex::new(State {
                document,
                machines,
                kept: Vec::new(),
            }),
            changed: Notify::new(),
            sealed: AtomicBool::new(false),
        };
        world.hold().await?.keep().await?;
        Ok(world)
    }
}

/// The machine as it was; one that cannot be brought back is off, and must not close the world to
/// the others, nor to its own deletion.
async fn restored(maker: &Arc<dyn Maker>, id: &str, snapshot: &Value) -> Arc<dyn Machine> {
    match maker.restore(snapshot.clone()).await {
        Ok(machine) => machine,
        Err(error) => {
            tracing::warn!(
                machine = id,
                "a machine cannot be brought back and counts as off: {}; mend that and open the \
                 sandbox again, or delete the server",
                error.message
            );
            let maker = Arc::clone(maker);
            Arc::new(Broken::new(id, snapshot.clone(), &error, maker))
        }
    }
}

fn read_document(options: &Options) -> Result<Document, SandboxError> {
    let path = options.state_dir.join("world.json");
    let mut document = match std::fs::read(&path) {
        Ok(content) => parse(&path, &content)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let network = Network::random();
            Document::new(
                Settings::default(),
                free_port(network)?,
                network,
                Timestamp::now(),
            )
        }
        Err(error) => return Err(SandboxError::file("cannot read", path)(error)),
    };
    if let Some(file) = &options.world {
        let settings = read_settings(file, &document.settings)?;
        document.take_settings(settings);
    }
    if let Some(latency) = options.latency {
        document.settings.latency = latency;
    }
    kind::settle(options, &mut document)?;
    Ok(document)
}

fn parse(path: &Path, content: &[u8]) -> Result<Document, SandboxError> {
    #[derive(serde::Deserialize)]
    struct Version {
        schema: u32,
    }
    let wrong = |message: String| SandboxError::Malformed {
        path: path.to_owned(),
        message: format!(
            "{message}; run provision sandbox stop, so that no machine goes on, then remove the \
             folder to begin with an empty world"
        ),
    };
    let version: Version =
        serde_json::from_slice(content).map_err(|error| wrong(error.to_string()))?;
    if version.schema != SCHEMA {
        return Err(wrong(format!(
            "it has form {}, and this program knows form {SCHEMA}",
            version.schema
        )));
    }
    serde_json::from_slice(content).map_err(|error| wrong(error.to_string()))
}

fn read_settings(path: &Path, settings: &Settings) -> Result<Settings, SandboxError> {
    let text = std::fs::read(path).map_err(SandboxError::file("cannot read", path))?;
    let wrong = |message: String| SandboxError::Malformed {
        path: path.to_owned(),
        message,
    };
    let file = serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))?;
    merged(settings, &file).map_err(wrong)
}

/// A port that nobody listens on at the world's addresses, drawn by lot.
fn free_port(network: Network) -> Result<u16, SandboxError> {
    for _ in 0..TRIES {
        let port = fastrand::u16(PORTS.0..PORTS.1);
        // one that listens on all addresses would be in the way too, and shows here
        if TcpListener::bind((network.address(1), port)).is_ok() {
            return Ok(port);
        }
    }
    Err(SandboxError::NoPort(PORTS.0, PORTS.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_world_of_another_form_is_refused_with_the_mend() {
        for (content, word) in [
            (&b"{\"schema\":99}"[..], "form 99"),
            (b"{\"schema\":1}", "missing field"),
            (b"not json", "expected"),
        ] {
            let Err(error) = parse(Path::new("/w/world.json"), content) else {
                panic!("accepted");
            };
            let error = error.to_string();
            assert!(
                error.contains(word)
                    && error.contains("sandbox stop")
                    && error.contains("remove the folder"),
                "{error}"
            );
        }
    }

    #[test]
    fn a_wrong_settings_file_is_named() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("world-settings.json");
        for content in ["{\"quota\":1}", "{", "7"] {
            std::fs::write(&file, content).unwrap();
            let error = read_settings(&file, &Settings::default())
                .unwrap_err()
                .to_string();
            assert!(error.contains("world-settings.json"), "{error}");
        }
        let error = read_settings(&home.path().join("none"), &Settings::default()).unwrap_err();
        assert!(matches!(error, SandboxError::File { .. }));
    }
}
