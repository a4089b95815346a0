//! Writes marks on an instance: it is renamed.

use super::{PublicCloud, convert, error, name};
use provision_api::{ErrorKind, Marks, OwnedServer, Result};
use serde_json::json;

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
        let path = self.instance_path(id, "").await?;
        let body = json!({ "instanceName": raw });
        self.client.v1().put(&path, &body, &operation).await?;
        let fresh = self.fresh(id).await?;
        let flavors = self.flavors().await?;
        OwnedServer::claim(convert::server(&fresh, &flavors, &[]), &marks.owner)
            .map_err(|not_ours| error(ErrorKind::Garbled, operation, not_ours.to_string()))
    }
}
