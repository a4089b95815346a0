//! `cargo xtask machines`: the whole job on machines that boot. Builds the images if they are
//! missing, then runs the tests that `cargo test` leaves out.

use crate::shell::{self, How};
use crate::test::Count;
use crate::{interrupt, tools, tree};
use std::process::Command;

/// What is run.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only tests whose name has this in it
    #[arg(value_name = "NAME")]
    tests: Vec<String>,
    /// Leave out what says the same again in another way, as CI does
    #[arg(long)]
    short: bool,
    /// How many machines work at a time; by default one for each two processors, at least two
    #[arg(long, value_name = "N")]
    at_once: Option<usize>,
}

/// Runs them by hand: tools first, then the tests.
pub(crate) fn run(args: &Args) -> Result<(), String> {
    interrupt::listen().map_err(|e| format!("signals: {e}"))?;
    tools::debian::ensure()?;
    let count = tests(args)?;
    println!("{count}");
    if count.failed == 0 {
        Ok(())
    } else {
        Err(format!("failed: {}", count.failures.join(", ")))
    }
}

/// What CI runs.
pub(crate) fn short() -> Result<Count, String> {
    tests(&Args {
        tests: Vec::new(),
        short: true,
        at_once: None,
    })
}

fn tests(args: &Args) -> Result<Count, String> {
    let mut build = cargo();
    build.args(["run", "--quiet", "--bin", "provision", "--"]);
    build.args(["--verbose", "sandbox", "image", "build"]);
    shell::run(&mut build, How::minutes(30))?.success("provision sandbox image build")?;
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let at_once = args.at_once.unwrap_or((cores / 2).max(2)).to_string();
    let mut test = cargo();
    test.args(["test", "--package=provision", "--package=provision-sandbox"])
        .args(["--lib", "--test=machines", "--no-fail-fast"])
        .args(["--", "--ignored", "--test-threads", &at_once])
        .args(
            args.short
                .then_some(["--skip", "long::"])
                .into_iter()
                .flatten(),
        )
        .args(&args.tests)
        .env("PROVISION_REQUIRE_TOOLS", "1");
    let ended = shell::run(&mut test, How::minutes(60))?;
    let count = Count::read(&ended.stdout);
    if !ended.status.success() && count.failed == 0 {
        return Err(format!(
            "the tests ended with {}, after {count}",
            ended.status
        ));
    }
    Ok(count)
}

/// Cargo with what the machines need: images by their content, and a Nix that works here.
fn cargo() -> Command {
    let mut cargo = tools::command("cargo");
    cargo
        .envs(tools::nix::environment())
        .env("PROVISION_CACHE_DIR", tree::target().join("cache"));
    for name in crate::test::ACCOUNTS {
        cargo.env_remove(name);
    }
    cargo
}
