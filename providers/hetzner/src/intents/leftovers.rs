//! What bears our mark and can outlive a server.

use super::gone::bears;
use crate::convert::labels;
use crate::dialect::PROVIDER;
use crate::wire::{ActionAnswer, Held, Keys, Labels, PrimaryIps, Volumes};
use crate::{Hetzner, convert};
use provision_api::http::Request;
use provision_api::{
    Accepted, Error, ErrorKind, Leftover, LeftoverKind, Owner, Result, ServerId, Stage,
};

impl Hetzner {
    /// Keys, addresses and volumes with that owner's label.
    pub(crate) async fn left_behind(&self, owner: &Owner) -> Result<Vec<Leftover>> {
        let marked = |path: &str, what: &str| {
            let selector = format!("{}=={owner}", labels::OWNER);
            Request::get(path, format!("list {what} of {owner}")).query("label_selector", selector)
        };
        let (keys, addresses, volumes) = tokio::try_join!(
            self.list::<Keys>(marked("/ssh_keys", "keys")),
            self.list::<PrimaryIps>(marked("/primary_ips", "addresses")),
            self.list::<Volumes>(marked("/volumes", "volumes")),
        )?;
        let mut all = Vec::new();
        // a selector that the vendor did not understand must not make everything ours
        let mut add = |kind, marked: &Labels, id: u64, name: String, server: Option<u64>| {
            if bears(marked, owner) {
                all.push(Leftover {
                    kind,
                    id: id.to_string(),
                    name,
                    owner: owner.clone(),
                    // a host that cannot be one of ours is nobody's
                    host: marked.get(labels::HOST).and_then(|host| host.parse().ok()),
                    in_use_by: server.map(|id| ServerId::new(id.to_string())),
                });
            }
        };
        for key in keys {
            add(LeftoverKind::Key, &key.labels, key.id, key.name, None);
        }
        for ip in addresses {
            add(
                LeftoverKind::Address,
                &ip.labels,
                ip.id,
                ip.name,
                ip.assignee_id,
            );
        }
        for volume in volumes {
            add(
                LeftoverKind::Volume,
                &volume.labels,
                volume.id,
                volume.name,
                volume.server,
            );
        }
        Ok(all)
    }

    /// Deletes it, or takes it off its server so that it can be deleted.
    pub(crate) async fn discard(&self, leftover: &Leftover) -> Result<Accepted> {
        let Leftover { kind, id, name, .. } = leftover;
        if id.parse::<u64>().is_err() {
            let message = format!("{id:?} is not an id; ids are numbers");
            let operation = format!("remove {name}");
            return Err(Error::new(ErrorKind::Invalid, PROVIDER, operation, message));
        }
        let (path, noun, release) = match kind {
            LeftoverKind::Key => (format!("/ssh_keys/{id}"), "key", None),
            LeftoverKind::Address => (format!("/primary_ips/{id}"), "address", Some("unassign")),
            LeftoverKind::Volume => (format!("/volumes/{id}"), "volume", Some("detach")),
        };
        if let Some(verb) = release.filter(|_| leftover.in_use_by.is_some()) {
            // by now it may hang on nothing any more, if only because this was called before
            let request = Request::get(path.clone(), format!("look at {noun} {name}"));
            match self.http.call::<Held>(&request).await {
                Ok(held) if held.by().is_some() => {
                    return self
                        .release(&path, verb, &format!("{verb} {noun} {name}"))
                        .await;
                }
                Err(error) if error.kind != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        self.delete(&path, &format!("delete {noun} {name}")).await
    }

    /// The first half: off the server. Twice is as good as once.
    async fn release(&self, path: &str, verb: &str, operation: &str) -> Result<Accepted> {
        let request = Request::post(format!("{path}/actions/{verb}"), operation).harmless();
        let tasks = match self.http.call::<ActionAnswer>(&request).await {
            Ok(answer) => convert::tasks(answer.action)?,
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(Accepted::default()),
            Err(error) => return Err(error),
        };
        Ok(Accepted {
            tasks,
            next: Some(Stage(1)),
        })
    }
}
