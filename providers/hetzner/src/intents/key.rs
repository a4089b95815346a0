//! Login keys: used as they are when the project knows them, whoever added them.

use crate::Hetzner;
use crate::call::with_body;
use crate::convert::labels;
use crate::dialect::PROVIDER;
use crate::wire::{Key, KeyAnswer, Keys};
use data_encoding::{BASE64, HEXLOWER};
use md5::{Digest, Md5};
use provision_api::http::{Guarded, Request};
use provision_api::{Error, ErrorKind, KeyId, LoginKey, Result};
use serde_json::json;

impl Hetzner {
    /// The project's key with that fingerprint; added if there is none.
    pub(crate) async fn know_key(&self, key: &LoginKey) -> Result<KeyId> {
        let fingerprint = fingerprint(key)?;
        if let Some(known) = self.find_key(&fingerprint).await? {
            return Ok(id(&known));
        }
        // the name may be another key's, and then one of our own making is not
        let suffixed = format!(
            "{}-{}",
            key.name,
            fingerprint.replace(':', "").split_at(8).0
        );
        let mut last = None;
        for name in [&key.name, &suffixed] {
            match self.add_key(key, name, &fingerprint).await {
                Ok(added) => return Ok(id(&added)),
                Err(error) if error.kind == ErrorKind::AlreadyExists => last = Some(error),
                Err(error) => return Err(error),
            }
            // somebody else may have added the same key meanwhile
            if let Some(known) = self.find_key(&fingerprint).await? {
                return Ok(id(&known));
            }
        }
        Err(last.unwrap_or_else(|| Error::new(ErrorKind::Unknown, PROVIDER, "add key", "")))
    }

    async fn find_key(&self, fingerprint: &str) -> Result<Option<Key>> {
        let request = Request::get("/ssh_keys", "look for a key").query("fingerprint", fingerprint);
        let keys = self.list::<Keys>(request).await?;
        Ok(keys.into_iter().find(|key| key.fingerprint == fingerprint))
    }

    async fn add_key(&self, key: &LoginKey, name: &str, fingerprint: &str) -> Result<Key> {
        let body = json!({
            "name": name,
            "public_key": key.public,
            "labels": { (labels::OWNER): key.owner },
        });
        let request = with_body(Request::post("/ssh_keys", format!("add key {name}")), &body)?;
        let look = || self.find_key(fingerprint);
        Ok(
            match self
                .http
                .call_guarded::<KeyAnswer, _, _, _>(&request, look)
                .await?
            {
                Guarded::Answered(answer) => answer.ssh_key,
                Guarded::Found(key) => key,
            },
        )
    }
}

fn id(key: &Key) -> KeyId {
    KeyId::new(key.id.to_string())
}

/// MD5 of the key's wire form in pairs with colons, which is how the vendor finds keys.
fn fingerprint(key: &LoginKey) -> Result<String> {
    let blob = key.public.split_whitespace().nth(1);
    let blob = blob
        .and_then(|blob| BASE64.decode(blob.as_bytes()).ok())
        .ok_or_else(|| {
            let message = format!(
                "{:?} is not a public key line (`ssh-ed25519 AAAA…`)",
                key.public
            );
            Error::new(
                ErrorKind::Invalid,
                PROVIDER,
                format!("add key {}", key.name),
                message,
            )
        })?;
    let pairs: Vec<_> = Md5::digest(&blob)
        .iter()
        .map(|byte| HEXLOWER.encode(&[*byte]))
        .collect();
    Ok(pairs.join(":"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(public: &str) -> LoginKey {
        LoginKey {
            name: "k".to_owned(),
            public: public.to_owned(),
            owner: "ann".parse().unwrap(),
        }
    }

    #[test]
    fn the_fingerprint_is_that_of_ssh_keygen() {
        // `ssh-keygen -l -E md5` says this of the key
        let line =
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
        assert_eq!(
            fingerprint(&key(line)).unwrap(),
            "0f:a2:0a:d7:38:3e:65:45:08:6b:63:84:1c:ff:dc:ba"
        );
        assert!(fingerprint(&key("ssh-ed25519")).is_err());
        assert!(fingerprint(&key("ssh-ed25519 ?")).is_err());
    }
}
