//! What is told when a host could not be brought up: what exists now, and what it costs.

use super::again;
use super::work::Work;
use crate::commands::{found, teardown};
use crate::failure::Failure;
use crate::steps::acquire::PERHAPS;
use provision_api::Leftover;

/// How it failed, and what of it was removed.
pub(super) struct Failed {
    pub(super) failure: Failure,
    pub(super) removed: usize,
    /// It had the lock, and began its work.
    pub(super) has_begun: bool,
    /// What it made may be removed.
    pub(super) may_remove: bool,
}

impl From<Failure> for Failed {
    fn from(failure: Failure) -> Self {
        Self {
            failure,
            removed: 0,
            has_begun: false,
            may_remove: false,
        }
    }
}

impl Work {
    /// What exists now and what it costs, the command that goes on, the one that removes.
    pub(super) async fn with_remains(&self, failed: Failed, is_last: bool) -> Failure {
        let keys = self.keys(&failed, is_last).await;
        let Failed {
            mut failure,
            removed,
            ..
        } = failed;
        let (host, role) = (&self.plan.host.name, self.plan.role);
        let owner = &self.context.owner;
        let catalog = Some(&*self.catalog);
        let remains = found::remains(&self.cloud, catalog, owner, host, role).await;
        if !remains.is_empty() {
            failure.remains.retain(|line| !line.starts_with(PERHAPS));
        }
        failure.remains.extend(remains);
        if let Some(id) = self.made.borrow().as_ref()
            && removed == 0
            && !failure
                .remains
                .iter()
                .any(|line| line.contains(id.as_str()))
        {
            failure.remains.push(format!(
                "perhaps server {id} ({}): this run made it, and the vendor's list does not show it; it may cost money",
                self.plan.name
            ));
        }
        failure.remains.extend(keys);
        if failure.remains.is_empty() {
            let why = match (self.is_new(), removed) {
                (true, 0) => "no server was created",
                (true, _) => "the new server was removed",
                (false, _) => "its server does not exist any more",
            };
            failure.remains.push(format!("nothing: {why}"));
            return failure;
        }
        let naming = found::naming(&self.context, host, role);
        failure
            .resume
            .get_or_insert_with(|| again::command(&self.context, host, &self.flags));
        failure
            .remove
            .get_or_insert_with(|| format!("provision teardown {naming}"));
        failure
    }

    /// The keys that are left although no server needs them; removed first, if that may be.
    async fn keys(&self, failed: &Failed, is_last: bool) -> Vec<String> {
        // whoever has the lock may just have added one
        if !failed.has_begun {
            return Vec::new();
        }
        let (context, host) = (&self.context, &self.plan.host.name);
        let keys = match teardown::keys_left(context, &self.cloud, host, is_last).await {
            Ok(keys) => keys,
            Err(error) => return vec![format!("perhaps keys, which cost nothing: {error}")],
        };
        let line = |key: &Leftover| format!("key {} ({}), which costs nothing", key.name, key.id);
        let lines: Vec<String> = keys.iter().map(line).collect();
        if !failed.may_remove {
            return lines;
        }
        let (cloud, journal) = (&self.cloud, &self.journal);
        match teardown::remove(context, cloud, journal, Vec::new(), keys).await {
            Ok(()) => Vec::new(),
            Err(error) => lines
                .into_iter()
                .chain([format!("the removal failed: {error}")])
                .collect(),
        }
    }
}
