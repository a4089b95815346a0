//! The built `provision`, called for one owner with a state of its own.

use super::Args;
use crate::shell::{self, How};
use crate::tree;
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;

/// How it is called.
#[derive(Debug)]
pub(super) struct Program {
    binary: PathBuf,
    provider: &'static str,
    owner: String,
    state: PathBuf,
    flake: PathBuf,
    identity: Option<PathBuf>,
}

impl Program {
    pub(super) fn new(binary: PathBuf, args: &Args, owner: &str) -> Self {
        Self {
            binary,
            provider: args.provider.name(),
            owner: owner.to_owned(),
            state: tree::root().join("target/live").join(owner),
            flake: args.flake.clone(),
            identity: args.identity.clone(),
        }
    }

    pub(super) fn owner(&self) -> &str {
        &self.owner
    }

    /// Runs it to its end; an error names the verb. Its stdout is shown and returned.
    pub(super) fn run(&self, args: &[&str], how: How) -> Result<String, String> {
        println!("── provision {}", args.join(" "));
        let verb = args.first().copied().unwrap_or_default();
        let mut command = Command::new(&self.binary);
        command
            .args(["--provider", self.provider, "--owner", &self.owner])
            .arg("--state-dir")
            .arg(&self.state)
            .arg("--flake")
            .arg(&self.flake);
        if let Some(identity) = &self.identity {
            command.arg("--identity").arg(identity);
        }
        command.args(args);
        shell::run(&mut command, how)?.success(&format!("provision {verb}"))
    }

    /// The same, for a command that answers with a JSON document.
    pub(super) fn json(&self, args: &[&str], how: How) -> Result<Value, String> {
        let mut all = args.to_vec();
        all.extend(["--output", "json"]);
        let text = self.run(&all, how)?;
        let verb = args.first().copied().unwrap_or_default();
        serde_json::from_str(&text).map_err(|e| format!("provision {verb} answered no JSON: {e}"))
    }

    /// How somebody removes everything by hand.
    pub(super) fn by_hand(&self) -> String {
        format!(
            "provision teardown --test --provider {} --owner {}",
            self.provider, self.owner
        )
    }
}
