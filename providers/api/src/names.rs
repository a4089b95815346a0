//! Names and ids as newtypes: parsed once at the edge, never validated again.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a name was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {value:?} is not valid: {why}")]
pub struct NameError {
    /// Which kind of name it was meant to be.
    pub what: &'static str,
    /// The text that was given.
    pub value: String,
    /// The rule it breaks.
    pub why: &'static str,
}

fn label(what: &'static str, value: &str, most: usize) -> Result<String, NameError> {
    let refuse = |why| {
        Err(NameError {
            what,
            value: value.to_owned(),
            why,
        })
    };
    if value.is_empty() {
        return refuse("it is empty");
    }
    if value.len() > most {
        return refuse("it is too long");
    }
    if !value
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    {
        return refuse("only a-z, 0-9 and - may stand in it");
    }
    if value.starts_with('-') || value.ends_with('-') {
        return refuse("it may not begin or end with -");
    }
    Ok(value.to_owned())
}

macro_rules! parsed_name {
    ($(#[$doc:meta])* $name:ident, $what:literal, $most:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = NameError;
            fn from_str(value: &str) -> Result<Self, NameError> {
                label($what, value, $most).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(value: String) -> Result<Self, NameError> {
                value.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

parsed_name! {
    /// A host of the flake (`hosts/servers/<name>`): one label of a DNS name (RFC 1123).
    ///
    /// Forty characters at most, so that a suffix for test machines still fits in the
    /// sixty-three that vendors allow.
    HostName, "host name", 40
}
parsed_name! {
    /// Whose servers these are: the same for every machine and CI job of one person or team.
    Owner, "owner", 40
}
parsed_name! {
    /// One run of `up`: begins with the time it started, so that runs sort.
    RunId, "run id", 40
}

macro_rules! vendor_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the vendor's id as it is.
            pub fn new(id: impl Into<String>) -> Self {
                Self(id.into())
            }

            /// The vendor's id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

vendor_id! {
    /// The vendor's id of a server.
    ServerId
}
vendor_id! {
    /// The vendor's id of a login key.
    KeyId
}
vendor_id! {
    /// The vendor's id of something that is under way (a Hetzner action, an OVH task).
    TaskId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_single_dns_labels() {
        for good in ["web-1", "a", "0x", &"a".repeat(40)] {
            assert_eq!(good.parse::<HostName>().unwrap().as_str(), good);
        }
        for bad in [
            "",
            "-a",
            "a-",
            "Web",
            "a.b",
            "a b",
            "a;rm",
            "ä",
            &"a".repeat(41),
        ] {
            assert!(bad.parse::<HostName>().is_err(), "{bad:?} was taken");
        }
    }
}
