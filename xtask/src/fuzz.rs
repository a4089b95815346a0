//! `cargo xtask fuzz`: every reader of what others write, fed with what nobody means;
//! `docs/reliability/input.md` tells what came of it.

use crate::shell::{self, How};
use crate::{interrupt, tools, tree};
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// What is run.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only these targets (see --list)
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,
    /// How long each of them runs
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u64,
    /// What random choices begin with; zero: another one each time
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u32,
    /// Say what the targets are
    #[arg(long)]
    list: bool,
}

/// To compile all of them takes this long at most.
const BUILD: Duration = Duration::from_secs(20 * 60);

/// Runs the targets that were asked for, one after the other. One that finds something does not
/// keep the others from running.
pub(crate) fn run(args: &Args) -> Result<(), String> {
    let all = targets()?;
    if args.list {
        for name in &all {
            println!("{name}");
        }
        return Ok(());
    }
    if let Some(unknown) = args.targets.iter().find(|name| !all.contains(name)) {
        return Err(format!("there is no target {unknown}: {}", all.join(", ")));
    }
    interrupt::listen().map_err(|e| format!("signals: {e}"))?;
    tools::cargo::ensure_one("cargo-fuzz")?;
    let wanted = |name: &&String| args.targets.is_empty() || args.targets.contains(name);
    let mut found = Vec::new();
    for name in all.iter().filter(wanted) {
        if interrupt::came() {
            return Err("interrupted".to_owned());
        }
        match one(name, args) {
            Ok(executions) => println!("{name:<10} {executions:>12} executions, nothing found"),
            Err(why) => {
                println!("{name:<10} FOUND SOMETHING\n{why}");
                found.push(name.as_str());
            }
        }
    }
    if found.is_empty() {
        Ok(())
    } else {
        Err(format!("found something: {}", found.join(", ")))
    }
}

/// The names of the files in `fuzz/targets`.
fn targets() -> Result<Vec<String>, String> {
    let folder = tree::root().join("fuzz/targets");
    let entries = fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut names: Vec<String> = entries
        .flatten()
        .filter_map(|entry| Some(entry.path().file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    Ok(names)
}

/// Runs one, and answers with how often; an error is the end of what it printed.
fn one(name: &str, args: &Args) -> Result<String, String> {
    let made = tree::target().join("fuzz");
    let corpus = made.join("corpus").join(name);
    fs::create_dir_all(&corpus).map_err(|e| format!("{}: {e}", corpus.display()))?;
    let mut fuzz = fuzz(&made);
    fuzz.arg(name).arg(&corpus);
    let seeds = tree::root().join("fuzz/seeds").join(name);
    if seeds.is_dir() {
        fuzz.arg(seeds);
    }
    fuzz.arg("--").args([
        format!("-max_total_time={}", args.seconds),
        format!("-seed={}", args.seed),
        "-max_len=8192".to_owned(),
        "-timeout=10".to_owned(),
        "-rss_limit_mb=1024".to_owned(),
        "-print_final_stats=1".to_owned(),
    ]);
    let how = How {
        deadline: BUILD + Duration::from_secs(args.seconds),
        ..How::minutes(0).quiet()
    };
    let ended = shell::run(&mut fuzz, how)?;
    let stat = "stat::number_of_executed_units:";
    let executions = ended
        .stdout
        .lines()
        .find_map(|line| line.strip_prefix(stat));
    match executions {
        Some(executions) if ended.status.success() => Ok(executions.trim().to_owned()),
        _ => {
            let lines: Vec<&str> = ended.stdout.lines().collect();
            let last = &lines[lines.len().saturating_sub(60)..];
            Err(last.join("\n"))
        }
    }
}

/// `cargo fuzz run`, with what goes to its stderr on its stdout.
///
/// Without a sanitizer: there is no unsafe code of ours whose mistakes one could find, and any
/// compiler will do. With checks of arithmetic: those are what is looked for.
fn fuzz(made: &PathBuf) -> Command {
    let mut command = tools::command("sh");
    command
        .args(["-c", "exec \"$@\" 2>&1", "sh"])
        .args([
            "cargo",
            "fuzz",
            "run",
            "--sanitizer=none",
            "--debug-assertions",
        ])
        .arg("--fuzz-dir")
        .arg(tree::root().join("fuzz"))
        .arg("--target-dir")
        .arg(made);
    command
}
