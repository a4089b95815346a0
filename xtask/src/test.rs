//! `cargo xtask test`: installs what the tests need, checks the source, runs the tests, and
//! says how each of it went. What CI runs.

mod count;
mod steps;

pub(crate) use count::Count;
pub(crate) use steps::ACCOUNTS;

use crate::interrupt;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use steps::{ALL, Done, Kind, Setting, Step};

/// What is run.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only these steps (see --list)
    #[arg(value_name = "STEP", value_parser = clap::builder::PossibleValuesParser::new(ALL.iter().map(|step| step.name)))]
    steps: Vec<String>,
    /// Only the tests: nothing is installed, nothing is checked, what lacks a tool is skipped
    #[arg(long, conflicts_with = "steps")]
    fast: bool,
    /// Say what the steps are
    #[arg(long)]
    list: bool,
}

/// How a step went, and how long it took.
struct Ran {
    step: &'static Step,
    took: Duration,
    outcome: Result<Done, String>,
}

/// Runs the steps that were asked for. One that fails does not hide the others.
pub(crate) fn run(args: &Args) -> Result<ExitCode, String> {
    if args.list {
        for step in ALL {
            println!("{:<9} {}", step.name, step.about);
        }
        return Ok(ExitCode::SUCCESS);
    }
    interrupt::listen().map_err(|e| format!("signals: {e}"))?;
    let setting = Setting {
        require_tools: !args.fast || std::env::var_os("CI").is_some(),
    };
    let mut results = Vec::new();
    for step in ALL.iter().filter(|step| wanted(args, step)) {
        if interrupt::came() {
            break;
        }
        println!("── {}: {}", step.name, step.about);
        let began = Instant::now();
        let outcome = (step.run)(setting);
        if let Err(why) = &outcome {
            println!("{why}");
        }
        results.push(Ran {
            step,
            took: began.elapsed(),
            outcome,
        });
    }
    Ok(summary(&results))
}

fn wanted(args: &Args, step: &Step) -> bool {
    if args.fast {
        step.kind == Kind::Test
    } else {
        args.steps.is_empty() || args.steps.iter().any(|name| name == step.name)
    }
}

/// One line for each step, the tests that failed, and the totals alone on the last line.
fn summary(results: &[Ran]) -> ExitCode {
    println!("\n── summary");
    let mut failed = Vec::new();
    let mut total = None;
    for Ran {
        step,
        took,
        outcome,
    } in results
    {
        let count = outcome.as_ref().ok().and_then(|done| done.count.as_ref());
        let bad = outcome.is_err() || count.is_some_and(|count| count.failed > 0);
        let note = match outcome {
            Ok(done) => &done.note,
            Err(why) => why,
        };
        let word = if bad { "FAILED" } else { "ok" };
        println!(
            "{:<9} {word:<7} {:>6.1}s  {note}",
            step.name,
            took.as_secs_f64()
        );
        if bad {
            failed.push(step.name);
        }
        for name in count.iter().flat_map(|count| &count.failures) {
            println!("  failed test: {name}");
        }
        if matches!(step.kind, Kind::Test | Kind::Machines) {
            let total: &mut Count = total.get_or_insert_default();
            total.join(count.cloned().unwrap_or_default());
        }
    }
    if interrupt::came() {
        failed.push("interrupted");
    }
    let took: Duration = results.iter().map(|ran| ran.took).sum();
    println!(
        "{} min {} s in all",
        took.as_secs() / 60,
        took.as_secs() % 60
    );
    if !failed.is_empty() {
        println!("failed: {}", failed.join(", "));
    }
    if let Some(count) = total {
        println!("{count}");
    }
    if failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
