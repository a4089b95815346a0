//! Which project: the one that is named, or the only one.

use super::wire::Project;
use super::{PublicCloud, error};
use crate::client::segment;
use crate::dialect::NOT_GRANTED;
use provision_api::{ErrorKind, Result};

const OPERATION: &str = "find the Public Cloud project";

impl PublicCloud {
    /// The path of something in the project. It is found, and seen to be in use, once.
    pub(super) async fn path(&self, below: &str) -> Result<String> {
        let project = self.project.get_or_try_init(|| self.find_project()).await?;
        Ok(format!("{project}{below}"))
    }

    async fn find_project(&self) -> Result<String> {
        let id = match &self.configured {
            Some(id) => id.clone(),
            None => self.only_project().await?,
        };
        let path = format!("/cloud/project/{}", segment(&id));
        let operation = format!("open the Public Cloud project {id}");
        match self.client.v1().get::<Project>(&path, &operation).await {
            Ok(project) if ["suspended", "deleting", "deleted"].contains(&&*project.status) => {
                let why = format!(
                    "it is {}; OVHcloud's control panel says why, and what is due",
                    project.status
                );
                Err(error(ErrorKind::Suspended, operation, why))
            }
            // it may be granted to work in it and not to look at it
            Err(error) if error.code.as_deref() == Some(NOT_GRANTED) => Ok(path),
            // whoever names a project wants that one: it is not as if there were none
            Err(mut error) if error.kind == ErrorKind::NotFound && self.configured.is_some() => {
                error.kind = ErrorKind::Invalid;
                error.message.push_str(
                    "; OVH_CLOUD_PROJECT_SERVICE has to name one of the account's projects",
                );
                Err(error)
            }
            Err(error) => Err(error),
            Ok(_) => Ok(path),
        }
    }

    async fn only_project(&self) -> Result<String> {
        let mut ids: Vec<String> = self.client.v1().get("/cloud/project", OPERATION).await?;
        match (ids.len(), ids.pop()) {
            (1, Some(only)) => Ok(only),
            (_, None) => {
                let why = "the account has no Public Cloud project; make one in OVHcloud's \
                           control panel, or name one in OVH_CLOUD_PROJECT_SERVICE that its \
                           owner has shared with it";
                Err(error(ErrorKind::NotFound, OPERATION, why))
            }
            (_, Some(last)) => {
                ids.push(last);
                let why = format!(
                    "there are several: {}; name one in OVH_CLOUD_PROJECT_SERVICE",
                    ids.join(", ")
                );
                Err(error(ErrorKind::Invalid, OPERATION, why))
            }
        }
    }
}
