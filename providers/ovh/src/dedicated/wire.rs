//! JSON of `/dedicated/server` as the vendor has it, read with tolerance.

use crate::rented::{Iam, or_default};
use serde::{Deserialize, Serialize};

/// `GET /dedicated/server/{serviceName}`
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Detail {
    #[serde(default, rename = "bootId")]
    pub(super) boot: Option<u64>,
    #[serde(default, rename = "efiBootloaderPath", deserialize_with = "or_default")]
    pub(super) loader: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) ip: String,
    /// The vendor's name of what it installed last (`debian12_64`).
    #[serde(default, deserialize_with = "or_default")]
    pub(super) os: String,
    /// `poweron` or `poweroff`
    #[serde(default, rename = "powerState", deserialize_with = "or_default")]
    pub(super) power: String,
    /// `ok`, `error`, `hacked` or `hackedBlocked`
    #[serde(default, deserialize_with = "or_default")]
    pub(super) state: String,
    #[serde(default, rename = "commercialRange", deserialize_with = "or_default")]
    pub(super) range: String,
    /// `gra3`
    #[serde(default, deserialize_with = "or_default")]
    pub(super) datacenter: String,
    #[serde(default)]
    pub(super) iam: Option<Iam>,
}

/// `GET …/specifications/hardware`
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Hardware {
    /// `legacy`, `uefi` or `uefi-legacy`
    #[serde(default, rename = "bootMode", deserialize_with = "or_default")]
    pub(super) boot_mode: String,
    #[serde(
        default,
        rename = "processorArchitecture",
        deserialize_with = "or_default"
    )]
    pub(super) architecture: String,
    /// The commercial name.
    #[serde(default, deserialize_with = "or_default")]
    pub(super) description: String,
}

/// `GET …/specifications/network`
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Network {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) routing: Routing,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Routing {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) ipv6: Route6,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Route6 {
    /// The server's block, or an address in it with the block's length.
    #[serde(default, deserialize_with = "or_default")]
    pub(super) ip: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) gateway: String,
}

/// `GET …/boot/{bootId}`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Boot {
    #[serde(rename = "bootId")]
    pub(super) id: u64,
    /// `rescue12-customer`
    #[serde(default, deserialize_with = "or_default")]
    pub(super) kernel: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) description: String,
}

/// The body of `PUT /dedicated/server/{serviceName}`: what is not named stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Change<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) boot_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rescue_ssh_key: Option<RescueKey<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) efi_bootloader_path: Option<Loader>,
}

/// The login key of the rescue system, or that there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(super) struct RescueKey<'a>(pub(super) Option<&'a str>);

/// The path of a boot loader, or that there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(super) struct Loader(pub(super) Option<&'static str>);

/// The body of `POST …/reinstall`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reinstall<'a> {
    pub(super) operating_system: &'a str,
}
