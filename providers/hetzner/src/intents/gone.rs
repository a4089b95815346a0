//! Removes a server with what is ours on it, and keeps what is not.
//!
//! What the vendor's schema says: deleting a server detaches whatever hangs on it, except that
//! a primary IP with `auto_delete` is deleted along. So nothing need be detached beforehand, and
//! an address that is not ours is kept by switching its `auto_delete` off, which needs no
//! powered-off server as `unassign` does. Ours is what bears our label, and what the vendor made
//! with the server, which bears none.

use crate::call::with_body;
use crate::convert::{labels, time};
use crate::dialect::PROVIDER;
use crate::wire::{self, ActionAnswer, Labels, PrimaryIp, PrimaryIps, Volume, Volumes};
use crate::{Hetzner, convert};
use provision_api::http::Request;
use provision_api::{Accepted, Error, ErrorKind, Looks, OwnedServer, Owner, Result, Stage, Task};
use serde_json::json;

/// An address that appears within so many seconds of its server was made with it. Counts only
/// for servers on which the addresses they were born with are not written.
const TWINS: i64 = 60;

impl Hetzner {
    /// Deletes the server; then, if volumes of ours hung on it, these.
    pub(crate) async fn be_gone(&self, server: &OwnedServer, stage: Stage) -> Result<Accepted> {
        if stage != Stage(0) {
            return self.delete_volumes(server).await;
        }
        let operation = format!("delete server {}", server.server().name);
        let mut looks = Looks::new(&self.pace);
        let (fresh, still) = loop {
            let fresh = match self.fresh(server.id()).await {
                Ok(fresh) => fresh,
                Err(error) if error.kind == ErrorKind::NotFound => return Ok(Accepted::default()),
                Err(error) => return Err(error),
            };
            if let Some(still) = looks.held(server, convert::server(&fresh)).await {
                break (fresh, still);
            }
        };
        let refuse = |kind, why: String| Err(Error::new(kind, PROVIDER, operation.clone(), why));
        // the marks may have changed since the server was claimed
        let owner = &server.marks().owner;
        if let Err(error) = still {
            return refuse(ErrorKind::NotOurs, error.to_string());
        }
        if fresh.protection.delete {
            let name = &fresh.name;
            let why = format!(
                "switch its protection off first, with `hcloud server disable-protection {name} \
                 delete` or in the console"
            );
            return refuse(ErrorKind::Protected, why);
        }
        let path = format!("/servers/{}", fresh.id);
        if fresh.status == "deleting" {
            return self.deleted_again(fresh.id, &path, &operation).await;
        }
        self.sort_addresses(&fresh, owner).await?;
        let hung = self.condemn_volumes(server, &fresh).await?;
        let tasks = match self.deleted(&path, &operation).await? {
            Some(tasks) => tasks,
            None => self.still_under_way(fresh.id).await?,
        };
        Ok(Accepted {
            tasks,
            next: hung.then_some(Stage(1)),
        })
    }

    /// It is being deleted already. One that was begun and never ends would keep the server for
    /// ever, so it is asked for once more; the vendor locks it as long as it truly works on it.
    async fn deleted_again(&self, id: u64, path: &str, operation: &str) -> Result<Accepted> {
        let tasks = match self.deleted(path, operation).await {
            Ok(Some(tasks)) => tasks,
            Err(error) if error.kind != ErrorKind::Conflict => return Err(error),
            Ok(None) | Err(_) => self.still_under_way(id).await?,
        };
        Ok(Accepted { tasks, next: None })
    }

