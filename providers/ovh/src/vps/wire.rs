//! JSON of `/vps` as the vendor has it, read with tolerance.

use crate::rented::{Iam, or_default};
use serde::{Deserialize, Serialize};

/// `GET /vps/{serviceName}`
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Detail {
    /// `running`, `rescued`, `stopped`, `installing`…
    #[serde(default, deserialize_with = "or_default")]
    pub(super) state: String,
    /// `local` or `rescue`
    #[serde(default, rename = "netbootMode", deserialize_with = "or_default")]
    pub(super) netboot: String,
    /// Where it is, in the vendor's words (`Region OpenStack: os-gra6`).
    #[serde(default, deserialize_with = "or_default")]
    pub(super) zone: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) model: Model,
    #[serde(default)]
    pub(super) iam: Option<Iam>,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Model {
    /// `vps-le-2-4-80`
    #[serde(default, deserialize_with = "or_default")]
    pub(super) name: String,
}

/// `GET /vps/{serviceName}/ips/{ipAddress}`
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Ip {
    #[serde(default, rename = "ipAddress", deserialize_with = "or_default")]
    pub(super) address: String,
    /// `primary` or `additional`
    #[serde(default, rename = "type", deserialize_with = "or_default")]
    pub(super) kind: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) gateway: String,
}

/// `GET /vps/{serviceName}/images/available/{id}` and `…/images/current`
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Image {
    /// Opaque.
    pub(super) id: String,
    /// `Debian 13`
    #[serde(default, deserialize_with = "or_default")]
    pub(super) name: String,
}

/// The body of `PUT /vps/{serviceName}`: what is not named stays.
#[derive(Debug, Serialize)]
pub(super) struct Change {
    #[serde(rename = "netbootMode")]
    pub(super) netboot: &'static str,
}

/// The body of `POST /vps/{serviceName}/rebuild`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rebuild<'a> {
    pub(super) image_id: &'a str,
    /// For the image's default user; without one the vendor mails a password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) public_ssh_key: Option<&'a str>,
    pub(super) do_not_send_password: bool,
}
