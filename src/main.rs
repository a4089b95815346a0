//! The `provision` program. Under the names `ssh` and `nixos-anywhere` it is what an
//! installation finds ahead on its PATH.

use clap::Parser as _;
use provision::cli::{Cli, Output};
use provision::failure::{Exit, Failure};
use provision::report::FailuresDocument;
use provision::signals::Signals;
use provision::{commands, report, ssh};
use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os();
    let name = arguments.next().unwrap_or_default();
    match Path::new(&name).file_name().and_then(|n| n.to_str()) {
        Some("ssh") => {
            report::complain(&ssh::shim::run(arguments.collect()));
            ExitCode::from(255)
        }
        Some("ssh-askpass") => {
            report::hand_over(ssh::password::answer().trim_end());
            ExitCode::SUCCESS
        }
        Some("nixos-anywhere") => ExitCode::from(provision_sandbox::stand_in::run(arguments)),
        _ => provision(std::iter::once(name).chain(arguments)),
    }
}

fn provision(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.collect();
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => return misunderstood(&error, &arguments),
    };
    log(cli.global.verbose);
    let output = cli.global.output;
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            report::complain(&format!("error: cannot start: {error}"));
            return ExitCode::from(1);
        }
    };
    let outcome = runtime.block_on(async {
        let cancel = CancellationToken::new();
        match Signals::catch() {
            Ok(signals) => drop(tokio::spawn(signals.watch(cancel.clone(), end_at_once))),
            Err(error) => report::complain(&format!("warning: signals are not caught: {error}")),
        }
        commands::run(cli, cancel).await
    });
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => tell(&failure, output),
    }
}

/// What clap says of the command line: help and version are no failures.
fn misunderstood(error: &clap::Error, arguments: &[OsString]) -> ExitCode {
    let _ = error.print();
    if !error.use_stderr() {
        return ExitCode::SUCCESS;
    }
    let json = |pair: &[OsString]| pair[0] == "--output" && pair[1] == "json";
    if arguments.iter().any(|a| a == "--output=json") || arguments.windows(2).any(json) {
        let text = error.to_string();
        let why = text.trim_start_matches("error: ").trim_end();
        let failure = Failure::new(Exit::Usage, "the command line is not understood", why);
        report::document(&FailuresDocument::of(&failure));
    }
    ExitCode::from(Exit::Usage as u8)
}

fn tell(failure: &Failure, output: Output) -> ExitCode {
    if !failure.what.is_empty() {
        report::complain(report::failure(failure).trim_end());
        if output == Output::Json && !report::has_document() {
            report::document(&FailuresDocument::of(failure));
        }
    }
    ExitCode::from(failure.code())
}

/// Whoever presses Ctrl-C twice does not wait for what is still to be put in order.
fn end_at_once() {
    report::complain("error: ended at once; `provision list` shows what exists");
    std::process::exit(Exit::Interrupted as i32);
}

/// `-vv` shows requests, `-vvv` what the connections do.
fn log(verbose: u8) {
    let filter = match verbose {
        0 | 1 => return,
        2 => "provision=debug,provision_api=debug,provision_hetzner=debug,provision_ovh=debug",
        _ => "trace,hyper=info,hyper_util=info,rustls=info,russh=info,mio=info,h2=info",
    };
    let Ok(filter) = filter.parse::<Targets>() else {
        return;
    };
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::env::var_os("NO_COLOR").is_none());
    let _ = tracing_subscriber::registry()
        .with(lines)
        .with(filter)
        .try_init();
}
