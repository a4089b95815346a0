//! The marks that say, in the cloud itself, whose a thing is and how far it got.

use crate::{Fingerprint, HostName, Owner, RunId};
use jiff::{SignedDuration, Timestamp};
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
    /// Who is at work on it, if anybody is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
}

/// A run's word that it is at work on a server, good for a while: it is renewed as long as the
/// run lives, and a run that was killed loses it by time.
///
/// It locks nothing: no vendor writes marks on a condition. It is what a run elsewhere, and
/// `teardown --expired`, go by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Until when, in the vendor's time, whole seconds.
    pub until: Timestamp,
    /// The run that is at work; not always the one that made the server.
    pub run: RunId,
}

impl Lease {
    /// No run takes one for longer; what is further ahead is nonsense, and would keep a dead
    /// server for ever.
    pub const LONGEST: SignedDuration = SignedDuration::from_hours(1);

    /// Whether the run still has it then (the vendor's time).
    pub fn is_held(&self, now: Timestamp) -> bool {
        let left = self.until.duration_since(now);
        left > SignedDuration::ZERO && left <= Self::LONGEST
    }
}

impl fmt::Display for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { until, run } = self;
        write!(f, "run {run} is at work on it until {until}")
    }
}

impl Marks {
    /// Whether both tell of the same server of the same run: what a mark that was read a while
    /// ago and one that is read now must agree in before anything is done to the server.
    pub fn same_server(&self, other: &Self) -> bool {
        (&self.owner, &self.host, self.role, &self.run)
            == (&other.owner, &other.host, other.role, &other.run)
    }

    /// The lease of the run that is at work on it then (the vendor's time); none where nobody
    /// tells the time.
    pub fn lease_at(&self, now: Option<Timestamp>) -> Option<&Lease> {
        let lease = self.lease.as_ref()?;
        now.is_some_and(|now| lease.is_held(now)).then_some(lease)
    }

    /// These marks, with nobody at work on it.
    #[must_use]
    pub fn unleased(&self) -> Self {
        Self {
            lease: None,
            ..self.clone()
        }
    }

    /// Whose it is and what for, in words.
    pub fn whose(&self) -> String {
        format!(
            "{}'s for host {} ({} of run {})",
            self.owner, self.host, self.role, self.run
        )
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_held_until_its_end_and_not_for_ever() {
        let lease = Lease {
            until: Timestamp::from_second(1_000_000).unwrap(),
            run: "r1".parse().unwrap(),
        };
        for (before_the_end, held) in [
            (-86_400, false),
            (-1, false),
            (0, false),
            (1, true),
            (300, true),
            (3600, true),
            (3601, false),
            (86_400, false),
        ] {
            let now = Timestamp::from_second(1_000_000 - before_the_end).unwrap();
            assert_eq!(lease.is_held(now), held, "{before_the_end}");
        }
    }
}
