//! How the embedded cloud is opened.

use crate::cli::Machines;
use crate::event::Teller;
use crate::failure::{Exit, Failure, Outcome};
use crate::images;
use provision_sandbox::images::Images;
use provision_sandbox::machine::qemu;
use provision_sandbox::{Latency, Options, Sandbox, SandboxError};
use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;

/// How long things take in the sandbox.
const LATENCY: &str = "PROVISION_SANDBOX_LATENCY";

/// How the sandbox of this state folder is opened by a command that is not `sandbox` itself.
pub fn options(root: &Path) -> Outcome<Options> {
    let latency = match std::env::var(LATENCY) {
        Ok(text) => Some(latency(&text).map_err(|e| {
            Failure::new(Exit::Usage, format!("{LATENCY} is not understood"), e)
                .mend("off, realistic, or a factor of realistic like 0.1")
        })?),
        Err(_) => None,
    };
    Ok(Options {
        latency,
        world: std::env::var_os("PROVISION_SANDBOX_WORLD").map(PathBuf::from),
        record: std::env::var_os("PROVISION_SANDBOX_RECORD").map(PathBuf::from),
        state_dir: root.join("world"),
        ..Options::default()
    })
}

/// `off`, `realistic`, or a factor of realistic.
pub fn latency(text: &str) -> Result<Latency, String> {
    match text {
        "off" => Ok(Latency::OFF),
        "realistic" => Ok(Latency::realistic()),
        factor => match factor.parse() {
            Ok(factor) if (0.0..=1000.0).contains(&factor) => {
                Ok(Latency::realistic().scaled(factor))
            }
            _ => Err(format!(
                "{factor:?} is neither off, realistic nor a factor of it"
            )),
        },
    }
}

/// What real machines boot: built when such machines are asked for and it is missing.
pub async fn images(
    machines: Option<Machines>,
    teller: &Teller,
    cancel: &CancellationToken,
) -> Outcome<Option<Images>> {
    if machines != Some(Machines::Qemu) {
        return Ok(images::find());
    }
    let missing = qemu::missing();
    if !missing.is_empty() {
        return Err(Failure::new(
            Exit::Tool,
            "real machines cannot run here",
            format!("this computer lacks {}", missing.join(", ")),
        )
        .mend("install that; nothing was created"));
    }
    images::ensure(teller, cancel).await.map(Some)
}

/// Starts the kept world, or joins a running one.
pub async fn open(options: Options) -> Outcome<Sandbox> {
    Sandbox::open(options).await.map_err(|e| failure(&e))
}

/// What the sandbox could not do.
pub fn failure(error: &SandboxError) -> Failure {
    Failure::new(Exit::Other, "the sandbox does not work", error)
}
