//! What the other verbs take.

use super::parse::user_name;
use super::up::Stage;
use clap::{Args, Subcommand, ValueEnum};
use provision_api::{Fingerprint, HostName, RunId};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// What installs a machine that exists.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("trust").required(true).args(["host_key", "accept_new_host_key"]))]
pub struct Install {
    /// The host of the flake
    pub host: HostName,
    /// Where the machine is
    #[arg(long, value_name = "IP")]
    pub target_ip: IpAddr,
    /// The user to log in as; any other than root needs sudo without a password
    #[arg(long, default_value = "root", value_parser = user_name)]
    pub user: String,
    /// Its SSH port
    #[arg(long, default_value_t = 22)]
    pub port: u16,
    /// The fingerprint of its host key, as `ssh-keygen -l` prints it
    #[arg(long, value_name = "SHA256:…")]
    pub host_key: Option<Fingerprint>,
    /// Trust whatever host key it shows first
    #[arg(long)]
    pub accept_new_host_key: bool,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
    /// What is passed on to the installation.
    #[command(flatten)]
    pub stage: Stage,
}

/// What boots a rescue system.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of its own on the command line"
)]
pub struct Rescue {
    /// The host of the flake
    pub host: HostName,
    /// The host's machine for tests
    #[arg(long)]
    pub test: bool,
    /// Boot from the disk again
    #[arg(long)]
    pub off: bool,
    /// Print root's password in the rescue system, where the vendor's API tells one
    #[arg(long, conflicts_with = "off")]
    pub show_password: bool,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
}

/// What removes servers.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true).args(["hosts", "test", "expired", "run"]))]
pub struct Teardown {
    /// Hosts of the flake
    #[arg(value_name = "HOST", conflicts_with_all = ["expired", "run"])]
    pub hosts: Vec<HostName>,
    /// Machines for tests: those of the hosts, or all of them
    #[arg(long, conflicts_with_all = ["expired", "run"])]
    pub test: bool,
    /// All whose time is over
    #[arg(long, conflicts_with = "run")]
    pub expired: bool,
    /// All that one run made
    #[arg(long, value_name = "ID")]
    pub run: Option<RunId>,
    /// What becomes of the disk of a rented server, whose contract always goes on
    #[arg(long, value_name = "WHAT", value_enum, default_value_t)]
    pub rented: Rented,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
}

/// What becomes of a rented server that is given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Rented {
    /// It runs on as it is, and bears our marks no more
    #[default]
    Leave,
    /// Its disk is set back to the vendor's image first
    Reset,
}

/// What shows a host's server.
#[derive(Debug, Args)]
pub struct Show {
    /// The host of the flake
    pub host: HostName,
    /// The host's machine for tests
    #[arg(long)]
    pub test: bool,
    /// What was found out about its last failure
    #[arg(long)]
    pub post_mortem: bool,
}

/// What shows a console.
#[derive(Debug, Args)]
pub struct Console {
    /// The host of the flake
    pub host: HostName,
    /// The host's machine for tests
    #[arg(long)]
    pub test: bool,
    /// Go on with what is said from now on, until interrupted
    #[arg(long, short)]
    pub follow: bool,
}

/// One host.
#[derive(Debug, Args)]
pub struct OneHost {
    /// The host of the flake
    pub host: HostName,
}

/// What logs in.
#[derive(Debug, Args)]
pub struct Ssh {
    /// The host of the flake
    pub host: HostName,
    /// The host's machine for tests
    #[arg(long)]
    pub test: bool,
    /// The user to log in as; the host's admin user unless given
    #[arg(long, value_parser = user_name)]
    pub user: Option<String>,
    /// A command to run there instead of a shell
    #[arg(last = true, value_name = "CMD")]
    pub command: Vec<String>,
}

/// A host's own things.
#[derive(Debug, Subcommand)]
pub enum Host {
    /// Make the host's identity before it exists, and print its public key and age recipient
    Key(OneHost),
}

/// What serves the embedded cloud.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Sandbox {
    /// Something else than serving.
    #[command(subcommand)]
    pub command: Option<SandboxCommand>,
    /// Where to listen; loopback only
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// A file with the world's settings (docs/sandbox.md)
    #[arg(long, value_name = "FILE")]
    pub world: Option<PathBuf>,
    /// How long things take: off, realistic, or a factor of realistic (0.1)
    #[arg(long, value_name = "HOW")]
    pub latency: Option<String>,
}

/// What is done with the embedded cloud beside serving it.
#[derive(Debug, Subcommand)]
pub enum SandboxCommand {
    /// End the process that serves, and every guest; what was on is on again when it is used next
    Stop,
    /// The images that guests boot
    #[command(subcommand)]
    Image(Image),
}

/// The images that guests boot.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum Image {
    /// Make them from Debian's packages, unless they are there; takes minutes
    Build,
    /// Say where they are and how large
    Show,
}
