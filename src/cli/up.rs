//! What `up` takes, and what it passes on to the installation.

use super::parse::duration;
use clap::{Args, ValueEnum};
use jiff::SignedDuration;
use provision_api::HostName;
use rust_decimal::Decimal;
use std::path::PathBuf;

/// What brings hosts up.
#[derive(Debug, Args)]
pub struct Up {
    /// Hosts of the flake
    #[arg(required = true, value_name = "HOST")]
    pub hosts: Vec<HostName>,
    /// How.
    #[command(flatten)]
    pub flags: UpFlags,
}

/// How hosts are brought up.
#[derive(Debug, Clone, Default, PartialEq, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of its own on the command line"
)]
pub struct UpFlags {
    /// The vendor's name of the server type, instead of host.toml's list
    #[arg(long = "type", value_name = "TYPE")]
    pub server_type: Option<String>,
    /// The vendor's name of the place, instead of host.toml's list
    #[arg(long, value_name = "LOCATION")]
    pub location: Option<String>,
    /// The rented server to take over and wipe (ovh-vps, ovh-dedicated), as the vendor names it
    #[arg(long, value_name = "NAME")]
    pub server: Option<String>,
    /// How long it may live (2h, 3d); `teardown --expired` removes it afterwards
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub ttl: Option<SignedDuration>,
    /// The most that one server may cost by the hour, in the vendor's currency
    #[arg(long, value_name = "PER_HOUR")]
    pub max_price: Option<Decimal>,
    /// A machine for a test: suffixed name, role=test, lives two hours unless --ttl says otherwise
    #[arg(long)]
    pub test: bool,
    /// Wipe and install again what was proven
    #[arg(long)]
    pub reinstall: bool,
    /// What becomes of a new server when its installation fails
    #[arg(long, value_name = "WHAT", value_enum, default_value_t)]
    pub on_failure: OnFailure,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
    /// What is passed on to the installation.
    #[command(flatten)]
    pub stage: Stage,
}

/// What is passed on to the installation stage.
#[derive(Debug, Clone, Default, PartialEq, Args)]
#[command(next_help_heading = "Installation")]
pub struct Stage {
    /// A folder whose files are copied to the root of the new system, modes kept
    #[arg(long, value_name = "DIR")]
    pub extra_files: Option<PathBuf>,
    /// A disk encryption key: path in the installer, and the local file
    #[arg(long, num_args = 2, value_names = ["REMOTE", "LOCAL"])]
    pub disk_encryption_keys: Vec<String>,
    /// Where the system is built
    #[arg(long, value_name = "WHERE", value_enum, default_value_t)]
    pub build_on: BuildOn,
    /// A disko script and a system that are built already
    #[arg(long, num_args = 2, value_names = ["DISKO", "SYSTEM"])]
    pub store_paths: Vec<PathBuf>,
    /// An own kexec tarball: a path or URL
    #[arg(long, value_name = "TARBALL", requires = "kexec_sha256")]
    pub kexec: Option<String>,
    /// The tarball's SHA-256, in hexadecimal
    #[arg(long, value_name = "HEX", requires = "kexec")]
    pub kexec_sha256: Option<String>,
    /// Install a layout that the gate holds to be against the firmware; it will probably not boot
    #[arg(long)]
    pub force_layout: bool,
}

/// What becomes of a new server when its installation fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum OnFailure {
    /// It stays, so that `up` can go on
    #[default]
    Keep,
    /// It is removed
    Teardown,
}

/// Where the system is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum BuildOn {
    /// The same as local
    #[default]
    Auto,
    /// Here, before anything is created
    Local,
    /// On the machine that is installed
    Remote,
}

impl BuildOn {
    /// The word that nixos-anywhere takes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Local => "local",
            Self::Remote => "remote",
        }
    }
}
