//! `cargo xtask campaign`: the worst days, one after the other; `docs/reliability.md` tells what
//! came of them.

use crate::shell::{self, How};
use crate::test::Count;
use crate::{interrupt, tools, tree};
use std::process::Command;

/// What is run.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only campaigns whose name has this in it
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// All of it, for hours, not only CI's part
    #[arg(long)]
    long: bool,
    /// What random choices begin with
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// How many cells, where the number is free
    #[arg(long, value_name = "N")]
    count: Option<u32>,
    /// Only cells whose row has this in it
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
}

/// Runs them by hand.
pub(crate) fn run(args: &Args) -> Result<(), String> {
    interrupt::listen().map_err(|e| format!("signals: {e}"))?;
    tools::debian::ensure()?;
    let count = campaigns(args)?;
    println!("{count}\nthe tables are in {}", folder().display());
    if count.failed == 0 {
        Ok(())
    } else {
        Err(format!("failed: {}", count.failures.join(", ")))
    }
}

/// What CI runs.
pub(crate) fn short() -> Result<Count, String> {
    campaigns(&Args {
        names: Vec::new(),
        long: false,
        seed: None,
        count: None,
        only: None,
    })
}

fn folder() -> std::path::PathBuf {
    tree::target().join("campaigns")
}

fn campaigns(args: &Args) -> Result<Count, String> {
    std::fs::create_dir_all(folder()).map_err(|e| format!("{}: {e}", folder().display()))?;
    let mut test: Command = tools::command("cargo");
    test.args(["test", "--workspace", "--test=campaigns"])
        // one after the other: each runs its own cells side by side
        .args(["--", "--ignored", "--nocapture", "--test-threads=1"])
        .args(&args.names)
        .envs(tools::nix::environment())
        .env("PROVISION_CAMPAIGN_FOLDER", folder())
        .env("PROVISION_REQUIRE_TOOLS", "1");
    for name in crate::test::ACCOUNTS {
        test.env_remove(name);
    }
    if args.long {
        test.env("PROVISION_CAMPAIGN_LONG", "1");
    }
    let said = [
        ("SEED", args.seed.map(|n| n.to_string())),
        ("COUNT", args.count.map(|n| n.to_string())),
        ("ONLY", args.only.clone()),
    ];
    for (name, value) in said {
        if let Some(value) = value {
            test.env(format!("PROVISION_CAMPAIGN_{name}"), value);
        }
    }
    let minutes = if args.long { 12 * 60 } else { 30 };
    let ended = shell::run(&mut test, How::minutes(minutes))?;
    let count = Count::read(&ended.stdout);
    if !ended.status.success() && count.failed == 0 {
        return Err(format!(
            "the campaigns ended with {}, after {count}",
            ended.status
        ));
    }
    Ok(count)
}
