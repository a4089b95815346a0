//! Asks again and again until something is ready.

use super::Deadline;
use crate::Backoff;
use std::fmt::Display;
use tokio::select;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// How one look at the thing ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt<T> {
    /// It is there.
    Ready(T),
    /// Not yet, and why (a fragment: `connection refused`).
    NotYet(String),
}

/// Why waiting ended without the thing.
#[derive(Debug, thiserror::Error)]
pub enum WaitError<E> {
    /// The deadline came first.
    #[error("{what}: not within {deadline}{}", last_words(.last.as_deref()))]
    TimedOut {
        /// What was awaited.
        what: String,
        /// How long.
        deadline: Deadline,
        /// What the last look said; none if it never answered.
        last: Option<String>,
    },
    /// The caller gave up (Ctrl-C).
    #[error("{what}: cancelled")]
    Cancelled {
        /// What was awaited.
        what: String,
    },
    /// A look showed that it will never be there.
    #[error(transparent)]
    Failed(E),
}

fn last_words(last: Option<&str>) -> impl Display {
    last.map_or_else(
        || ": it never answered".to_owned(),
        |last| format!(": {last}"),
    )
}

/// Looks at once, then after each pause, until `attempt` says that the thing is ready, or that
/// it never will be, or the deadline is over, or the token is cancelled. A look that hangs does
/// not outlive the deadline.
///
/// `what` names the thing in errors (`ssh on 203.0.113.7`).
pub async fn until<T, E, F, Fut>(
    what: &str,
    deadline: Deadline,
    backoff: &Backoff,
    cancel: &CancellationToken,
    mut attempt: F,
) -> Result<T, WaitError<E>>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<Attempt<T>, E>>,
{
    let mut last = None;
    let mut pauses = backoff.pauses();
    let looking = async {
        loop {
            match attempt().await {
                Ok(Attempt::Ready(thing)) => return Ok(thing),
                Ok(Attempt::NotYet(why)) => last = Some(why),
                Err(error) => return Err(WaitError::Failed(error)),
            }
            sleep(pauses.next_pause()).await;
        }
    };
    let ended = select! {
        biased;
        () = cancel.cancelled() => Some(true),
        result = looking => return result,
        () = deadline.reached() => None,
    };
    let what = what.to_owned();
    match ended {
        Some(_) => Err(WaitError::Cancelled { what }),
        None => Err(WaitError::TimedOut {
            what,
            deadline,
            last,
        }),
    }
}
