//! Tools that come as crates, compiled once for each version into `target/tools`.

use crate::shell::{self, How};
use crate::tree;
use std::fs;
use std::process::Command;

/// A crate and the version that is wanted.
type Tool = (&'static str, &'static str);

/// What every run of the checks needs.
const NEEDED: &[Tool] = &[("cargo-deny", "0.20.2"), ("deadnix", "1.3.1")];
/// What is needed now and then.
const RARE: &[Tool] = &[("cargo-fuzz", "0.13.1")];

/// Makes sure that each is there in its version.
pub(crate) fn ensure() -> Result<String, String> {
    installed(NEEDED)
}

/// Makes sure that this one is there.
pub(crate) fn ensure_one(name: &str) -> Result<String, String> {
    let known = RARE.iter().find(|(tool, _)| *tool == name);
    let tool = known.ok_or_else(|| format!("{name} is not among the tools"))?;
    installed(std::slice::from_ref(tool))
}

fn installed(tools: &[Tool]) -> Result<String, String> {
    let root = tree::tools();
    // cargo's own list of what it has installed there
    let installed = fs::read_to_string(root.join(".crates.toml")).unwrap_or_default();
    let mut done = Vec::new();
    for (name, version) in tools {
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
