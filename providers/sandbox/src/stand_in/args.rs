//! The arguments of nixos-anywhere, as its script reads them.

use super::Aborted;
use super::phase_list::Phases;
use std::path::PathBuf;

/// What `--help` prints.
pub(super) const USAGE: &str = "\
Usage: nixos-anywhere [options] [<ssh-host>]

A stand-in for the sandbox's machines. It takes the options of nixos-anywhere:
-f, --flake <dir#host>          what is installed; for emulated machines descriptions are
                                read from <dir>/.stand-in/<host>/
-s, --store-paths <disko> <system>
                                the script and the system, or their descriptions
--target-host <ssh-host>        where to
-i <identity_file>              the login key
-p, --ssh-port <port>           the SSH port
--post-kexec-ssh-port <port>    the SSH port of the installer, 22 by default
--ssh-option <option>           one option for ssh, can be repeated
--phases <list>                 of kexec,disko,install,reboot; all by default
--extra-files <dir>             copied to the root of the new system
--chown <path> <owner>          who owns a path of the extra files
--copy-host-keys                the installer's host keys are kept
--disk-encryption-keys <remote> <local>
                                a file for the installer
--force-kexec                   even if an installer runs already
--debug                         shows the calls of ssh
--build-on <auto|local|remote>  where the flake is built
--no-disko-deps                 the disko script that brings no programs along
--no-substitute-on-destination  the machine is to ask no binary cache
--kexec <file>, --kexec-extra-flags <flags>
                                the installer's image
--option <key> <value>          for nix
Those after --debug change nothing for emulated machines.";

/// What the program shall do.
#[derive(Debug)]
pub(super) enum Asked {
    Help,
    Version,
    Run(Box<Request>),
}

/// A whole request.
#[derive(Debug, Default)]
pub(super) struct Request {
    /// `[user@]host`.
    pub(super) target: String,
    pub(super) identity: Option<PathBuf>,
    /// `-p` and `-o` for ssh, in the order in which they were given.
    pub(super) ssh: Vec<String>,
    pub(super) post_kexec_port: Option<String>,
    pub(super) phases: Phases,
    pub(super) source: Source,
    pub(super) extra_files: Option<PathBuf>,
    /// Paths and owners.
    pub(super) chown: Vec<(String, String)>,
    pub(super) copy_host_keys: bool,
    /// Remote paths and local ones.
    pub(super) keys: Vec<(String, PathBuf)>,
    pub(super) force_kexec: bool,
    pub(super) debug: bool,
    /// What only real machines have a use for.
    pub(super) real: Real,
}

/// What only real machines have a use for.
#[derive(Debug, Default)]
pub(super) struct Real {
    pub(super) build_on: BuildOn,
    /// The installer's image.
    pub(super) kexec: Option<PathBuf>,
    pub(super) kexec_flags: String,
    pub(super) no_disko_deps: bool,
    pub(super) no_substitutes: bool,
    /// Options of nix: keys and values.
    pub(super) nix: Vec<(String, String)>,
}

/// Where a flake is built.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum BuildOn {
    #[default]
    Auto,
    Local,
    Remote,
}

/// Where the descriptions are.
#[derive(Debug, Default)]
pub(super) enum Source {
    #[default]
    Nowhere,
    Files {
        disko: PathBuf,
        system: PathBuf,
    },
    Flake {
        folder: PathBuf,
        host: String,
        /// The flake as Nix names it.
        reference: String,
        /// The configuration inside it.
        attribute: String,
    },
}

