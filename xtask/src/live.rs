//! `cargo xtask live`: what a holder of an account runs to see `provision` work on the real
//! cloud. One cheap server, a spending cap, and teardown whatever happens.

mod cost;
mod program;
mod session;

use crate::shell::{self, How};
use crate::{interrupt, tools, tree};
use program::Program;
use session::Teardown;
use std::path::PathBuf;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// What is bought, and for how much.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Buy a server: without it nothing is done
    #[arg(long)]
    yes: bool,
    /// The most that the server may cost by the hour, in the account's currency
    #[arg(long, value_name = "PER_HOUR", value_parser = cost::price)]
    max_price: f64,
    /// The cloud that it is bought at
    #[arg(long, value_name = "NAME", value_enum, default_value_t)]
    provider: Provider,
    /// The host of the flake; the one that is named after the cloud unless given
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// The flake
    #[arg(long, value_name = "DIR", default_value = ".")]
    flake: PathBuf,
    /// The private SSH key to log in with
    #[arg(long, value_name = "KEY")]
    identity: Option<PathBuf>,
    /// The vendor's name of the server type, instead of host.toml's list
    #[arg(long = "type", value_name = "TYPE")]
    server_type: Option<String>,
    /// The vendor's name of the place, instead of host.toml's list
    #[arg(long, value_name = "LOCATION")]
    location: Option<String>,
    /// A `provision` that is built already
    #[arg(long, value_name = "FILE", hide = true)]
    program: Option<PathBuf>,
}

/// A cloud whose servers are bought by the hour.
#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum Provider {
    /// Hetzner Cloud
    #[default]
    Hetzner,
    /// `OVHcloud`'s Public Cloud
    Ovh,
}

impl Provider {
    fn name(self) -> &'static str {
        match self {
            Self::Hetzner => "hetzner",
            Self::Ovh => "ovh",
        }
    }
}

impl Args {
    fn host(&self) -> String {
        let named = format!("{}-cloud", self.provider.name());
        self.host.clone().unwrap_or(named)
    }
}

/// Buys, tries, removes, and says what it cost at most.
pub(crate) fn run(args: &Args) -> Result<(), String> {
    if !args.yes {
        return Err("this buys a server, so it wants --yes".to_owned());
    }
    let token = std::env::var_os("HCLOUD_TOKEN").filter(|token| !token.is_empty());
    if matches!(args.provider, Provider::Hetzner) && token.is_none() {
        return Err("HCLOUD_TOKEN is not set; it wants a token that may write".to_owned());
    }
    interrupt::listen().map_err(|e| format!("signals: {e}"))?;
    let binary = match &args.program {
        Some(file) => std::path::absolute(file).map_err(|e| format!("{}: {e}", file.display()))?,
        None => build()?,
    };
    let program = Program::new(binary, args, &owner()?);
    println!(
        "owner {}: everything that is made bears it",
        program.owner()
    );

    let began = Instant::now();
    // from here on it is removed again, whichever way this ends
    let teardown = Teardown::new(&program);
    let outcome = session::run(&program, args);
    let hourly = outcome.as_ref().copied().unwrap_or(None);
    let removed = teardown.finish();
    println!(
        "it cost at most {}",
        cost::at_most(began.elapsed(), hourly.unwrap_or(args.max_price))
    );
    match (outcome, removed) {
        (Ok(_), Ok(())) => {
            println!("the whole session went well, and nothing is left");
            Ok(())
        }
        (Err(why), Ok(())) => Err(format!("{why}; nothing is left")),
        (Ok(_), Err(left)) => Err(left),
        (Err(why), Err(left)) => Err(format!("{why}; and then {left}")),
    }
}

fn build() -> Result<PathBuf, String> {
    let mut cargo = tools::command("cargo");
    cargo.args(["build", "--release", "--bin", "provision"]);
    shell::run(&mut cargo, How::minutes(30))?.success("cargo build")?;
    Ok(tree::target().join("release/provision"))
}

/// An owner of this session's own: what anyone else has in the project is not ours to remove.
fn owner() -> Result<String, String> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_err(|e| format!("the clock stands before 1970: {e}"))?;
    Ok(format!("live-{}", now.as_secs()))
}
