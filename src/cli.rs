//! The command line: every verb and flag, as clap reads them.

mod parse;
mod up;
mod verbs;

pub use up::{BuildOn, OnFailure, Stage, Up, UpFlags};
pub use verbs::{
    Console, Host, Image, Install, OneHost, Rented, Rescue, Sandbox, SandboxCommand, Show, Ssh,
    Teardown,
};

use crate::failure::{Exit, Failure, Outcome};
use clap::{Args, Parser, Subcommand, ValueEnum};
use provision_api::{HostName, Owner};
use provision_sandbox::MachineKind;
use std::path::PathBuf;

/// From a cloud API token and a flake to a running, proven NixOS server, and back to nothing.
///
/// Without a command it is `up` for the one host whose host.toml names the provider.
#[derive(Debug, Parser)]
#[command(name = "provision", version, args_conflicts_with_subcommands = false)]
#[command(after_help = "Exit codes, JSON output and files are documented in docs/.")]
pub struct Cli {
    /// Flags that every command takes.
    #[command(flatten)]
    pub global: Global,
    /// The host of the flake; without it, the one whose host.toml names the provider
    #[arg(long, value_name = "HOST", help_heading = "Options of the bare form")]
    pub host: Option<HostName>,
    /// What `up` takes, for the bare form.
    #[command(flatten, next_help_heading = "Options of the bare form")]
    pub up: UpFlags,
    /// The verb.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Flags that every command takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// The cloud to use, as host.toml names it
    #[arg(long, global = true, value_name = "NAME")]
    pub provider: Option<String>,
    /// Use the embedded cloud instead of a real one: no account, no cost
    #[arg(long, global = true)]
    pub sandbox: bool,
    /// What the machines of the sandbox are: states in a process, or QEMU guests that boot; what
    /// they are already unless given
    #[arg(long, global = true, value_name = "KIND", value_enum)]
    pub machines: Option<Machines>,
    /// The flake whose hosts are meant
    #[arg(long, global = true, value_name = "DIR", default_value = ".")]
    pub flake: PathBuf,
    /// Whose servers these are, on every machine alike
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        env = "PROVISION_OWNER",
        hide_env_values = true
    )]
    pub owner: Option<Owner>,
    /// The private SSH key to log in with
    #[arg(long, global = true, value_name = "KEY")]
    pub identity: Option<PathBuf>,
    /// What is written to stdout
    #[arg(long, global = true, value_name = "FORM", value_enum, default_value_t)]
    pub output: Output,
    /// Say more on stderr: what children print, then requests (-vv), then all (-vvv)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Where logs, journals and host keys are kept
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "PROVISION_STATE_DIR",
        hide_env_values = true
    )]
    pub state_dir: Option<PathBuf>,
}

/// What the machines of the sandbox are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Machines {
    /// A state and an SSH server each: at once, for the protocol
    Emulated,
    /// QEMU guests: minutes, for the truth
    Qemu,
}

impl From<Machines> for MachineKind {
    fn from(machines: Machines) -> Self {
        match machines {
            Machines::Emulated => Self::Emulated,
            Machines::Qemu => Self::Qemu,
        }
    }
}

/// What is written to stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Output {
    /// Text for people
    #[default]
    Text,
    /// One JSON document
    Json,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Bring hosts up: create, install, reboot, prove; again: go on, or say that nothing is to be done
    Up(Up),
    /// Install a machine that exists anywhere; wipes it
    Install(Install),
    /// Reboot a server into the vendor's rescue system, and prove that it is there
    Rescue(Rescue),
    /// Remove what is ours, all of it, and list again to prove it
    Teardown(Teardown),
    /// What is up, since when, until when, and what it costs
    List,
    /// Everything that is known of a host's server
    Show(Show),
    /// What the serial console of a host's server said, where the cloud keeps it
    Console(Console),
    /// Log in to a host, or run a command on it, with the pinned host key
    Ssh(Ssh),
    /// A host's own things
    #[command(subcommand)]
    Host(Host),
    /// Serve the embedded cloud for any other client, on loopback
    Sandbox(Sandbox),
    /// Print the completions for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the man page
    Man,
}

impl Cli {
    /// Refuses what clap cannot: flags of the bare form beside a verb.
    pub fn check(&self) -> Outcome {
        if self.command.is_some() && (self.host.is_some() || self.up != UpFlags::default()) {
            return Err(Failure::new(
                Exit::Usage,
                "flags of the bare form stand before a command",
                "they belong after the command's name",
            )
            .mend("provision up HOST [flags]"));
        }
        let serves = matches!(self.command, Some(Command::Sandbox(_)));
        if self.global.machines.is_some() && !self.global.sandbox && !serves {
            return Err(Failure::new(
                Exit::Usage,
                "--machines is about the sandbox's machines",
                "a cloud's own machines are what they are",
            )
            .mend("add --sandbox, or leave --machines out"));
        }
        if self.command.is_none() && self.host.is_none() && self.global.provider.is_none() {
            return Err(
                Failure::new(Exit::Usage, "neither a command nor a provider is named", "")
                    .mend("provision --provider NAME, or provision --help"),
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
