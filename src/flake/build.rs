//! Building a host before anything is paid for: what cannot be built costs nothing.

use super::Flake;
use super::eval::{self, EvalError};
use super::nix::{self, Nix};
use super::run::{ChildError, Limits, run};
use crate::host::Host;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What nixos-anywhere is given with `--store-paths`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// The script that cuts and mounts the disks.
    pub disko_script: PathBuf,
    /// The system's closure; `/run/current-system` has to be equal to it in the end.
    pub system: PathBuf,
}

/// Which of disko's scripts to build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DiskoScript {
    /// With all the programs that it calls.
    #[default]
    Whole,
    /// Without them (`--no-disko-deps`): the installer has them, and little memory.
    NoDeps,
}

/// Why a host cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// It cannot even be evaluated.
    #[error(transparent)]
    Eval(#[from] EvalError),
    /// It can be evaluated, but a build failed.
    #[error("{what} cannot be built: {why}")]
    Failed {
        /// The attribute.
        what: &'static str,
        /// The last lines.
        why: String,
    },
}

/// Builds the disko script and then the system; `on_line` gets every line that Nix says.
pub async fn build(
    nix: Option<&Nix>,
    flake: &Flake,
    host: &Host,
    script: DiskoScript,
    limits: &Limits,
    on_line: &mut (dyn FnMut(&str) + Send),
) -> Result<Built, BuildError> {
    let nix = nix.ok_or(EvalError::NixMissing)?;
    let script = match script {
        DiskoScript::Whole => "diskoScript",
        DiskoScript::NoDeps => "diskoScriptNoDeps",
    };
    Ok(Built {
        disko_script: one(nix, flake, host, script, limits, on_line).await?,
        system: one(nix, flake, host, "toplevel", limits, on_line).await?,
    })
}

/// One at a time: which of several outputs is whose, old versions of Nix do not tell.
async fn one(
    nix: &Nix,
    flake: &Flake,
    host: &Host,
    what: &'static str,
    limits: &Limits,
    on_line: &mut (dyn FnMut(&str) + Send),
) -> Result<PathBuf, BuildError> {
    let mut command = nix.command("build", flake, host, &format!(".system.build.{what}"));
    command.args(["--no-link", "--print-build-logs"]);
    let failed = |why: String| BuildError::Failed { what, why };
    let ended = match run(&mut command, limits, on_line).await {
        Ok(ended) => ended,
        Err(ChildError::TimedOut(within)) => {
            return Err(failed(format!(
                "it took longer than {} s",
                within.as_secs()
            )));
        }
        Err(other) => return Err(EvalError::from(other).into()),
    };
    if !ended.status.success() {
        let lack = eval::classify(&ended.stderr, String::new);
        return Err(if lack.is_lack() {
            lack.into()
        } else {
            failed(nix::last_words(&ended.stderr))
        });
    }
    let outputs: Vec<Output> = serde_json::from_slice(&ended.stdout)
        .map_err(|why| failed(format!("nix build's answer is odd ({why})")))?;
    let path = outputs
        .into_iter()
        .next()
        .and_then(|mut o| o.outputs.remove("out"));
    path.ok_or_else(|| failed("nix build named no output".to_owned()))
}

/// What `nix build --json` says of one derivation.
#[derive(Deserialize)]
pub(super) struct Output {
    outputs: BTreeMap<String, PathBuf>,
}
