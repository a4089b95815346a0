//! A host key's fingerprint: what OpenSSH prints, and what fits in a vendor's label.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// The SHA-256 fingerprint of an SSH public key.
///
/// Written `SHA256:<base64 without padding>` as `ssh-keygen -l` does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint([u8; 32]);

/// The text is not a fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a host key fingerprint (SHA256:… as `ssh-keygen -l` prints it)")]
pub struct FingerprintError(pub String);

impl Fingerprint {
    /// Of the key's wire form (the base64 part of a public key line, decoded).
    pub fn of_wire(blob: &[u8]) -> Self {
        Self(Sha256::digest(blob).into())
    }

    /// Of a public key as `ssh_key` holds it.
    pub fn of_key(key: &ssh_key::PublicKey) -> Self {
        Self::of_wire(&key.to_bytes().unwrap_or_default())
    }

    /// Lower-case base32 without padding, 52 characters: begins and ends with a letter or a
    /// digit and has no `+` or `/`, so that it may stand in a Hetzner label.
    pub fn to_label(self) -> String {
        data_encoding::BASE32_NOPAD
            .encode(&self.0)
            .to_ascii_lowercase()
    }

    /// Reads what [`Self::to_label`] wrote.
    pub fn from_label(label: &str) -> Result<Self, FingerprintError> {
        data_encoding::BASE32_NOPAD
            .decode(label.to_ascii_uppercase().as_bytes())
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self)
            .ok_or_else(|| FingerprintError(label.to_owned()))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = data_encoding::BASE64_NOPAD.encode(&self.0);
        write!(f, "SHA256:{text}")
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;
    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        text.strip_prefix("SHA256:")
            .and_then(|b| {
                data_encoding::BASE64_NOPAD
                    .decode(b.trim_end_matches('=').as_bytes())
                    .ok()
            })
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self)
            .ok_or_else(|| FingerprintError(text.to_owned()))
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = FingerprintError;
    fn try_from(text: String) -> Result<Self, FingerprintError> {
        text.parse()
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_come_back() {
        let fingerprint = Fingerprint::of_wire(b"a key");
        assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
        let label = fingerprint.to_label();
        assert_eq!(label.len(), 52);
        assert_eq!(Fingerprint::from_label(&label), Ok(fingerprint));
        assert!("MD5:00".parse::<Fingerprint>().is_err());
        assert!(Fingerprint::from_label("abc").is_err());
    }
}
