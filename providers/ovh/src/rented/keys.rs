//! Login keys: the vendor keeps none of them, it is given one when it is needed.

use super::Rental;
use provision_api::{ErrorKind, KeyId, LoginKey, Result};

impl Rental {
    /// The one key that the vendor takes; the others are not sent.
    pub(crate) fn only_key<'a>(&self, keys: &'a [KeyId], operation: &str) -> Result<&'a str> {
        let Some((key, others)) = keys.split_first() else {
            let message = "no login key was given, and without one nobody could log in";
            return Err(self.error(ErrorKind::Invalid, operation, message));
        };
        if !others.is_empty() {
            tracing::warn!(
                operation,
                others = others.len(),
                "the vendor takes one login key; the first one is used"
            );
        }
        Ok(key.as_str())
    }

    /// A key is named by itself: nothing is kept at the vendor's.
    pub(crate) fn trust(&self, key: &LoginKey) -> Result<KeyId> {
        let mut words = key.public.split_whitespace();
        let blob = |text: &str| data_encoding::BASE64.decode(text.as_bytes()).is_ok();
        match (words.next(), words.next()) {
            (Some(kind), Some(body)) if !kind.is_empty() && blob(body) => {
                Ok(KeyId::new(format!("{kind} {body}")))
            }
            _ => {
                // what it is instead may be a secret
                let message = "it is not a public key line (`ssh-ed25519 AAAA…`)";
                let operation = format!("use key {}", key.name);
                Err(self.error(ErrorKind::Invalid, operation, message))
            }
        }
    }
}
