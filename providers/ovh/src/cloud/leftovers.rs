//! What can outlive an instance: its key. Addresses go with it, and volumes are not made.

use super::wire::{Instance, Key};
use super::{PublicCloud, convert, error, name};
use crate::client::segment;
use provision_api::{Accepted, Error, ErrorKind, Leftover, LeftoverKind, Owner, Result, ServerId};

impl PublicCloud {
    /// Keys whose names say that they are that owner's.
    pub(super) async fn left_behind(&self, owner: &Owner) -> Result<Vec<Leftover>> {
        let (instances, keys) = tokio::try_join!(self.instances(), self.keys())?;
        let leftover = |key: &Key| {
            let marks = name::read_key(&key.name).filter(|marks| marks.owner == *owner)?;
            let user = instances
                .iter()
                .find(|instance| convert::uses(instance, key));
            Some(Leftover {
                kind: LeftoverKind::Key,
                id: key.id.clone(),
                name: key.name.clone(),
                owner: marks.owner,
                host: Some(marks.host),
                in_use_by: user.map(|instance| ServerId::new(instance.id.clone())),
            })
        };
        Ok(keys.iter().filter_map(leftover).collect())
    }

    /// Deletes a key that no instance has: one that lost it would lose half of its marks, and
    /// would be nobody's. What the leftover says of that may be old.
    pub(super) async fn discard(&self, leftover: &Leftover) -> Result<Accepted> {
        let operation = format!("remove {}", leftover.name);
        if leftover.kind != LeftoverKind::Key {
            let why = "only keys are made here";
            return Err(error(ErrorKind::Unsupported, operation, why));
        }
        let key = Key {
            id: leftover.id.clone(),
            name: leftover.name.clone(),
            public: String::new(),
        };
        if let Some(user) = self.user(&key).await? {
            return Err(in_use(&user, operation));
        }
        let path = format!("/sshkey/{}", segment(&leftover.id));
        self.gone_by(&self.path(&path).await?, &operation).await?;
        Ok(Accepted::default())
    }
}

/// One that is being deleted lets go of it soon; any other keeps it for as long as it lives.
fn in_use(user: &Instance, operation: String) -> Error {
    let (id, name) = (&user.id, &user.name);
    if convert::is_alive(&user.status) {
        let why = format!(
            "instance {id} ({name}) has it, and bears half of its marks by it; remove that first"
        );
        return error(ErrorKind::Protected, operation, why);
    }
    let why = format!("instance {id} ({name}) has it, and is still being deleted");
    error(ErrorKind::Conflict, operation, why)
}
