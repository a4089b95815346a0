//! One host of an `up`: locked, brought up, and told what remains when it fails.

use crate::cli::{OnFailure, UpFlags};
use crate::clouds::Cloud;
use crate::commands::found;
use crate::commands::teardown;
use crate::commands::up::outcome::HostDocument;
use crate::context::Context;
use crate::engine;
use crate::failure::{Failure, Outcome};
use crate::journal::Journal;
use crate::plan::{Action, HostPlan};
use provision_api::{Catalog, RunId};
use std::sync::Arc;

/// One host of an `up`.
pub(super) struct Work {
    pub(super) context: Arc<Context>,
    pub(super) cloud: Arc<Cloud>,
    pub(super) catalog: Arc<Catalog>,
    pub(super) plan: HostPlan,
    pub(super) run: RunId,
    pub(super) journal: Arc<Journal>,
    pub(super) flags: UpFlags,
}

impl Work {
    pub(super) async fn run(self) -> Outcome<HostDocument> {
        let kept = self.context.state.server(&self.plan.name)?;
        let _lock = kept.lock(&self.plan.name)?;
        let outcome = tokio::select! {
            biased;
            outcome = self.bring_up() => outcome,
            () = self.context.cancel.cancelled() => {
                Err(Failure::interrupted(format!("{}: stopped", self.plan.name)))
            }
        };
        match outcome {
            Ok(document) => Ok(document),
            Err(failure) => Err(self.with_remains(failure).await),
        }
    }

    async fn bring_up(&self) -> Outcome<HostDocument> {
        let job = found::job(
            &self.context,
            Some(&self.cloud),
            self.plan.host.clone(),
            self.plan.name.clone(),
            &self.run,
            &self.journal,
            self.flags.stage.clone(),
        )?;
        let proven = engine::bring_up(&job, &self.cloud, &self.plan, &self.run).await?;
        Ok(HostDocument::of(&job, &self.cloud, &self.catalog, &proven))
    }

    /// What exists now and what it costs, the command that goes on, the one that removes.
    async fn with_remains(&self, mut failure: Failure) -> Failure {
        let (host, role) = (&self.plan.host.name, self.plan.role);
        let owner = &self.context.owner;
        let remains = found::remains(&self.cloud, &self.catalog, owner, host, role).await;
        if remains.is_empty() {
            failure
                .remains
                .push("nothing: no server was created".to_owned());
            return failure;
        }
        let is_new = matches!(self.plan.action, Action::Create(_));
        if is_new && self.flags.on_failure == OnFailure::Teardown {
            let gone = teardown::host_of_run(&self.context, &self.cloud, host, role).await;
            match gone {
                Ok(()) => {
                    failure
                        .remains
                        .push("nothing: the new server was removed".to_owned());
                    return failure;
                }
                Err(error) => failure.remains.push(format!("the removal failed: {error}")),
            }
        }
        failure.remains.extend(remains);
        let flags = self.context.flags();
        let test = if self.flags.test { " --test" } else { "" };
        failure
            .resume
            .get_or_insert(format!("provision up {host}{test}{flags}"));
        let what = if self.flags.test {
            "--test"
        } else {
            host.as_str()
        };
        failure
            .remove
            .get_or_insert(format!("provision teardown {what}{flags}"));
        failure
    }
}
