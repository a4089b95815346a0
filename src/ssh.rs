//! Every SSH connection that `provision` makes itself: to one target, with a pinned host key,
//! one login key, no agent, no forwarding, no configuration of the user's, and a deadline.

pub mod password;
pub mod pins;
mod run;
pub mod shim;

use crate::child;
use crate::failure::{Exit, Failure};
use crate::report::quote;
use crate::state::plain_name;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// A machine to log in to, and the host key that it must show.
#[derive(Debug, Clone)]
pub struct Target {
    /// The server's name, for messages and as the name that the host key is pinned under.
    pub name: String,
    /// Its address.
    pub host: String,
    /// Its SSH port.
    pub port: u16,
    /// The user to log in as.
    pub user: String,
    /// The private login key.
    pub identity: PathBuf,
    /// The pinned host keys (`known_hosts`).
    pub pins: PathBuf,
}

/// What a command on the machine printed, and how it ended.
#[derive(Debug, Clone)]
pub struct Printed {
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
    /// Its exit status.
    pub code: i32,
}

/// Why a command did not run on the machine.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SshError {
    /// Nothing answers (yet).
    #[error("nothing answers: {0}")]
    Silent(String),
    /// Something answers, with another host key than the pinned one.
    #[error("the host key is not the pinned one: {0}")]
    HostKey(String),
    /// It does not take the login key.
    #[error("the login is refused: {0}")]
    Refused(String),
    /// There is no `ssh` on this machine.
    #[error("there is no ssh program: {0}")]
    NoProgram(String),
    /// No end within the deadline.
    #[error("no answer within {0} s")]
    TimedOut(u64),
    /// It prints so many MiB and more.
    #[error("it answers, and prints without end: more than {0} MiB for one command")]
    Endless(u64),
}

impl SshError {
    /// The failure it is for the step that met it.
    pub fn failure(&self, name: &str) -> Failure {
        match self {
            Self::HostKey(_) => Failure::new(
                Exit::Trust,
                format!("{name}: refused to talk to whoever answers at its address"),
                self,
            )
            .mend("find out who answers there (the vendor's console shows the machine); nothing was sent to it"),
            Self::NoProgram(_) => Failure::new(Exit::Tool, "ssh is missing", self)
                .mend("install OpenSSH's client (Debian: apt install openssh-client)"),
            Self::Refused(_) => Failure::new(Exit::Denied, format!("{name}: cannot log in"), self)
                .mend("name the key that this server knows with --identity"),
            Self::Silent(_) | Self::TimedOut(_) | Self::Endless(_) => {
                Failure::new(Exit::Unreachable, format!("{name}: no answer"), self)
            }
        }
    }
}

impl Target {
    /// The same machine with another user and other pins.
    #[must_use]
    pub fn with(&self, user: &str, pins: PathBuf) -> Self {
        Self {
            user: user.to_owned(),
            pins,
            ..self.clone()
        }
    }

    /// The options that make a connection to this target safe; OpenSSH keeps the first value
    /// of each, so they stand first.
    pub fn options(&self) -> Vec<OsString> {
        let mut options: Vec<OsString> = vec!["-F".into(), "none".into()];
        options.extend(pinned_options(self));
        options.extend(["-i".into(), self.identity.clone().into()]);
        options
    }

    /// The command that a person types to get in.
    pub fn shown(&self) -> String {
        // ssh splits the value itself at blanks, unless it stands in double quotes
        let pins = self.pins.display().to_string();
        let pins = if pins.contains(char::is_whitespace) {
            format!("UserKnownHostsFile=\"{pins}\"")
        } else {
            format!("UserKnownHostsFile={pins}")
        };
        format!(
            "ssh -i {} -p {} -o {} -o {} {}",
            quote(&self.identity),
            self.port,
            quote(&format!("HostKeyAlias={}", alias(&self.name))),
            quote(&pins),
            quote(&format!("{}@{}", self.user, self.host))
        )
    }

    /// Runs a command on the machine; `script` is one argument, read by the login shell there.
    pub async fn run(
        &self,
        script: &str,
        stdin: Option<&[u8]>,
        deadline: Duration,
    ) -> Result<Printed, SshError> {
        let mut command = child::command("ssh");
        command
            .args(self.options())
            .args(["-o", "BatchMode=yes"])
            .args(run::PATIENCE)
            .arg("--")
            .arg(&self.host)
            .arg(script);
        run::execute(command, stdin, deadline).await
    }
}

/// Where, as whom, and what must be shown there.
fn pinned_options(target: &Target) -> Vec<OsString> {
    let mut options = trust_options(&alias(&target.name), &target.pins);
    options.extend([
        "-p".into(),
        target.port.to_string().into(),
        "-l".into(),
        target.user.clone().into(),
    ]);
    options
}

/// The name that a server's host key is pinned under.
pub fn alias(name: &str) -> String {
    format!("provision-{}", plain_name(name))
}

/// The options that pin the host key and keep the user's agent out.
pub fn trust_options(alias: &str, pins: &std::path::Path) -> Vec<OsString> {
    // ssh expands %h and the like in this one
    let pins = pins.display().to_string().replace('%', "%%");
    let file = OsString::from(format!("UserKnownHostsFile=\"{pins}\""));
    let mut options = Vec::new();
    for option in [
        OsString::from("StrictHostKeyChecking=yes"),
        file,
        "GlobalKnownHostsFile=/dev/null".into(),
        format!("HostKeyAlias={alias}").into(),
        "HostKeyAlgorithms=ssh-ed25519".into(),
        "CheckHostIP=no".into(),
        "UpdateHostKeys=no".into(),
        "VerifyHostKeyDNS=no".into(),
        "IdentitiesOnly=yes".into(),
        "IdentityAgent=none".into(),
        "ForwardAgent=no".into(),
        "ControlMaster=no".into(),
        "ControlPath=none".into(),
        "PasswordAuthentication=no".into(),
        "KbdInteractiveAuthentication=no".into(),
    ] {
        options.push("-o".into());
        options.push(option);
    }
    options
}
