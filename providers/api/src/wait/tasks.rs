//! Waits for what a vendor does in the background.

use super::Deadline;
use super::rounds::{News, Rounds};
use crate::{Backoff, Error, ErrorKind, Progress, Provider, Result, Task};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::select;
use tokio_util::sync::CancellationToken;

/// Waits for tasks of one provider, for any number of servers at once.
///
/// Clones share one poller: the pending tasks of all who wait go into one [`Provider::poll`]
/// each round, and nothing is polled while nobody waits.
#[derive(Clone)]
pub struct TaskWaiter {
    name: &'static str,
    rounds: Arc<Rounds>,
}

impl TaskWaiter {
    /// The first look after a second (nothing at a cloud is quicker), at most ten seconds lost.
    pub const PACE: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(10));

    /// A waiter for that provider, which its errors call by that name.
    ///
    /// `pace` is how the looks at one set of tasks spread: where the vendor tells a percentage,
    /// the next look is when the task should be done, between half of `pace.first` and
    /// `pace.most`; else after `pace`'s growing pauses.
    pub fn new(name: &'static str, provider: Arc<dyn Provider>, pace: Backoff) -> Self {
        Self {
            name,
            rounds: Arc::new(Rounds::new(name, provider, pace)),
        }
    }

    /// Waits until all tasks are done, or one failed, whose error is the answer.
    ///
    /// A poll that fails for a passing reason is not the end; when the deadline comes, that
    /// reason is told. `on_progress` hears of each task after each round.
    pub async fn wait(
        &self,
        tasks: &[Task],
        deadline: Deadline,
        cancel: &CancellationToken,
        mut on_progress: impl FnMut(&Task, &Progress) + Send,
    ) -> Result<()> {
        let mut pending: Vec<&Task> = Vec::new();
        for task in tasks {
            if !pending.iter().any(|known| known.id == task.id) {
                pending.push(task);
            }
        }
        let mut seat = self
            .rounds
            .sit(pending.iter().map(|task| task.id.clone()).collect());
        let mut last = None;
        while !pending.is_empty() {
            let news = select! {
                biased;
                () = cancel.cancelled() => return Err(self.cancelled(&pending)),
                news = seat.news() => news,
                () = deadline.reached() => return Err(self.timed_out(&pending, deadline, last)),
            };
            match news {
                Some(News::Progress(id, progress)) => {
                    let Some(at) = pending.iter().position(|task| task.id == id) else {
                        continue;
                    };
                    on_progress(pending[at], &progress);
                    match progress {
                        Progress::Done => drop(pending.remove(at)),
                        Progress::Failed(error) => return Err(error),
                        Progress::Running(Some(percent)) => last = Some(format!("{percent}% done")),
                        Progress::Running(None) => last = Some("still running".to_owned()),
                    }
                }
                Some(News::Passing(error)) => last = Some(format!("the last poll failed: {error}")),
                Some(News::Fatal(error)) => return Err(error),
                None => {
                    let message = "the poller ended unexpectedly";
                    return Err(self.error(ErrorKind::Unknown, &pending, message));
                }
            }
        }
        Ok(())
    }

    fn error(&self, kind: ErrorKind, pending: &[&Task], message: impl Into<String>) -> Error {
        let names: Vec<_> = pending.iter().map(|task| task.what.as_str()).collect();
        let operation = format!("wait for {}", names.join(", "));
        Error::new(kind, self.name, operation, message)
    }

    fn cancelled(&self, pending: &[&Task]) -> Error {
        self.error(ErrorKind::Cancelled, pending, "the vendor goes on with it")
    }

    fn timed_out(&self, pending: &[&Task], deadline: Deadline, last: Option<String>) -> Error {
        let ids: Vec<_> = pending.iter().map(|task| task.id.as_str()).collect();
        let last = last.unwrap_or_else(|| "nothing was heard of it".to_owned());
        let message = format!(
            "not done within {deadline} (task {}): {last}",
            ids.join(", ")
        );
        self.error(ErrorKind::TimedOut, pending, message)
    }
}

impl fmt::Debug for TaskWaiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskWaiter")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
