//! `host.toml`: what is wanted of a host. An interface; Nix reads the same file.
//!
//! ```toml
//! provider = "hetzner"     # required: the cloud
//! layout = "auto"          # auto | uefi | bios | hybrid
//! arch = "x86_64"          # x86_64 | aarch64
//! admin = "hbohlen"        # the user whose login is proven
//! ttl = "2h"               # time to live of the server; none: until torn down
//! max_price = "0.02"       # by the hour, in the provider's currency; none: no cap
//! disk = "/dev/disk/by-path/…"  # where to install, if the machine has several; also a serial number
//!
//! [hetzner]
//! types = ["cx23"]         # walked in this order when sold out
//! locations = ["nbg1"]     # likewise
//! image = "debian-13"      # what the server boots before NixOS is on it
//!
//! [ovh]
//! product = "cloud"        # cloud | vps | dedicated
//! flavors = ["d2-2"]
//! regions = ["GRA11"]
//! image = "Debian 13"
//! service = "vps-0a1b2c3d.vps.ovh.net"  # the rented server to take over (vps, dedicated)
//! ```

use super::LayoutChoice;
use jiff::SignedDuration;
use provision_api::Arch;
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, de};
use std::fmt;

/// What `host.toml` says.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostSpec {
    /// The cloud; which ones exist the command line knows.
    pub provider: ProviderName,
    /// How the boot disk is cut.
    #[serde(default)]
    pub layout: LayoutChoice,
    /// The processor that is wanted.
    #[serde(default = "x86_64", deserialize_with = "arch")]
    pub arch: Arch,
    /// The user whose login is proven.
    #[serde(default)]
    pub admin: UserName,
    /// How long a new server lives; more than zero.
    #[serde(default, deserialize_with = "ttl")]
    pub ttl: Option<SignedDuration>,
    /// The most that an hour may cost, in the provider's currency; more than zero.
    #[serde(default, deserialize_with = "price")]
    pub max_price: Option<Decimal>,
    /// The disk to install on, by a name that stays or by its serial number; none: the
    /// machine's only one.
    #[serde(default)]
    pub disk: Option<String>,
    /// What to order at Hetzner Cloud.
    #[serde(default)]
    pub hetzner: Hetzner,
    /// What to order at `OVHcloud`.
    #[serde(default)]
    pub ovh: Ovh,
}

/// What to order at Hetzner Cloud.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Hetzner {
    /// Server types, in the order in which they are tried; empty: the command line must say.
    pub types: Vec<String>,
    /// Locations, in the order in which they are tried; empty: any.
    pub locations: Vec<String>,
    /// The image that the server is created with.
    pub image: String,
}

/// What to order at `OVHcloud`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ovh {
    /// Which of its products.
    pub product: OvhProduct,
    /// Flavors (Public Cloud), in the order in which they are tried.
    pub flavors: Vec<String>,
    /// Regions, in the order in which they are tried; empty: any.
    pub regions: Vec<String>,
    /// The image that the server is created with or set back to.
    pub image: String,
    /// The name of a server that exists already (VPS and dedicated cannot be created).
    pub service: Option<String>,
}

impl HostSpec {
    /// The provider that the host is at: the cloud, and which of its products.
    pub fn provider_name(&self) -> &str {
        match (self.provider.as_str(), self.ovh.product) {
            ("ovh", OvhProduct::Vps) => "ovh-vps",
            ("ovh", OvhProduct::Dedicated) => "ovh-dedicated",
            (name, _) => name,
        }
    }
}

/// The products of `OVHcloud` that `host.toml` can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OvhProduct {
    /// Public Cloud instances: by the hour, created and deleted by API.
    #[default]
    Cloud,
    /// Virtual private servers: for a fixed term.
    Vps,
    /// Dedicated servers: for a fixed term.
    Dedicated,
}

impl Default for Hetzner {
    fn default() -> Self {
        Self {
            types: Vec::new(),
            locations: Vec::new(),
            image: "debian-13".to_owned(),
        }
    }
}

impl Default for Ovh {
    fn default() -> Self {
        Self {
            product: OvhProduct::default(),
            flavors: Vec::new(),
            regions: Vec::new(),
            image: "Debian 13".to_owned(),
            service: None,
        }
    }
}

/// Why a word in `host.toml` was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {value:?} is not valid: {why}")]
pub struct WordError {
    what: &'static str,
    value: String,
    why: &'static str,
}

/// A cloud's name as users write it (`hetzner`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ProviderName(String);

/// The name of a Unix user.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct UserName(String);

impl Default for UserName {
    fn default() -> Self {
        Self("hbohlen".to_owned())
    }
}

impl TryFrom<String> for ProviderName {
    type Error = WordError;
    fn try_from(value: String) -> Result<Self, WordError> {
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if value.starts_with(|c: char| c.is_ascii_lowercase()) && value.chars().all(good) {
            return Ok(Self(value));
        }
        Err(WordError {
            what: "provider",
            value,
            why: "a lower-case word is wanted (hetzner)",
        })
    }
}

impl TryFrom<String> for UserName {
    type Error = WordError;
    fn try_from(value: String) -> Result<Self, WordError> {
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
        let why = if value == "root" {
            "root does not log in; name another user"
        } else if value.len() > 31 {
            "it is too long"
        } else if value.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
            && value.chars().all(good)
        {
            return Ok(Self(value));
        } else {
            "a-z, 0-9, _ and - may stand in it, and it begins with a letter"
        };
        Err(WordError {
            what: "admin",
            value,
            why,
        })
    }
}

macro_rules! word {
    ($($name:ident),*) => {$(
        impl $name {
            /// The word as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    )*};
}
word!(ProviderName, UserName);

fn x86_64() -> Arch {
    Arch::X86_64
}

fn arch<'de, D: Deserializer<'de>>(input: D) -> Result<Arch, D::Error> {
    let word = String::deserialize(input)?;
    match word.as_str() {
        "x86_64" | "aarch64" => Ok(word.into()),
        _ => Err(de::Error::custom(format!(
            "arch {word:?} is neither x86_64 nor aarch64"
        ))),
    }
}

fn ttl<'de, D: Deserializer<'de>>(input: D) -> Result<Option<SignedDuration>, D::Error> {
    let word = String::deserialize(input)?;
    match word.parse::<SignedDuration>() {
        Ok(ttl) if ttl.is_positive() => Ok(Some(ttl)),
        _ => Err(de::Error::custom(format!(
            "ttl {word:?} is not a time to live: write it as \"90m\" or \"2h\""
        ))),
    }
}

fn price<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Decimal>, D::Error> {
    let word = String::deserialize(input)?;
    match word.parse::<Decimal>() {
        Ok(price) if price > Decimal::ZERO => Ok(Some(price)),
        _ => Err(de::Error::custom(format!(
            "max_price {word:?} is not a price: write it as \"0.02\""
        ))),
    }
}
