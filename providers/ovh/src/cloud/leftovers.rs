//! What can outlive an instance: its key. Addresses go with it, and volumes are not made.

use super::wire::Key;
use super::{PublicCloud, convert, error, name};
use crate::client::segment;
use provision_api::{Accepted, ErrorKind, Leftover, LeftoverKind, Owner, Result, ServerId};

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

    /// Deletes a key. Whoever has it attached keeps it, but loses half of the marks.
    pub(super) async fn discard(&self, leftover: &Leftover) -> Result<Accepted> {
        let operation = format!("remove {}", leftover.name);
        if leftover.kind != LeftoverKind::Key {
            let why = "only keys are made here";
            return Err(error(ErrorKind::Unsupported, operation, why));
        }
        let path = format!("/sshkey/{}", segment(&leftover.id));
        self.gone_by(&self.path(&path).await?, &operation).await?;
        Ok(Accepted::default())
    }
}
