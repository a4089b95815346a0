//! A small system with NixOS's entry points, as a flake (skeleton of the agreed API).

use crate::images::Images;
use std::path::Path;

/// What the small system is to be.
#[derive(Debug, Clone)]
pub struct Small {
    /// The host's name.
    pub host: String,
    /// The admin user's name.
    pub admin: String,
    /// The admin's public keys, as OpenSSH public key lines.
    pub admin_keys: Vec<String>,
    /// `uefi`, `bios` or `hybrid`: a file of the flake's `hosts/layouts`.
    pub layout: String,
    /// The boot disk, by a name that stays.
    pub disk: String,
}

/// Why the flake cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SmallError(String);

/// Writes the flake into the folder.
pub fn write(
    folder: &Path,
    _images: &Images,
    _layouts: &Path,
    _small: &Small,
) -> Result<(), SmallError> {
    Err(SmallError(format!("not yet: {}", folder.display())))
}
