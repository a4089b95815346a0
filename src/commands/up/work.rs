//! One host of an `up`: locked, brought up, and told what remains when it fails.

use crate::cli::{OnFailure, UpFlags};
use crate::clouds::Cloud;
use crate::commands::found;
use crate::commands::teardown::{self, OfRun};
use crate::commands::up::outcome::HostDocument;
use crate::commands::up::remains::Failed;
use crate::commands::up::renew;
use crate::context::Context;
use crate::engine::{self, Proven};
use crate::failure::{Exit, Failure, Outcome};
use crate::job::{Job, UnderWay};
use crate::journal::Journal;
use crate::lease::{self, Lost};
use crate::plan::{Action, HostPlan};
use provision_api::{Catalog, RunId, ServerId};
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::{Mutex, watch};

/// One host of an `up`.
pub(super) struct Work {
    pub(super) context: Arc<Context>,
    pub(super) cloud: Arc<Cloud>,
    pub(super) catalog: Arc<Catalog>,
    pub(super) plan: HostPlan,
    pub(super) run: RunId,
    pub(super) journal: Arc<Journal>,
    pub(super) flags: UpFlags,
    /// How many hosts at that provider are still at work, this one among them.
    pub(super) left: Arc<Mutex<usize>>,
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
                Err(failure) => Err(failure.into()),
            },
            Err(busy) => Err(busy.clone().into()),
        };
        // one after the other, so that the last one knows that it is
        let mut left = self.left.lock().await;
        let outcome = match outcome {
            Ok(document) => Ok(document),
            Err(failed) => Err(self.with_remains(failed, *left == 1).await),
        };
        *left = left.saturating_sub(1);
        outcome
    }

    async fn bring_up(&self) -> Result<HostDocument, Failed> {
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
        // it may be waiting for its turn to write, and nobody else would ever have it
        drop(work);
        // a removal needs the lease: it is given up after that
        let mut of_run = OfRun::default();
        let outcome = match outcome {
            Err(mut failure) if self.removes() && !job.lease.is_taken().await => {
                match teardown::of_run(&job, &self.cloud, &self.run).await {
                    Ok(done) => of_run = done,
                    Err(error) => failure.remains.push(format!("the removal failed: {error}")),
                }
                Err(failure)
            }
            other => other,
        };
        match lease::given_up(&job, &self.cloud, outcome).await {
            Ok(proven) => Ok(HostDocument::of(&job, &self.cloud, &self.catalog, &proven)),
            Err(mut failure) => {
                failure.remains.append(&mut of_run.stay);
                Err(Failed {
                    failure,
                    removed: of_run.removed,
                    has_begun: true,
                    may_remove: self.removes() && !job.lease.is_taken().await,
                })
            }
        }
    }

    /// Whether what this run makes goes again if it fails.
    fn removes(&self) -> bool {
        self.is_new() && self.flags.on_failure == OnFailure::Teardown
    }

    pub(super) fn is_new(&self) -> bool {
        matches!(self.plan.action, Action::Create(_) | Action::Adopt(_))
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