    /// What is being done to a server of whose deletion nothing was told: none if it is gone.
    async fn still_under_way(&self, id: u64) -> Result<Vec<Task>> {
        match self.running_actions(id).await {
            Ok(actions) => convert::tasks(actions),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Sees to it that of the addresses ours go with the server, and the others stay.
    async fn sort_addresses(&self, server: &wire::Server, owner: &Owner) -> Result<()> {
        let request = Request::get("/primary_ips", "list addresses");
        for address in self.list::<PrimaryIps>(request).await? {
            if address.assignee_id != Some(server.id) {
                continue;
            }
            let ours = bears(&address.labels, owner);
            // what the vendor made with the server goes as its owner left it
            let goes = ours || (address.auto_delete && born_with(&address, server));
            if goes == address.auto_delete {
                continue;
            }
            tracing::info!(
                address = address.name,
                goes,
                "whether an address goes with its server"
            );
            let request = Request::put(
                format!("/primary_ips/{}", address.id),
                format!("keep or give up address {}", address.name),
            );
            let request = with_body(request, &json!({ "auto_delete": goes }))?;
            self.http.send(&request).await?;
        }
        Ok(())
    }

    /// Writes on our volumes that hang on the server that they go with it: once it is gone they
    /// cannot be told from those of the same host that hung on nothing, and these stay. Answers
    /// whether there are any; asks only if the server has volumes at all.
    async fn condemn_volumes(&self, server: &OwnedServer, fresh: &wire::Server) -> Result<bool> {
        if fresh.volumes.is_empty() {
            return Ok(false);
        }
        let id = fresh.id;
        let hung = self
            .marked_volumes(server, |volume| volume.server == Some(id))
            .await?;
        for volume in &hung {
            let mut labels = volume.labels.clone();
            labels.insert(labels::GOES_WITH.to_owned(), id.to_string());
            let request = Request::put(
                format!("/volumes/{}", volume.id),
                format!("give up volume {}", volume.name),
            );
            let request = with_body(request, &json!({ "labels": labels }))?;
            self.http.send(&request).await?;
        }
        Ok(!hung.is_empty())
    }

    async fn marked_volumes(
        &self,
        server: &OwnedServer,
        which: impl Fn(&Volume) -> bool,
    ) -> Result<Vec<Volume>> {
        let marks = server.marks();
        let selector = format!(
            "{}=={},{}=={}",
            labels::OWNER,
            marks.owner,
            labels::HOST,
            marks.host
        );
        let request = Request::get("/volumes", "list volumes").query("label_selector", selector);
        let mut volumes = self.list::<Volumes>(request).await?;
        volumes.retain(|volume| bears(&volume.labels, &marks.owner) && which(volume));
        Ok(volumes)
    }

    async fn delete_volumes(&self, server: &OwnedServer) -> Result<Accepted> {
        let goes_with = |volume: &Volume| {
            let label = volume.labels.get(labels::GOES_WITH);
            volume.server.is_none() && label.is_some_and(|id| id == server.id().as_str())
        };
        for volume in self.marked_volumes(server, goes_with).await? {
            let operation = format!("delete volume {}", volume.name);
            self.delete(&format!("/volumes/{}", volume.id), &operation)
                .await?;
        }
        Ok(Accepted::default())
    }

    /// Deletes; what is gone already is a success.
    pub(crate) async fn delete(&self, path: &str, operation: &str) -> Result<Accepted> {
        let tasks = self.deleted(path, operation).await?;
        Ok(Accepted {
            tasks: tasks.unwrap_or_default(),
            next: None,
        })
    }

    /// Deletes, and answers what has to be waited for, where that is told: it is not if it was
    /// gone already, which a lost answer may have done a moment ago, nor by an answer that cannot
    /// be read, which is no failure because it surely took effect. Servers answer with an action,
    /// all else with nothing.
    async fn deleted(&self, path: &str, operation: &str) -> Result<Option<Vec<Task>>> {
        let answer = match self.http.send(&Request::delete(path, operation)).await {
            Ok(answer) => answer,
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let told = answer.json::<ActionAnswer>().ok();
        told.map(|told| convert::tasks(told.action)).transpose()
    }
}

/// Whether the labels bear that owner's mark.
pub(crate) fn bears(labels: &Labels, owner: &Owner) -> bool {
    labels
        .get(labels::OWNER)
        .is_some_and(|label| label == owner.as_str())
}

/// Whether the vendor made the address together with the server.
fn born_with(address: &PrimaryIp, server: &wire::Server) -> bool {
    if let Some(ids) = server.labels.get(labels::BORN_WITH) {
        let id = address.id.to_string();
        return ids.split('.').any(|known| known == id);
    }
    let times = time(address.created.as_deref()).zip(time(server.created.as_deref()));
    times.is_some_and(|(address, server)| (address.as_second() - server.as_second()).abs() <= TWINS)
}
