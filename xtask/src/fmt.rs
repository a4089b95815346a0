//! `cargo xtask fmt`: Rust by rustfmt, Nix by alejandra, in place.

use crate::shell::{self, How};
use crate::{nix_files, tree};
use std::fs;
use std::process::Command;

/// Formats everything.
pub(crate) fn run() -> Result<(), String> {
    let mut rustfmt = Command::new("cargo");
    rustfmt.current_dir(tree::root()).args(["fmt", "--all"]);
    shell::run(&mut rustfmt, How::minutes(2))?.success("cargo fmt")?;
    for file in nix_files::all()? {
        if let Some(text) = nix_files::formatted(&file)? {
            fs::write(&file, text).map_err(|e| format!("{}: {e}", file.display()))?;
            println!("formatted {}", file.display());
        }
    }
    Ok(())
}
