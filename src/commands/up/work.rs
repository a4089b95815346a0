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
use crate::job::{Job, UnderWay};
use crate::journal::Journal;
use crate::lease::{self, Lost};
use crate::plan::{Action, HostPlan};
use crate::steps::acquire::PERHAPS;
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
        let outcome = tokio::select! {
            biased;
            outcome = &mut work => outcome,
            lost = job.lease.keep(&self.cloud) => Err(lost_it(&job, work.as_mut(), &lost).await),
            () = self.context.cancel.cancelled() => self.stopped(&job, work.as_mut()).await,
        };
        let proven = lease::given_up(&job, &self.cloud, outcome).await?;
        Ok(HostDocument::of(&job, &self.cloud, &self.catalog, &proven))
    }

    /// Ctrl-C: everything is dropped but what must not be, an order or a way back from rescue. That
    /// ends first, so that what comes of it is known.
    async fn stopped(
        &self,
        job: &Job,
        work: Pin<&mut (impl Future<Output = Outcome<Proven>> + Send)>,
    ) -> Outcome<Proven> {
        let mut remains = match ended(job.under_way.subscribe(), work).await {
            Ended::Work(outcome) => {
                return outcome.map_err(|mut failure| {
                    failure.exit = Exit::Interrupted;
                    failure
                });
            }
            Ended::Nothing => Vec::new(),
            Ended::NotInTime(remains) => vec![remains],
        };
        let mut stopped = Failure::interrupted(format!("{}: stopped", self.plan.name));
        stopped.remains.append(&mut remains);
        Err(stopped)
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

/// The server is gone, or another's: everything is dropped but what must not be.
async fn lost_it(
    job: &Job,
    work: Pin<&mut (impl Future<Output = Outcome<Proven>> + Send)>,
    lost: &Lost,
) -> Failure {
    match ended(job.under_way.subscribe(), work).await {
        Ended::Work(Err(met)) => lost.failure(job, Some(&met)),
        Ended::Work(Ok(_)) | Ended::Nothing => lost.failure(job, None),
        Ended::NotInTime(remains) => {
            let mut failure = lost.failure(job, None);
            failure.remains.push(remains);
            failure
        }
    }
}

/// What became of work that was stopped.
#[derive(Debug, PartialEq, Eq)]
enum Ended<T> {
    /// It came to its own end.
    Work(T),
    /// Nothing is under way that must not be dropped.
    Nothing,
    /// What is under way takes longer than it may; this may remain of it.
    NotInTime(String),
}

/// Goes on with the work until nothing is under way that must not be dropped.
async fn ended<T>(
    mut under_way: watch::Receiver<Option<UnderWay>>,
    mut work: Pin<&mut (impl Future<Output = T> + Send)>,
) -> Ended<T> {
    let Some(UnderWay { within, remains }) = under_way.borrow_and_update().clone() else {
        return Ended::Nothing;
    };
    tokio::select! {
        biased;
        outcome = work.as_mut() => Ended::Work(outcome),
        _ = under_way.wait_for(Option::is_none) => Ended::Nothing,
        () = tokio::time::sleep(within) => Ended::NotInTime(remains),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::time::Duration;

    fn under_way(within: Duration) -> watch::Sender<Option<UnderWay>> {
        watch::Sender::new(Some(UnderWay {
            within,
            remains: "it may be in rescue".to_owned(),
        }))
    }

    #[tokio::test]
    async fn what_must_not_be_dropped_ends_first() {
        let hour = Duration::from_secs(3600);
        let never = || std::future::pending::<u8>();
        let nothing = watch::Sender::new(None);
        assert_eq!(
            ended(nothing.subscribe(), pin!(never())).await,
            Ended::Nothing
        );
        // it ends, and the work with it
        let sender = under_way(hour);
        let work = async {
            tokio::task::yield_now().await;
            sender.send_replace(None);
            7
        };
        assert_eq!(ended(sender.subscribe(), pin!(work)).await, Ended::Work(7));
        // it ends, and the work would go on
        let sender = under_way(hour);
        let work = async {
            tokio::task::yield_now().await;
            sender.send_replace(None);
            never().await
        };
        assert_eq!(ended(sender.subscribe(), pin!(work)).await, Ended::Nothing);
        // it has its own time, and its own words
        let sender = under_way(Duration::from_millis(1));
        assert_eq!(
            ended(sender.subscribe(), pin!(never())).await,
            Ended::NotInTime("it may be in rescue".to_owned())
        );
    }
}
