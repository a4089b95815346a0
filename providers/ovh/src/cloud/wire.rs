//! JSON as the vendor has it, read with tolerance.
//!
//! Only what is used is named, unknown fields are skipped, enumerations stay text, and `null`
//! is as good as absence. What an answer makes no sense without (ids, names) is required.
//!
//! Source: the vendor's type definitions (`@datatr-ux/ovhcloud-types` 1.0.84).

use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize};

/// `GET /cloud/project/{project}`
#[derive(Debug, Deserialize)]
pub(super) struct Project {
    /// `ok`, `suspended` and others.
    #[serde(default, deserialize_with = "or_default")]
    pub(super) status: String,
}

/// An instance, of a list (`flavorId`, `sshKeyId`) or by itself (`flavor`, `sshKey`).
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Instance {
    pub(super) id: String,
    pub(super) name: String,
    /// `ACTIVE`, `BUILD`, `RESCUE` and many more.
    #[serde(default, deserialize_with = "or_default")]
    pub(super) status: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) region: String,
    /// RFC 3339.
    #[serde(default, deserialize_with = "or_default")]
    pub(super) created: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) ip_addresses: Vec<Address>,
    #[serde(default)]
    pub(super) flavor_id: Option<String>,
    #[serde(default)]
    pub(super) flavor: Option<Named>,
    #[serde(default)]
    pub(super) ssh_key_id: Option<String>,
    #[serde(default)]
    pub(super) ssh_key: Option<Named>,
    #[serde(default)]
    pub(super) rescue_password: Option<SecretString>,
}

/// A thing with an id and a name.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Named {
    pub(super) id: String,
    pub(super) name: String,
}

/// An address of an instance.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Address {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) ip: String,
    /// `public` or `private`.
    #[serde(default, rename = "type", deserialize_with = "or_default")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) gateway_ip: Option<String>,
}

/// A login key.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Key {
    pub(super) id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) name: String,
    /// As OpenSSH writes it, perhaps with a comment.
    #[serde(default, rename = "publicKey", deserialize_with = "or_default")]
    pub(super) public: String,
}

/// A type of instance in one region.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Flavor {
    pub(super) id: String,
    pub(super) name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) region: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) available: bool,
    /// `linux` or `windows`.
    #[serde(default, deserialize_with = "or_default")]
    pub(super) os_type: String,
    /// How many more of it may be made.
    #[serde(default)]
    pub(super) quota: Option<f64>,
    /// MB, though the vendor's text says GB.
    #[serde(default, deserialize_with = "or_default")]
    pub(super) ram: f64,
    /// GB.
    #[serde(default, deserialize_with = "or_default")]
    pub(super) disk: f64,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) vcpus: f64,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) plan_codes: PlanCodes,
}

/// Under which names a flavor is billed.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct PlanCodes {
    #[serde(default)]
    pub(super) hourly: Option<String>,
}

/// An image in one region.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Image {
    pub(super) id: String,
    pub(super) name: String,
    /// `active` if it can be had.
    #[serde(default, deserialize_with = "or_default")]
    pub(super) status: String,
}

/// The body of `POST …/instance`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewInstance<'a> {
    pub(super) name: &'a str,
    pub(super) region: &'a str,
    pub(super) flavor_id: &'a str,
    pub(super) image_id: &'a str,
    pub(super) ssh_key_id: &'a str,
    pub(super) user_data: &'a str,
    /// By the month it could not be given back.
    pub(super) monthly_billing: bool,
}

/// The answer to `POST …/rescueMode`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RescueAnswer {
    #[serde(default)]
    pub(super) admin_password: Option<SecretString>,
}

/// The answer to `POST …/vnc`.
#[derive(Debug, Deserialize)]
pub(super) struct Vnc {
    pub(super) url: String,
}

/// `GET /order/catalog/public/cloud`
#[derive(Debug, Default, Deserialize)]
pub(super) struct PriceList {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) locale: Locale,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) addons: Vec<Addon>,
}

/// Whose prices they are.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Locale {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) currency_code: String,
    /// Percent, as a number or as its text.
    #[serde(default)]
    pub(super) tax_rate: serde_json::Value,
}

/// Something that is sold.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Addon {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) plan_code: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) pricings: Vec<Pricing>,
}

/// For how much.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Pricing {
    /// Hundred-millionths of the currency, without tax, as a whole number.
    #[serde(default)]
    pub(super) price: serde_json::Value,
    /// A whole number, too.
    #[serde(default)]
    pub(super) interval: serde_json::Value,
    /// `hour`, `month` and others.
    #[serde(default, deserialize_with = "or_default")]
    pub(super) interval_unit: String,
}

/// Reads `null` as the default.
fn or_default<'de, D, T>(source: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(source)?.unwrap_or_default())
}
