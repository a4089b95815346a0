//! Tools that come as crates, compiled once for each version into `target/tools`.

use crate::shell::{self, How};
use crate::tree;
use std::fs;
use std::process::Command;

/// A crate and the version that is wanted.
const NEEDED: &[(&str, &str)] = &[("cargo-deny", "0.20.2"), ("deadnix", "1.3.1")];

/// Makes sure that each is there in its version.
pub(crate) fn ensure() -> Result<String, String> {
    let root = tree::tools();
    // cargo's own list of what it has installed there
    let installed = fs::read_to_string(root.join(".crates.toml")).unwrap_or_default();
    let mut done = Vec::new();
    for (name, version) in NEEDED {
        if installed.contains(&format!("\"{name} {version} (")) {
            continue;
        }
        let mut install = Command::new("cargo");
        install
            .current_dir(tree::root())
            .args([
                "install",
                "--quiet",
                "--locked",
                "--version",
                version,
                "--root",
            ])
            .arg(&root)
            .arg(name);
        shell::run(&mut install, How::minutes(15))?.success(&format!("cargo install {name}"))?;
        done.push(format!("{name} {version}"));
    }
    Ok(if done.is_empty() {
        "all there".to_owned()
    } else {
        format!("compiled {}", done.join(", "))
    })
}
