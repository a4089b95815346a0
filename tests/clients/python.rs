//! The vendor's own Python client, driven by `python_client.py`.

use crate::child;
use crate::seen::{IMAGE, KEY_NAME, LABEL, LOCATION, SERVER_NAME, SERVER_TYPE, Seen, public_key};
use crate::support::world::World;
use serde_json::json;
use std::path::{Path, PathBuf};

/// The Python that `cargo xtask test` has made, if it has.
pub(crate) fn find() -> Option<PathBuf> {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/python/bin/python");
    python.exists().then_some(python)
}

/// The whole session: the script tells what it has seen as JSON.
pub(crate) async fn session(program: &Path, world: &World) -> Seen {
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/clients/python_client.py"
    );
    let wanted = json!({
        "public_key": public_key(),
        "key_name": KEY_NAME,
        "server_name": SERVER_NAME,
        "server_type": SERVER_TYPE,
        "image": IMAGE,
        "location": LOCATION,
        "labels": { LABEL.0: LABEL.1 },
    });
    let mut command = child::command(program, world);
    command.arg("-I").arg(script).arg(wanted.to_string());
    let said = child::output(&mut command).await;
    serde_json::from_str(&said).unwrap_or_else(|e| panic!("{e}: {said}"))
}
