//! `cargo xtask machines`: the whole job on machines that boot. Builds the images if they are
//! missing, then runs the tests that `cargo test` leaves out.

use crate::shell::{self, How};
use crate::test::Count;
use crate::{interrupt, tools, tree};
use std::process::Command;

/// Where the tests are.
const TARGETS: [&str; 2] = ["--lib", "--test=machines"];
/// What says the same again in another way: whole lives of machines below the API, and other ways
/// through it.
const LONG: &[&str] = &["--skip", "long::", "--skip", "qemu::"];

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
    let mut build = tools::command("cargo");
    // as the tests are built: otherwise crates are compiled twice, with other features
    build
        .args(["test", "--workspace"])
        .args(TARGETS)
        .arg("--no-run");
    shell::run(&mut build, How::minutes(30))?.success("cargo test --no-run")?;
    let mut image = provision();
    image.args(["--verbose", "sandbox", "image", "build"]);
    shell::run(&mut image, How::minutes(30))?.success("provision sandbox image build")?;
    let images = images(provision())?;
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let at_once = args.at_once.unwrap_or((cores / 2).max(2)).to_string();
    let mut test = machine(tools::command("cargo"));
    test.args(["test", "--workspace"])
        .args(TARGETS)
        .args(["--no-fail-fast", "--", "--ignored"])
        .args(["--test-threads", &at_once])
        // the images are there already
        .args(["--skip", "images_are_built"])
        .args(if args.short { LONG } else { &[] })
        .args(&args.tests)
        .env("PROVISION_TEST_IMAGES", images)
        .env("PROVISION_REQUIRE_TOOLS", "1");
    let minutes = if args.short { 25 } else { 120 };
    let ended = shell::run(&mut test, How::minutes(minutes))?;
    let count = Count::read(&ended.stdout);
    if !ended.status.success() && count.failed == 0 {
        return Err(format!(
            "the tests ended with {}, after {count}",
            ended.status
        ));
    }
    Ok(count)
}

/// The folder of the images, which are built.
fn images(mut show: Command) -> Result<String, String> {
    show.args(["sandbox", "image", "show", "--output", "json"]);
    let said =
        shell::run(&mut show, How::minutes(5).quiet())?.success("provision sandbox image show")?;
    let document: serde_json::Value =
        serde_json::from_str(&said).map_err(|e| format!("it answered no JSON: {e}"))?;
    let folder = document.get("folder").and_then(serde_json::Value::as_str);
    folder
        .map(str::to_owned)
        .ok_or_else(|| format!("it names no folder: {said}"))
}

fn provision() -> Command {
    let mut built = Command::new(tree::target().join("debug/provision"));
    built.current_dir(tree::root()).env("PATH", tools::path());
    machine(built)
}

/// With what the machines need: images by their content, and a Nix that works here.
fn machine(mut command: Command) -> Command {
    command
        .envs(tools::nix::environment())
        .env("PROVISION_CACHE_DIR", tree::target().join("cache"));
    for name in crate::test::ACCOUNTS {
        command.env_remove(name);
    }
    command
}
