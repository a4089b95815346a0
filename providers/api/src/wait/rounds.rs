//! The rounds of polling that all who wait share.
//!
//! Each waiter takes a seat. While any seat is taken a background task runs: it sleeps until the
//! first seat is due, asks the vendor about the tasks of all seats at once, and tells each.

use crate::backoff::Pauses;
use crate::{Backoff, Error, ErrorKind, Progress, Provider, TaskId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::select;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep_until};

/// What a waiter hears.
#[derive(Debug, Clone)]
pub(super) enum News {
    /// How far one task is.
    Progress(TaskId, Progress),
    /// This poll failed; another follows.
    Passing(Error),
    /// Polling makes no sense any more.
    Fatal(Error),
}

pub(super) struct Rounds {
    name: &'static str,
    provider: Arc<dyn Provider>,
    pace: Backoff,
    table: Mutex<Table>,
    /// Rung when a seat is taken or left. Only the poller listens.
    bell: Notify,
}

#[derive(Default)]
struct Table {
    next: u64,
    seats: BTreeMap<u64, Seat>,
    polling: bool,
}

struct Seat {
    pending: BTreeSet<TaskId>,
    since: Instant,
    due: Instant,
    pause: Duration,
    pauses: Pauses,
    tell: mpsc::UnboundedSender<News>,
}

/// A taken seat; left by dropping it.
pub(super) struct Taken {
    rounds: Arc<Rounds>,
    number: u64,
    hear: mpsc::UnboundedReceiver<News>,
}

impl Rounds {
    pub(super) fn new(name: &'static str, provider: Arc<dyn Provider>, pace: Backoff) -> Self {
        Self {
            name,
            provider,
            pace,
            table: Mutex::default(),
            bell: Notify::new(),
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a seat for these tasks, and starts the poller if it sleeps.
    pub(super) fn sit(self: &Arc<Self>, pending: BTreeSet<TaskId>) -> Taken {
        let (tell, hear) = mpsc::unbounded_channel();
        let mut pauses = self.pace.pauses();
        let (since, pause) = (Instant::now(), pauses.next_pause());
        let mut table = self.table();
        let number = table.next;
        table.next += 1;
        if !pending.is_empty() {
            table.seats.insert(
                number,
                Seat {
                    pending,
                    since,
                    due: since + pause,
                    pause,
                    pauses,
                    tell,
                },
            );
            if !std::mem::replace(&mut table.polling, true) {
                let rounds = Arc::clone(self);
                tokio::spawn(poll_rounds(Poller {
                    rounds,
                    ended: false,
                }));
            }
            self.bell.notify_one();
        }
        Taken {
            rounds: Arc::clone(self),
            number,
            hear,
        }
    }

    /// When the next round is; none when nobody waits, and then polling has ended.
    fn next_round(&self) -> Option<Instant> {
        let mut table = self.table();
        let due = table.seats.values().map(|seat| seat.due).min();
        table.polling = due.is_some();
        due
    }

    fn pending(&self) -> Vec<TaskId> {
        let table = self.table();
        let all: BTreeSet<_> = table
            .seats
            .values()
            .flat_map(|seat| &seat.pending)
            .collect();
        all.into_iter().cloned().collect()
    }

    async fn deserted(&self) {
        while !self.table().seats.is_empty() {
            self.bell.notified().await;
        }
    }

    /// Tells each seat of its tasks, and when it is due again.
    fn tell(&self, asked: &[TaskId], answer: crate::Result<Vec<Progress>>, round: Instant) {
        let heard = match answer {
            Ok(all) if all.len() == asked.len() => Ok(asked.iter().zip(all).collect()),
            Ok(all) => Err(News::Fatal(self.miscounted(asked.len(), all.len()))),
            Err(error) if is_passing(error.kind) => Err(News::Passing(error)),
            Err(error) => Err(News::Fatal(error)),
        };
        let mut table = self.table();
        table.seats.retain(|_, seat| {
            match &heard {
                Ok(all) => seat.hear(all, round, &self.pace),
                Err(news) => {
                    // nobody listens any more: the seat is about to be left
                    let _ = seat.tell.send(news.clone());
                    if matches!(news, News::Fatal(_)) {
                        seat.pending.clear();
                    }
                    seat.rest();
                }
            }
            !seat.pending.is_empty()
        });
    }

    fn miscounted(&self, asked: usize, answered: usize) -> Error {
        let message = format!("{answered} answers about {asked} tasks");
        Error::new(ErrorKind::Garbled, self.name, "poll tasks", message)
    }
}

fn is_passing(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Unavailable | ErrorKind::RateLimited | ErrorKind::TimedOut
    )
}

impl Seat {
    fn hear(&mut self, all: &BTreeMap<&TaskId, Progress>, round: Instant, pace: &Backoff) {
        let elapsed = round.saturating_duration_since(self.since);
        let mut guess = Some(Duration::ZERO);
        for id in std::mem::take(&mut self.pending) {
            let Some(progress) = all.get(&id) else {
                // asked for after this round began
                self.pending.insert(id);
                guess = None;
                continue;
            };
            let _ = self.tell.send(News::Progress(id.clone(), progress.clone()));
            if let Progress::Running(percent) = progress {
                let left = percent.and_then(|percent| left(elapsed, percent));
                guess = guess.zip(left).map(|(one, other)| one.max(other));
                self.pending.insert(id);
            }
        }
        let was_due = self.due <= round;
        match guess {
            Some(guess) if !self.pending.is_empty() => {
                self.pause = guess.clamp(pace.first / 2, pace.most.max(pace.first));
                self.due = Instant::now() + self.pause;
            }
            _ if was_due => self.rest(),
            // it rode along with another seat's round, so its own can wait as long again
            _ => self.due = Instant::now() + self.pause,
        }
    }

    fn rest(&mut self) {
        self.pause = self.pauses.next_pause();
        self.due = Instant::now() + self.pause;
    }
}

/// How long a task takes yet, if it goes on as it went so far.
fn left(elapsed: Duration, percent: u8) -> Option<Duration> {
    let percent = u32::from(percent);
    (1..100)
        .contains(&percent)
        .then(|| elapsed * (100 - percent) / percent)
}

/// The right to poll. Lost before it ended (a panic, a runtime that stops), it empties the
/// table, so that whoever waits hears that nobody polls any more.
struct Poller {
    rounds: Arc<Rounds>,
    ended: bool,
}

impl Drop for Poller {
    fn drop(&mut self) {
        if !self.ended {
            let mut table = self.rounds.table();
            table.polling = false;
            table.seats.clear();
        }
    }
}

async fn poll_rounds(mut poller: Poller) {
    let rounds = Arc::clone(&poller.rounds);
    while let Some(due) = rounds.next_round() {
        select! {
            () = sleep_until(due) => {}
            () = rounds.bell.notified() => continue,
        }
        let (asked, round) = (rounds.pending(), Instant::now());
        if asked.is_empty() {
            continue;
        }
        select! {
            answer = rounds.provider.poll(&asked) => rounds.tell(&asked, answer, round),
            () = rounds.deserted() => {}
        }
    }
    poller.ended = true;
}

impl Taken {
    /// The next news; none if polling broke off.
    pub(super) async fn news(&mut self) -> Option<News> {
        self.hear.recv().await
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.rounds.table().seats.remove(&self.number);
        self.rounds.bell.notify_one();
    }
}
