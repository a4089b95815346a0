//! The project's own chores, a verb a file: what CI runs, what is run by hand, what measures.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a chore talks to whoever typed it"
)]

mod bench;
mod campaign;
mod fmt;
mod fuzz;
mod interrupt;
mod live;
mod machines;
mod nix_files;
mod shell;
mod test;
mod tools;
mod tree;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// The project's own chores.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Install what the tests need, then check and test everything
    Test(test::Args),
    /// Format Rust and Nix in place
    Fmt,
    /// The whole job on QEMU guests: installed, booted, rescued, broken, removed
    Machines(machines::Args),
    /// Faults, crashes and hostile input, by the hundred
    Campaign(campaign::Args),
    /// Feed every reader of what others write with what nobody means
    Fuzz(fuzz::Args),
    /// Buy one cheap server on the real cloud, try everything, and remove it
    Live(live::Args),
    /// Measure `up` on the sandbox with latencies like a real cloud's
    Bench(bench::Args),
}

fn main() -> ExitCode {
    let result = match Cli::parse().verb {
        Verb::Test(args) => test::run(&args),
        Verb::Machines(args) => machines::run(&args).map(|()| ExitCode::SUCCESS),
        Verb::Campaign(args) => campaign::run(&args).map(|()| ExitCode::SUCCESS),
        Verb::Fuzz(args) => fuzz::run(&args).map(|()| ExitCode::SUCCESS),
        Verb::Live(args) => live::run(&args).map(|()| ExitCode::SUCCESS),
        Verb::Bench(args) => bench::run(&args).map(|()| ExitCode::SUCCESS),
        Verb::Fmt => fmt::run().map(|()| ExitCode::SUCCESS),
    };
    result.unwrap_or_else(|message: String| {
        eprintln!("error: {message}");
        ExitCode::FAILURE
    })
}
