//! Where a host's system would lie in the store, without building it.

use super::Flake;
use super::eval::{self, EvalError};
use super::nix::Nix;
use super::run::{self, Limits};
use crate::host::Host;

/// The path of the system's closure, as a machine that builds by itself has to come to it.
pub async fn system_path(
    nix: Option<&Nix>,
    flake: &Flake,
    host: &Host,
    limits: &Limits,
) -> Result<String, EvalError> {
    let nix = nix.ok_or(EvalError::NixMissing)?;
    let mut command = nix.command("eval", flake, host, ".system.build.toplevel.outPath");
    let ended = run::run(&mut command, limits, &mut |_| {}).await?;
    if !ended.status.success() {
        return Err(eval::classify(&ended.stderr, String::new));
    }
    serde_json::from_slice(&ended.stdout)
        .map_err(|why| EvalError::Broken(format!("the system's path is odd: {why}")))
}
