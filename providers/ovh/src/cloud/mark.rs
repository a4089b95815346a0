//! Writes marks on an instance: it is renamed.

use super::wire::Instance;
use super::{LOOKS, PublicCloud, convert, error, name};
use provision_api::{ErrorKind, Looks, Marks, OwnedServer, Result};
use serde_json::json;
use tokio::time::sleep;

impl PublicCloud {
    /// Replaces the marks. Owner, run and host stand in the name of the attached key as well,
    /// which the vendor does not change: they stay as they are.
    pub(super) async fn remark(&self, server: &OwnedServer, marks: &Marks) -> Result<OwnedServer> {
        let operation = format!("mark instance {}", server.server().name);
        if name::key_name(server.marks()) != name::key_name(marks) {
            let why = "owner, run and host stand in the name of its key as well, and cannot be \
                       changed";
            return Err(error(ErrorKind::Unsupported, operation, why));
        }
        let raw = name::write(&server.server().name, marks)
            .map_err(|why| error(ErrorKind::Invalid, &operation, why))?;
        let id = server.id().as_str();
        let mut looks = Looks::new(&self.pace);
        let found = loop {
            let fresh = convert::server(&self.fresh(id).await?, &[], &[]);
            let now = self.client.now();
            if let Some(found) = looks.found(server, marks, fresh, now).await {
                break found;
            }
        };
        found.map_err(|why| error(ErrorKind::NotOurs, &operation, why.to_string()))?;
        let path = self.instance_path(id, "").await?;
        let body = json!({ "instanceName": raw });
        self.client.v1().put(&path, &body, &operation).await?;
        let fresh = self.renamed(id, &raw, &operation).await?;
        let flavors = self.flavors().await?;
        OwnedServer::claim(convert::server(&fresh, &flavors, &[]), &marks.owner)
            .map_err(|not_ours| error(ErrorKind::Garbled, operation, not_ours.to_string()))
    }

    /// The instance, once it has that name: what is read may be older than what was written, and
    /// old marks are no answer to whoever has written new ones.
    async fn renamed(&self, id: &str, raw: &str, operation: &str) -> Result<Instance> {
        let mut pauses = self.pace.pauses();
        let mut fresh = self.fresh(id).await?;
        for _ in 1..LOOKS {
            if fresh.name == raw {
                break;
            }
            sleep(pauses.next_pause()).await;
            fresh = self.fresh(id).await?;
        }
        if fresh.name == raw {
            return Ok(fresh);
        }
        let why = format!(
            "it was renamed to {raw:?}, and is still called {:?}; try again",
            fresh.name
        );
        Err(error(ErrorKind::Conflict, operation, why))
    }
}
