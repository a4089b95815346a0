//! Login keys: one is made for each server, and its name is half of the server's marks.

use super::wire::{Instance, Key};
use super::{LOOKS, PublicCloud, convert, error, name};
use data_encoding::BASE64;
use provision_api::http::{Guarded, Request};
use provision_api::{Error, ErrorKind, KeyId, LoginKey, Order, Result};
use serde_json::json;
use tokio::time::sleep;

/// The key as its own id.
pub(super) fn trusted(key: &LoginKey) -> Result<KeyId> {
    let line = line(&key.public).ok_or_else(|| {
        let why = "it is not a public key line (`ssh-ed25519 AAAA…`)";
        error(ErrorKind::Invalid, format!("use the key {}", key.name), why)
    })?;
    Ok(KeyId::new(line))
}

/// A public key without its comment.
fn line(public: &str) -> Option<String> {
    let mut words = public.split_whitespace();
    let (kind, blob) = (words.next()?, words.next()?);
    let whole = BASE64.decode(blob.as_bytes()).ok()?;
    (!whole.is_empty()).then(|| format!("{kind} {blob}"))
}

/// The one key of an order: the vendor attaches no more, and without one the server would bear
/// half a mark.
pub(super) fn only<'a>(order: &'a Order, operation: &str) -> Result<&'a KeyId> {
    match &order.keys[..] {
        [key] => Ok(key),
        keys => {
            let why = format!("it takes one login key, and {} are given", keys.len());
            Err(error(ErrorKind::Invalid, operation, why))
        }
    }
}

impl PublicCloud {
    /// The key with the name that the marks want, which is made unless `keys` has it; and
    /// whether it was made.
    pub(super) async fn key_for(
        &self,
        order: &Order,
        public: &KeyId,
        keys: &[Key],
    ) -> Result<(Key, bool)> {
        let name = name::key_name(&order.marks);
        if let Some(key) = find_key(&name, public, keys)? {
            return Ok((key, false));
        }
        let operation = format!("add key {name}");
        let request = Request::post(self.path("/sshkey").await?, operation);
        let body = json!({ "name": name, "publicKey": public.as_str() });
        let request = self.client.v1().with_body(request, &body)?;
        let look = || async { find_key(&name, public, &self.keys().await?) };
        match self.client.v1().guarded(request, look).await {
            Ok(Guarded::Answered(key) | Guarded::Found(key)) => Ok((key, true)),
            // another order of this run may have added it meanwhile
            Err(taken) if taken.kind == ErrorKind::AlreadyExists => {
                let key = look().await?.ok_or(taken)?;
                Ok((key, false))
            }
            Err(error) => Err(error),
        }
    }

    /// The error of an order that made nothing but its key, which is taken back, so that nothing
    /// is left of it; it says so if the key has to stay.
    pub(super) async fn without_key(&self, key: &Key, mut error: Error) -> Error {
        match self.take_back(key).await {
            Ok(()) => {}
            Err(why) => {
                let stays = format!("; its key {} stays: {why}", key.name);
                error.message.push_str(&stays);
            }
        }
        error
    }

    /// Deletes a key once no instance has it: one that failed at birth bears half of its marks
    /// by it until it is gone.
    async fn take_back(&self, key: &Key) -> Result<()> {
        let mut pauses = self.pace.pauses();
        let mut looks = 1;
        while let Some(user) = self.user(key).await? {
            if looks == LOOKS {
                let why = format!("instance {} has it", user.id);
                return Err(error(
                    ErrorKind::Conflict,
                    format!("delete key {}", key.name),
                    why,
                ));
            }
            looks += 1;
            sleep(pauses.next_pause()).await;
        }
        self.delete_key(key).await
    }

    /// An instance that has the key; one that lives, if there is one.
    pub(super) async fn user(&self, key: &Key) -> Result<Option<Instance>> {
        let users = self.instances().await?.into_iter();
        let users = users.filter(|instance| convert::uses(instance, key));
        Ok(users.max_by_key(|instance| convert::is_alive(&instance.status)))
    }
}

/// The key of that name. One that has the name and is another key is an error.
fn find_key(name: &str, public: &KeyId, keys: &[Key]) -> Result<Option<Key>> {
    let Some(key) = keys.iter().find(|key| key.name == name) else {
        return Ok(None);
    };
    if line(&key.public).as_deref() == Some(public.as_str()) {
        return Ok(Some(key.clone()));
    }
    let why = format!(
        "there is another key of that name ({}); remove it with `provision teardown` or in \
         OVHcloud's control panel",
        key.id
    );
    let operation = format!("add key {name}");
    Err(error(ErrorKind::AlreadyExists, operation, why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_its_own_id_without_its_comment() {
        let key = |public: &str| LoginKey {
            name: "k".to_owned(),
            public: public.to_owned(),
            owner: "ann".parse().unwrap(),
        };
        let id = trusted(&key(" ssh-ed25519  AAAAC3Nz ann@laptop\n")).unwrap();
        assert_eq!(id.as_str(), "ssh-ed25519 AAAAC3Nz");
        for bad in ["", "ssh-ed25519", "ssh-ed25519 ?", "7"] {
            assert_eq!(trusted(&key(bad)).unwrap_err().kind, ErrorKind::Invalid);
        }
    }
}
