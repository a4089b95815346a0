//! OVH's own Python client: sessions with the sandbox, driven by `client.py`, and the signatures
//! that it makes, by `signatures.py`.

pub(crate) mod expected;

use crate::child;
use crate::support::world::World;
use serde_json::{Value, json};
use std::path::Path;
use tokio::process::Command;

/// How the client logs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Login {
    /// By an application, its secret and a consumer key.
    Signature,
    /// By a service account.
    OAuth2,
}

impl Login {
    fn word(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::OAuth2 => "oauth2",
        }
    }
}

/// A session; the script tells what it has seen as JSON.
pub(crate) async fn session(
    python: &Path,
    world: &World,
    name: &str,
    login: Login,
    wanted: Value,
) -> Value {
    let access = world.access();
    let told = json!({
        "session": name,
        "login": login.word(),
        "wanted": wanted,
        "access": {
            "endpoint": access.endpoint_ovh,
            "token_url": access.ovh_token_url,
            "application_key": access.ovh_application_key,
            "application_secret": access.ovh_application_secret,
            "consumer_key": access.ovh_consumer_key,
            "client_id": access.ovh_client_id,
            "client_secret": access.ovh_client_secret,
        },
    });
    run(python, world.folder.path(), "client.py", &told).await
}

/// What the client signs these requests with.
pub(crate) async fn signatures(python: &Path, cases: &Value) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let said = run(python, folder.path(), "signatures.py", cases).await;
    serde_json::from_value(said).unwrap()
}

/// Secrets go in by stdin: what stands in the arguments or the environment, others can read.
async fn run(python: &Path, folder: &Path, script: &str, told: &Value) -> Value {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/ovh");
    let mut command = Command::new(python);
    command
        .args(["-E", "-s", "-B"])
        .arg(scripts.join(script))
        .env_clear()
        .env("HOME", folder)
        // the sandbox speaks plain HTTP on loopback
        .env("OAUTHLIB_INSECURE_TRANSPORT", "1")
        .current_dir(folder);
    let said = child::answer(&mut command, &told.to_string()).await;
    serde_json::from_str(&said).unwrap_or_else(|e| panic!("{e}: {said}"))
}
