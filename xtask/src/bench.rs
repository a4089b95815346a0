//! `cargo xtask bench`: how close `provision` comes to what the cloud itself takes. Runs the
//! built program on the sandbox with latencies like a real cloud's, for one host and for many.

mod flake;
mod latency;
mod machines;
mod measure;
mod report;

use crate::shell::{self, How};
use crate::{interrupt, tools, tree};
use measure::Usage;
use report::Row;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// A run that takes longer is no measurement.
const DEADLINE: Duration = Duration::from_secs(1800);

/// What is measured.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How many hosts at once; measured one after the other
    #[arg(long, value_name = "N", value_delimiter = ',', default_values_t = [1, 20], value_parser = clap::value_parser!(u32).range(1..=25))]
    hosts: Vec<u32>,
    /// How often each is measured
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// How long the cloud takes, as a factor of the usual; the shorter, the more weighs what is
    /// ours
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = factor)]
    scale: f64,
    /// Where the numbers go as JSON
    #[arg(long, value_name = "FILE", default_value = "target/bench.json")]
    out: PathBuf,
    /// One machine of each firmware that boots, instead: what each stage takes
    #[arg(long)]
    machines: bool,
    /// A `provision` that is built already
    #[arg(long, value_name = "FILE", hide = true)]
    program: Option<PathBuf>,
}

/// Measures, prints a table, and writes JSON.
pub(crate) fn run(args: &Args) -> Result<(), String> {
    interrupt::listen().map_err(|e| format!("signals: {e}"))?;
    let program = match &args.program {
        Some(file) => std::path::absolute(file).map_err(|e| format!("{}: {e}", file.display()))?,
        None => build()?,
    };
    if args.machines {
        print!("{}", machines::run(&program)?);
        return Ok(());
    }
    let mut rows = Vec::new();
    for &hosts in &args.hosts {
        for run in 1..=args.runs {
            println!("── {hosts} at once, {run} of {}", args.runs);
            rows.push(once(&program, hosts, args.scale)?);
        }
    }
    print!("{}", report::table(&rows, args.scale));
    let out = tree::root().join(&args.out);
    fs::write(&out, report::json(&rows, args.scale))
        .map_err(|e| format!("{}: {e}", out.display()))?;
    println!("written to {}", out.display());
    Ok(())
}

fn build() -> Result<PathBuf, String> {
    let mut cargo = tools::command("cargo");
    cargo.args(["build", "--release", "--bin", "provision"]);
    shell::run(&mut cargo, How::minutes(30))?.success("cargo build")?;
    Ok(tree::target().join("release/provision"))
}

fn factor(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(factor) if factor > 0.0 && factor <= 10.0 => Ok(factor),
        _ => Err("it is a number above 0 and up to 10".to_owned()),
    }
}

/// Brings so many hosts up in a new world.
fn once(program: &Path, hosts: u32, scale: f64) -> Result<Row, String> {
    let folder = tempfile::tempdir().map_err(|e| format!("a temporary folder: {e}"))?;
    let names = flake::make(&folder.path().join("flake"), hosts)?;
    let world = folder.path().join("world.json");
    fs::write(&world, latency::settings(scale)).map_err(|e| format!("{}: {e}", world.display()))?;

    let mut up = Command::new(program);
    up.arg("--sandbox")
        .args(["--provider", "hetzner", "--output", "json"])
        .arg("--flake")
        .arg(folder.path().join("flake"))
        .arg("--state-dir")
        .arg(folder.path().join("state"))
        .arg("up")
        .args(&names)
        .env("PROVISION_SANDBOX_WORLD", &world)
        .env("PATH", tools::path())
        .envs(tools::nix::environment())
        .current_dir(folder.path());
    let (usage, said) = measure::run(&mut up, DEADLINE)?;
    let document: Value =
        serde_json::from_str(&said).map_err(|e| format!("`up` answered no JSON: {e}"))?;
    row(hosts, &usage, &document)
}

fn row(hosts: u32, usage: &Usage, document: &Value) -> Result<Row, String> {
    let proven = document
        .get("hosts")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter(|host| host.get("proven") == Some(&Value::Bool(true)))
        .count();
    if u32::try_from(proven) != Ok(hosts) {
        return Err(format!(
            "{proven} of {hosts} hosts were proven: {document:#}"
        ));
    }
    let number = |key: &str| {
        let found = document.get(key).and_then(Value::as_f64);
        found.ok_or_else(|| format!("the document has no {key}"))
    };
    Ok(Row {
        hosts,
        wall: usage.wall,
        elapsed: number("elapsed_seconds")?,
        requests: number("requests")?,
        cpu: usage.cpu,
        peak_mib: usage.peak_mib,
    })
}
