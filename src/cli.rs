//! The command line: every verb and flag, as clap reads them.

use crate::failure::{Exit, Failure, Outcome};
use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::SignedDuration;
use provision_api::{Fingerprint, HostName, Owner, RunId};
use rust_decimal::Decimal;
use std::net::{IpAddr, SocketAddr};
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
pub struct Rescue {
    /// The host of the flake
    pub host: HostName,
    /// The host's machine for tests
    #[arg(long)]
    pub test: bool,
    /// Boot from the disk again
    #[arg(long)]
    pub off: bool,
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
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
}

/// What shows a host's server.
#[derive(Debug, Args)]
pub struct Show {
    /// The host of the flake
    pub host: HostName,
    /// The host's machine for tests
    #[arg(long)]
    pub test: bool,
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
pub struct Sandbox {
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

/// No server is given a longer time to live: what ends after the last year that a date can have
/// would have no end at all.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 3660);

fn duration(text: &str) -> Result<SignedDuration, String> {
    let span: jiff::Span = text
        .parse()
        .map_err(|e| format!("{e}; write it like 90m, 2h or 3d"))?;
    let duration = span
        .to_duration(jiff::SpanRelativeTo::days_are_24_hours())
        .map_err(|e| e.to_string())?;
    if duration <= SignedDuration::ZERO {
        return Err("it has to be longer than nothing".to_owned());
    }
    if duration > LONGEST {
        return Err("more than ten years are not counted; leave it out for no end".to_owned());
    }
    Ok(duration)
}

/// A login name that cannot be taken for an option or a second word.
fn user_name(text: &str) -> Result<String, String> {
    let first = text.bytes().next().unwrap_or(b'-');
    let good = (first.is_ascii_alphabetic() || first == b'_')
        && text.len() <= 32
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    if good {
        Ok(text.to_owned())
    } else {
        Err("a user name has up to 32 letters, digits, _, - and .".to_owned())
    }
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
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn clap_agrees_with_itself() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_mistyped_verb_is_not_a_host() {
        assert!(Cli::try_parse_from(["provision", "upp"]).is_err());
        assert!(Cli::try_parse_from(["provision", "web-1"]).is_err());
        assert!(Cli::try_parse_from(["provision", "--provider", "hetzner"]).is_ok());
    }

    #[test]
    fn flags_of_the_bare_form_are_not_dropped_beside_a_verb() {
        for flags in [
            "--on-failure teardown",
            "--store-paths /a /b",
            "--kexec x --kexec-sha256 y",
            "--disk-encryption-keys /a b",
            "--build-on remote",
            "--yes",
            "--host web-1",
            "--max-price 1",
        ] {
            let line = format!("provision {flags} up web-1");
            let cli = Cli::try_parse_from(line.split(' ')).unwrap();
            assert_eq!(cli.check().unwrap_err().exit, Exit::Usage, "{line}");
        }
        for line in [
            "provision --provider hetzner up web-1 --yes",
            "provision --host web-1 --yes",
            "provision --provider hetzner",
        ] {
            let cli = Cli::try_parse_from(line.split(' ')).unwrap();
            cli.check().unwrap();
        }
        for line in ["provision", "provision --yes"] {
            let cli = Cli::try_parse_from(line.split(' ')).unwrap();
            assert_eq!(cli.check().unwrap_err().exit, Exit::Usage, "{line}");
        }
    }

    #[test]
    fn times_are_read_as_people_write_them() {
        for (text, seconds) in [
            ("2h", 7200),
            ("90m", 5400),
            ("3d", 259_200),
            ("1h30m", 5400),
        ] {
            assert_eq!(duration(text).unwrap().as_secs(), seconds, "{text}");
        }
        for text in ["", "2", "-2h", "0s", "1 fortnight", "11y", "7000000d"] {
            assert!(duration(text).is_err(), "{text:?} was taken");
        }
    }

    #[test]
    fn install_names_both_ways_to_trust() {
        let parse = |line: &str| Cli::try_parse_from(line.split(' '));
        let error = parse("provision install web-1 --target-ip 192.0.2.7").unwrap_err();
        let error = error.to_string();
        for flag in ["--host-key", "--accept-new-host-key"] {
            assert!(error.contains(flag), "{error}");
        }
        let key = format!("--host-key SHA256:{}", "A".repeat(43));
        let line = format!("provision install web-1 --target-ip 192.0.2.7 {key}");
        assert!(parse(&line).is_ok());
        assert!(parse(&format!("{line} --accept-new-host-key")).is_err());
    }

    #[test]
    fn teardown_wants_one_way_of_choosing() {
        let parse = |line: &str| Cli::try_parse_from(line.split(' '));
        assert!(parse("provision teardown").is_err());
        assert!(parse("provision teardown web-1 --expired").is_err());
        assert!(parse("provision teardown --test --run r1").is_err());
        assert!(parse("provision teardown web-1 --test").is_ok());
        assert!(parse("provision teardown web-1 web-2 --yes").is_ok());
        assert!(parse("provision teardown --expired").is_ok());
    }
}
