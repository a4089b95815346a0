//! `cargo xtask bench --machines`: how long each stage takes on machines that boot, and how much
//! of the whole is `provision`'s own.

use super::{DEADLINE, flake, measure};
use crate::{tools, tree};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

/// The vendor's types whose firmware is the one or the other.
const TYPES: [(&str, &str); 2] = [("bios", "cx23"), ("uefi", "ccx13")];
/// Stages that wait for a machine to boot, for Nix, or for data to arrive.
const WAITS: [&str; 5] = ["reach", "build", "kexec", "install", "boot"];

/// Brings one machine up for each firmware, and gives a table of what its stages took.
pub(super) fn run(program: &Path) -> Result<String, String> {
    let mut table = String::from("| firmware | stage | s |\n|---|---|---|\n");
    for (firmware, server_type) in TYPES {
        println!("── {firmware}");
        let (wall, stages) = once(program, server_type)?;
        let mut waited = 0.0;
        for (stage, seconds) in &stages {
            let _ = writeln!(table, "| {firmware} | {stage} | {seconds:.1} |");
            if WAITS.contains(&stage.as_str()) {
                waited += seconds;
            }
        }
        let own = (wall - waited).max(0.0);
        let _ = writeln!(table, "| {firmware} | all | {wall:.1} |");
        let share = 100.0 * own / wall;
        let _ = writeln!(
            table,
            "| {firmware} | beside {} | {own:.1} ({share:.1} %) |",
            WAITS.join(", ")
        );
    }
    Ok(table)
}

/// The time of the whole, and of each stage in its order.
fn once(program: &Path, server_type: &str) -> Result<(f64, Vec<(String, f64)>), String> {
    let folder = tempfile::tempdir().map_err(|e| format!("a temporary folder: {e}"))?;
    let names = flake::make(&folder.path().join("flake"), 1)?;
    let told = folder.path().join("told");
    let file = File::create(&told).map_err(|e| format!("{}: {e}", told.display()))?;
    let provision = || {
        let mut command = Command::new(program);
        command
            .arg("--sandbox")
            .arg("--flake")
            .arg(folder.path().join("flake"))
            .arg("--state-dir")
            .arg(folder.path().join("state"))
            .env("PROVISION_CACHE_DIR", tree::target().join("cache"))
            .env("PATH", tools::path())
            .envs(tools::nix::environment())
            .current_dir(folder.path());
        command
    };
    let mut up = provision();
    up.args(["--provider", "hetzner", "--machines", "qemu", "up"])
        .args(&names)
        .args(["--type", server_type, "--max-price", "1"])
        .stderr(file);
    let used = measure::run(&mut up, DEADLINE);
    let told = fs::read_to_string(&told).unwrap_or_default();
    let removed = measure::run(
        provision()
            .args(["teardown", "--provider", "hetzner"])
            .args(&names),
        DEADLINE,
    );
    let (usage, _) = used.map_err(|e| format!("{e}\n{told}"))?;
    removed?;
    Ok((usage.wall, stages(&told)))
}

/// Reads `name: stage  12.3s  what` off each line that has that form.
fn stages(told: &str) -> Vec<(String, f64)> {
    told.lines()
        .filter_map(|line| {
            let mut words = line.split_once(": ")?.1.split_whitespace();
            let stage = words.next()?.to_owned();
            let seconds = words.next()?.strip_suffix('s')?.parse().ok()?;
            Some((stage, seconds))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_read_from_what_is_told() {
        let told = "note: x\nbench-01: reach      12.3s  it answers\nbench-01: boot        0.1s  up\nwarning: a b\n";
        assert_eq!(
            stages(told),
            [("reach".to_owned(), 12.3), ("boot".to_owned(), 0.1)]
        );
    }
}
