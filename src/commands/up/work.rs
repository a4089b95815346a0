//! One host of an `up`: locked, brought up, and told what remains when it fails.

use crate::cli::{OnFailure, UpFlags};
use crate::clouds::Cloud;
use crate::commands::found;
use crate::commands::teardown;
use crate::commands::up::again;
use crate::commands::up::outcome::HostDocument;
use crate::commands::up::renew;
use crate::context::Context;
use crate::engine::{self, Proven};
use crate::failure::{Exit, Failure, Outcome};
use crate::job::Job;
use crate::journal::Journal;
use crate::plan::{Action, HostPlan};
use provision_api::{Catalog, RunId, ServerId};
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::watch;

/// One host of an `up`.
pub(super) struct Work {
    pub(super) context: Arc<Context>,
    pub(super) cloud: Arc<Cloud>,
    pub(super) catalog: Arc<Catalog>,
    pub(super) plan: HostPlan,
    pub(super) run: RunId,
    pub(super) journal: Arc<Journal>,
    pub(super) flags: UpFlags,
    /// The server that its job has made.
    pub(super) made: watch::Sender<Option<ServerId>>,
}

impl Work {
    pub(super) async fn run(mut self) -> Outcome<HostDocument> {
        let name = &self.plan.name;
        let kept = self.context.state.server(name);
        // held until all is told: a removal after a failure is work on the server, too
        let lock = kept.and_then(|kept| kept.lock(name));
        let outcome = match &lock {
            Ok(_) => match renew::renewed(&self.context, &self.cloud, &mut self.plan).await {
                Ok(()) => self.bring_up().await,
                Err(failure) => Err(failure),
            },
            Err(busy) => Err(busy.clone()),
        };
        match outcome {
            Ok(document) => Ok(document),
            Err(failure) => Err(self.with_remains(failure).await),
        }
    }

    async fn bring_up(&self) -> Outcome<HostDocument> {
        let mut job = found::job(
            &self.context,
            Some(&self.cloud),
            self.plan.host.clone(),
            self.plan.name.clone(),
            &self.run,
            &self.journal,
            self.flags.stage.clone(),
        )?;
        job.made = self.made.clone();
        let mut work = Box::pin(engine::bring_up(&job, &self.cloud, &self.plan, &self.run));
        let proven = tokio::select! {
            biased;
            outcome = &mut work => outcome?,
            () = self.context.cancel.cancelled() => self.stopped(&job, work.as_mut()).await?,
        };
        Ok(HostDocument::of(&job, &self.cloud, &self.catalog, &proven))
    }

    /// Ctrl-C: everything is dropped but an order that is under way. That one ends first, so that
    /// the server that comes of it is known.
    async fn stopped(
        &self,
        job: &Job,
        mut work: Pin<&mut (impl Future<Output = Outcome<Proven>> + Send)>,
    ) -> Outcome<Proven> {
        let mut ordering = job.ordering.subscribe();
        let stopped = || Failure::interrupted(format!("{}: stopped", self.plan.name));
        tokio::select! {
            biased;
            outcome = work.as_mut() => outcome.map_err(|mut failure| {
                failure.exit = Exit::Interrupted;
                failure
            }),
            _ = ordering.wait_for(|under_way| !under_way) => Err(stopped()),
            () = tokio::time::sleep(self.context.deadlines.busy()) => {
                let mut failure = stopped();
                failure.remains.push(format!(
                    "unknown: {} has not answered the order; a server named {} may come to exist \
                     and cost money",
                    self.cloud.provider, self.plan.name
                ));
                Err(failure)
            }
        }
    }

    /// What exists now and what it costs, the command that goes on, the one that removes.
    async fn with_remains(&self, mut failure: Failure) -> Failure {
        let is_new = matches!(self.plan.action, Action::Create(_) | Action::Adopt(_));
        let mut removed = 0;
        if is_new && self.flags.on_failure == OnFailure::Teardown {
            let (journal, host) = (&self.journal, &self.plan.host.name);
            let run = &self.run;
            match teardown::of_run(&self.context, &self.cloud, journal, run, host).await {
                Ok(number) => removed = number,
                Err(error) => failure.remains.push(format!("the removal failed: {error}")),
            }
        }
        let (host, role) = (&self.plan.host.name, self.plan.role);
        let owner = &self.context.owner;
        let catalog = Some(&*self.catalog);
        let remains = found::remains(&self.cloud, catalog, owner, host, role).await;
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
        if failure.remains.is_empty() {
            let why = match (is_new, removed) {
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
}