/// Reads the arguments.
pub(super) fn read(args: &[String]) -> Result<Asked, Aborted> {
    let mut request = Request::default();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let mut value = || {
            args.next()
                .cloned()
                .ok_or_else(|| Aborted(format!("{arg} wants another argument")))
        };
        match arg.as_str() {
            "--help" => return Ok(Asked::Help),
            "--version" => return Ok(Asked::Version),
            "-f" | "--flake" => request.source = flake(&value()?)?,
            "-s" | "--store-paths" => {
                request.source = Source::Files {
                    disko: value()?.into(),
                    system: value()?.into(),
                }
            }
            "--target-host" => request.target = value()?,
            "-i" => request.identity = Some(value()?.into()),
            "-p" | "--ssh-port" => request.ssh.extend(["-p".to_owned(), value()?]),
            "--ssh-option" => request.ssh.extend(["-o".to_owned(), value()?]),
            "--post-kexec-ssh-port" => request.post_kexec_port = Some(value()?),
            "--phases" => request.phases = Phases::read(&value()?)?,
            "--extra-files" => request.extra_files = Some(value()?.into()),
            "--chown" => request.chown.push((value()?, value()?)),
            "--copy-host-keys" => request.copy_host_keys = true,
            "--disk-encryption-keys" => request.keys.push((value()?, value()?.into())),
            "--force-kexec" => request.force_kexec = true,
            "--debug" => request.debug = true,
            "--build-on" => request.real.build_on = BuildOn::read(&value()?)?,
            "--build-on-remote" => request.real.build_on = BuildOn::Remote,
            "--disko-mode" => one_of(arg, &value()?, &["disko"])?,
            "--kexec" => request.real.kexec = Some(value()?.into()),
            "--kexec-extra-flags" => request.real.kexec_flags = value()?,
            "--no-disko-deps" => request.real.no_disko_deps = true,
            "--no-substitute-on-destination" => request.real.no_substitutes = true,
            "--option" => request.real.nix.push((value()?, value()?)),
            "--from" => drop(value()?),
            "--ssh-store-setting" => drop((value()?, value()?)),
            "-L"
            | "--print-build-logs"
            | "--show-trace"
            | "-t"
            | "--tty"
            | "--no-use-machine-substituters" => {}
            "--vm-test" | "--env-password" | "--generate-hardware-config" => {
                return Err(format!("{arg} has no meaning for the sandbox's machines").into());
            }
            option if option.starts_with('-') => {
                return Err(format!("unknown option {option}\n{USAGE}").into());
            }
            host if request.target.is_empty() => host.clone_into(&mut request.target),
            host => return Err(format!("one host only, and there is {host} too\n{USAGE}").into()),
        }
    }
    request.check()
}

impl BuildOn {
    fn read(word: &str) -> Result<Self, Aborted> {
        one_of("--build-on", word, &["auto", "local", "remote"])?;
        Ok(match word {
            "local" => Self::Local,
            "remote" => Self::Remote,
            _ => Self::Auto,
        })
    }
}

impl Request {
    fn check(self) -> Result<Asked, Aborted> {
        if self.target.is_empty() {
            return Err("ssh-host must be set".into());
        }
        if self.target.starts_with('-') {
            return Err("ssh-host must not begin with a dash".into());
        }
        match &self.source {
            Source::Nowhere => Err("--flake or --store-paths must be set".into()),
            Source::Files { disko, system } if !disko.exists() || !system.exists() => Err(format!(
                "{} and {} must be existing store-paths",
                disko.display(),
                system.display()
            )
            .into()),
            _ => Ok(Asked::Run(Box::new(self))),
        }
    }
}

fn one_of(option: &str, value: &str, known: &[&str]) -> Result<(), Aborted> {
    if known.contains(&value) {
        return Ok(());
    }
    let known = known.join(", ");
    Err(format!("Supported values for {option} are {known}. Unknown mode : {value}").into())
}

/// `DIR#HOST` or `DIR#nixosConfigurations.HOST…`.
fn flake(uri: &str) -> Result<Source, Aborted> {
    let (folder, attribute) = match uri.rsplit_once('#') {
        Some((folder, attribute)) if !attribute.is_empty() => (folder, attribute),
        _ => {
            return Err(
                "Please specify the name of the NixOS configuration to be installed, as a URI fragment in the flake-uri."
                    .into(),
            );
        }
    };
    let host = attribute
        .strip_prefix("nixosConfigurations.")
        .unwrap_or(attribute);
    let host = host.split('.').next().unwrap_or(host).trim_matches('"');
    if host.is_empty() || host.contains('/') || host == ".." {
        return Err(format!("{host} is no name of a host").into());
    }
    let reference = folder.to_owned();
    let attribute = if attribute.starts_with("nixosConfigurations.") {
        attribute.to_owned()
    } else {
        format!("nixosConfigurations.\"{host}\".config")
    };
    let folder = folder
        .strip_prefix("path:")
        .or_else(|| folder.strip_prefix("git+file://"))
        .unwrap_or(folder);
    let folder = folder.split('?').next().unwrap_or(folder);
    Ok(Source::Flake {
        folder: if folder.is_empty() { "." } else { folder }.into(),
        host: host.to_owned(),
        reference,
        attribute,
    })
}

#[cfg(test)]
#[path = "args_tests.rs"]
mod tests;
