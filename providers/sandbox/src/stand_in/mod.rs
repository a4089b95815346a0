//! The program that stands in for nixos-anywhere on the sandbox's machines.
//!
//! It takes the real program's arguments, makes the same calls of whatever `ssh` is first on
//! `PATH` and prints the same `### … ###` lines. An emulated machine is asked to do in one word
//! what the real program does with an installer image, disko and a closure; with [`REAL`] in the
//! environment that is done as the real program does it ([`real`]), on loopback only.
//!
//! In place of a disko script and a system closure it takes two JSON files, with
//! `--store-paths DISKO SYSTEM`, or `disko.json` and `system.json` below the flake's folder in
//! `.stand-in/HOST/`. Keys that are not named here are ignored.
//!
//! ```json
//! {"schema": 1, "disks": [{"device": "/dev/disk/by-path/…", "table": "gpt", "partitions": [
//!   {"name": "boot", "type": "EF02", "size": "1M"},
//!   {"name": "ESP", "type": "EF00", "size": "512M", "format": "vfat", "mountpoint": "/boot"},
//!   {"name": "root", "type": "8300", "size": "100%", "format": "btrfs", "mountpoint": "/"}]}]}
//! ```
//!
//! A type is one of sgdisk's codes or a GUID, a size has one of the units K, M, G, T or is
//! `100%` of what is left.
//!
//! ```json
//! {"schema": 1, "system": "/nix/store/<32 digits>-<name>", "hostname": "web-1",
//!  "arch": "x86_64",
//!  "grub": {"devices": ["nodev"], "efi_support": true, "efi_install_as_removable": true},
//!  "users": [{"name": "admin", "wheel": true, "authorized_keys": ["ssh-ed25519 …"]}],
//!  "permit_root_login": false}
//! ```

mod args;
mod parcel;
mod phase_list;
mod phases;
mod real;
mod remote;

use args::Asked;
use std::ffi::OsString;
use std::io::Write as _;

/// The variable and its value that let it install machines that are real, on loopback.
pub const REAL: (&str, &str) = ("PROVISION_STAND_IN", "real");

/// Why the program ends before it is done.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Aborted(String);

impl From<&str> for Aborted {
    fn from(why: &str) -> Self {
        Self(why.to_owned())
    }
}

impl From<String> for Aborted {
    fn from(why: String) -> Self {
        Self(why)
    }
}

/// Runs the program with the arguments that follow its name; the result is its exit status.
///
/// It prints, since it is a program of its own, and it blocks.
pub fn run(args: impl Iterator<Item = OsString>) -> u8 {
    let args: Vec<String> = args.map(|a| a.to_string_lossy().into_owned()).collect();
    let outcome = match args::read(&args) {
        Ok(Asked::Help) => {
            say(args::USAGE);
            Ok(())
        }
        Ok(Asked::Version) => {
            say(concat!(
                "stand-in for nixos-anywhere ",
                env!("CARGO_PKG_VERSION")
            ));
            Ok(())
        }
        Ok(Asked::Run(request)) if real::is_wanted() => {
            say("stand-in for nixos-anywhere: for the sandbox's own machines, on loopback");
            real::run(&request)
        }
        Ok(Asked::Run(request)) => {
            say(
                "stand-in for nixos-anywhere: for emulated machines only, nothing is built or downloaded",
            );
            phases::run(&request)
        }
        Err(why) => Err(why),
    };
    match outcome {
        Ok(()) => 0,
        Err(why) => {
            // when nobody reads it, nothing can be told
            drop(writeln!(std::io::stderr(), "aborted: {why}"));
            1
        }
    }
}

/// Prints a line and hands it on at once, so that a reader sees each step as it begins.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    drop(writeln!(out, "{line}"));
    drop(out.flush());
}

/// Prints the beginning of a step, in the real program's form.
fn step(what: &str) {
    say(&format!("### {what} ###"));
}
