//! The marks that say, in the cloud itself, whose a thing is and how far it got.

use crate::{Fingerprint, HostName, Owner, RunId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What is written on everything that is created, before it is used.
///
/// The cloud, not the journal, decides what is ours: an adapter keeps these as labels where the
/// vendor has labels, else in the name and an attached key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marks {
    /// Whose it is.
    pub owner: Owner,
    /// The run that made it.
    pub run: RunId,
    /// The host of the flake it is for.
    pub host: HostName,
    /// A server that stays, or a machine for a test.
    pub role: Role,
    /// How far the installation got.
    pub phase: Phase,
    /// When `teardown --expired` may remove it.
    pub expires: Option<Timestamp>,
    /// The host key that the machine must show in this phase.
    pub host_key: Option<Fingerprint>,
}

/// What a server is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A server that stays.
    Server,
    /// A machine for a test: suffixed name, limited time.
    Test,
}

impl Role {
    /// What a `--test` flag means.
    pub fn of(test: bool) -> Self {
        if test { Self::Test } else { Self::Server }
    }
}

/// How far the installation of a server got.
///
/// Ordered: a server only ever moves forward, save by a reinstall.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// It exists, with the vendor's image or a rescue system; nothing of worth is on it.
    Created,
    /// The installation has begun to write to its disks.
    Installing,
    /// The system is on the disk; it has not been seen running.
    Installed,
    /// The expected system was seen running from the disk, with the expected host key.
    Proven,
}

macro_rules! spelled {
    ($name:ident { $($variant:ident = $text:literal),+ }) => {
        impl $name {
            /// The word used in labels, JSON and output.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
        impl FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    other => Err(format!("unknown {}: {other:?}", stringify!($name).to_lowercase())),
                }
            }
        }
    };
}

spelled!(Role { Server = "server", Test = "test" });
spelled!(Phase { Created = "created", Installing = "installing", Installed = "installed", Proven = "proven" });
