//! OVHcloud behind the provider trait: three products of one vendor, each an adapter.
//!
//! [`PublicCloud`] makes servers, [`Vps`] and [`Dedicated`] adopt what is rented already. All
//! three speak through one client, which signs requests or carries a token (`sign`,
//! `oauth2`), and lifts the vendor's errors by meaning (`dialect`).

mod client;
mod cloud;
mod config;
mod dedicated;
mod dialect;
mod labels;
mod oauth2;
mod rented;
mod sign;
#[cfg(any(test, feature = "fuzz"))]
pub mod untrusted;
mod vps;

pub use cloud::PublicCloud;
pub use config::{Config, ConfigError, Credentials, ENDPOINT_CA, ENDPOINT_EU, ENDPOINT_US, Source};
pub use dedicated::Dedicated;
pub use vps::Vps;

/// The name of the provider whose servers are instances of a Public Cloud project.
pub const PUBLIC_CLOUD: &str = "ovh";
/// The name of the provider whose servers are VPS.
pub const VPS: &str = "ovh-vps";
/// The name of the provider whose servers are dedicated ones.
pub const DEDICATED: &str = "ovh-dedicated";
