//! What a vendor sells: types, places, prices, and what is to be had just now.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A processor architecture, in Nix's words (`x86_64`, `aarch64`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Arch {
    /// 64-bit x86.
    X86_64,
    /// 64-bit ARM.
    Aarch64,
    /// One that the vendor names and this program does not know.
    Other(String),
}

impl Arch {
    /// The word as Nix writes it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Aarch64 => "aarch64",
            Self::Other(word) => word,
        }
    }
}

impl From<String> for Arch {
    /// Takes Nix's and `uname -m`'s words, and the vendors' (`x86`, `arm`, `amd64`, `arm64`).
    fn from(word: String) -> Self {
        match word.as_str() {
            "x86_64" | "x86" | "amd64" => Self::X86_64,
            "aarch64" | "arm" | "arm64" => Self::Aarch64,
            _ => Self::Other(word),
        }
    }
}

impl From<Arch> for String {
    fn from(arch: Arch) -> Self {
        arch.as_str().to_owned()
    }
}

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Everything a provider sells that `provision` can use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalog {
    /// Three letters as the vendor writes them (`EUR`).
    pub currency: String,
    /// The types, in the vendor's order.
    pub types: Vec<ServerType>,
}

/// One type of server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerType {
    /// The vendor's name (`cx23`).
    pub name: String,
    /// The processor's architecture.
    pub arch: Arch,
    /// Virtual or real cores.
    pub cores: u32,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// The boot disk in GiB.
    pub disk_gib: u64,
    /// Where it is sold and for how much.
    pub offers: Vec<Offer>,
}

/// One type of server at one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// The vendor's name of the place (`fsn1`).
    pub location: String,
    /// By the hour, taxes as the vendor bills them, the public IPv4 address included; none
    /// where the vendor does not tell.
    pub hourly: Option<Decimal>,
    /// Whether the vendor says that it can be had now.
    pub available: bool,
    /// Whether the vendor is phasing it out here.
    pub deprecated: bool,
}

impl Catalog {
    /// The type of that name.
    pub fn server_type(&self, name: &str) -> Option<&ServerType> {
        self.types.iter().find(|t| t.name == name)
    }
}

impl ServerType {
    /// What it costs at that place.
    pub fn offer(&self, location: &str) -> Option<&Offer> {
        self.offers.iter().find(|o| o.location == location)
    }
}
