//! A run's word, written on the server, that it is at work on it: taken before anything is
//! changed, renewed as long as the run lives, given up in the end, lost by time if it is killed.
//!
//! The lock in the state folder keeps two runs of one computer apart; this is for those of two
//! computers, and for `teardown --expired`. Times are the vendor's. No vendor writes on a
//! condition, so it is no lock: of two who take it within the same second both may believe to
//! have it, until the earlier one renews it and is refused.

mod take;

pub use take::{of_elsewhere, take};

use crate::clouds::Cloud;
use crate::deadlines::Deadlines;
use crate::failure::{Exit, Failure, Outcome};
use crate::job::Job;
use jiff::{SignedDuration, Timestamp};
use provision_api::{Error, ErrorKind, Lease, Marks, OwnedServer, RunId, ServerId};
use std::pin::pin;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};

/// So often it is renewed before it would be lost.
const RENEWALS: u32 = 3;
/// Vendors' times are whole seconds: it is never taken for less than a few.
const SHORTEST: Duration = Duration::from_secs(3);
/// What may be spent in the end on giving it up: it is lost by time anyhow.
const GIVING_UP: Duration = Duration::from_secs(10);

/// What a run writes on its server, one thing after the other: a lease that is renewed in
/// between never brings back what was written before.
#[derive(Debug)]
pub struct Keeper {
    run: RunId,
    length: Duration,
    held: Mutex<Held>,
}

/// What is known to be written.
#[derive(Debug, Default)]
struct Held {
    server: Option<OwnedServer>,
    /// A write was begun, and nobody knows whether it took effect: what is known may be older
    /// than what is there, and is not written again.
    unsure: bool,
}

impl Held {
    fn known(server: &OwnedServer) -> Self {
        Self {
            server: Some(server.clone()),
            unsure: false,
        }
    }

    /// Writes, and remembers what came of it even if this is dropped in the middle.
    async fn write(
        &mut self,
        cloud: &Cloud,
        server: &OwnedServer,
        marks: &Marks,
    ) -> Result<OwnedServer, Error> {
        self.unsure = true;
        let marked = cloud.provider.mark(server, marks).await;
        match &marked {
            Ok(marked) => *self = Self::known(marked),
            Err(error) => self.unsure = !is_lost(error),
        }
        marked
    }
}

impl Keeper {
    /// For that run; nothing is held yet.
    pub fn new(run: &RunId, deadlines: Deadlines) -> Self {
        let longest = Duration::try_from(Lease::LONGEST).unwrap_or(SHORTEST);
        Self {
            run: run.clone(),
            length: deadlines.lease().clamp(SHORTEST, longest),
            held: Mutex::default(),
        }
    }

    /// The lease that is written now; none where the vendor tells no time.
    pub fn lease(&self, cloud: &Cloud) -> Option<Lease> {
        let until = cloud.provider.now()?.as_second();
        let seconds = i64::try_from(self.length.as_secs()).ok()?;
        Some(Lease {
            until: Timestamp::from_second(until.checked_add(seconds)?).ok()?,
            run: self.run.clone(),
        })
    }

    /// It is written on the server already, since that is just made.
    pub async fn hold(&self, server: &OwnedServer) {
        *self.held.lock().await = Held::known(server);
    }

    /// The server goes, and that by our own hand.
    pub async fn let_go(&self, server: &ServerId) {
        let mut held = self.held.lock().await;
        held.server.take_if(|held| held.id() == server);
    }

    /// Writes these marks on the server, and that it is held.
    pub async fn write(
        &self,
        cloud: &Cloud,
        server: &OwnedServer,
        marks: &Marks,
    ) -> Result<OwnedServer, Error> {
        let mut held = self.held.lock().await;
        let marks = Marks {
            lease: self.lease(cloud),
            ..marks.clone()
        };
        held.write(cloud, server, &marks).await
    }

    /// Writes these marks on the server as the last thing, and that nobody holds it.
    pub async fn end(
        &self,
        cloud: &Cloud,
        server: &OwnedServer,
        marks: &Marks,
    ) -> Result<OwnedServer, Error> {
        let mut held = self.held.lock().await;
        let marks = Marks {
            lease: None,
            ..marks.clone()
        };
        // the caller's may be from before this run took its own lease: that is nobody else's
        let known = held.server.clone().filter(|held| held.id() == server.id());
        let known = known.unwrap_or_else(|| server.clone());
        let marked = held.write(cloud, &known, &marks).await?;
        held.server = None;
        Ok(marked)
    }

    /// Renews it for as long as this is waited for; ends when the server is not there any more,
    /// or is another run's.
    pub async fn keep(&self, cloud: &Cloud) -> Lost {
        let interval = self.length / RENEWALS;
        let (mut pause, mut misses) = (interval, 0);
        loop {
            sleep(pause).await;
            let mut held = self.held.lock().await;
            let Some(server) = held.server.clone().filter(|_| !held.unsure) else {
                (pause, misses) = (interval, 0);
                continue;
            };
            let marks = Marks {
                lease: self.lease(cloud),
                ..server.marks().clone()
            };
            match cloud.provider.mark(&server, &marks).await {
                Ok(marked) => {
                    held.server = Some(marked);
                    (pause, misses) = (interval, 0);
                }
                Err(error) if error.kind == ErrorKind::NotOurs => {
                    held.server = None;
                    return Lost::Taken(server, error);
                }
                // a vendor that is behind with its own news is asked twice
                Err(error) if error.kind == ErrorKind::NotFound && misses > 0 => {
                    held.server = None;
                    return Lost::Gone(server);
                }
                Err(error) => {
                    misses += u32::from(error.kind == ErrorKind::NotFound);
                    tracing::debug!(%error, "the lease is not renewed");
                    pause = interval / 8;
                }
            }
        }
    }

    /// Takes it off the server, if it is held; answers why that is not to be.
    async fn give_up(&self, cloud: &Cloud) -> Option<Lost> {
        let mut held = self.held.lock().await;
        let server = held.server.take().filter(|_| !held.unsure)?;
        let marks = Marks {
            lease: None,
            ..server.marks().clone()
        };
        let marked = cloud.provider.mark(&server, &marks);
        match timeout(GIVING_UP, marked).await {
            Ok(Err(error)) if error.kind == ErrorKind::NotFound => Some(Lost::Gone(server)),
            Ok(Err(error)) if error.kind == ErrorKind::NotOurs => Some(Lost::Taken(server, error)),
            Ok(Err(error)) => {
                tracing::debug!(%error, "the lease is left to its end");
                None
            }
            _ => None,
        }
    }
}

/// Whether the vendor said that there is nothing to write on.
fn is_lost(error: &Error) -> bool {
    matches!(error.kind, ErrorKind::NotFound | ErrorKind::NotOurs)
}

/// How a run lost its server.
#[derive(Debug)]
pub enum Lost {
    /// It does not exist any more.
    Gone(OwnedServer),
    /// It is another run's by now, or nobody's.
    Taken(OwnedServer, Error),
}

impl Lost {
    /// What is told; `met` is what the run itself met because of it.
    pub fn failure(&self, job: &Job, met: Option<&Failure>) -> Failure {
        let name = &job.name;
        let (what, why, mend) = match self {
            Self::Gone(server) => (
                format!("{name}: server {} was removed under it", server.id()),
                "it existed when this run began its work, and the vendor does not know it any more"
                    .to_owned(),
                "find out who removes it (another provision teardown, a timer with --expired, the vendor's console), then run the command again",
            ),
            Self::Taken(server, error) => (
                format!("{name}: server {} is not this run's any more", server.id()),
                error.message.clone(),
                "see with provision list whose it is by now, then run the command again",
            ),
        };
        let why = match met {
            Some(met) => format!("{why}\nthis run met: {met}"),
            None => why,
        };
        let mut failure = Failure::new(Exit::Busy, what, why).mend(mend);
        if let Self::Gone(server) = self {
            job.made(None);
            let id = server.id();
            failure.remains.push(format!("nothing of server {id}"));
        }
        failure
    }
}

/// The work under a lease on that server.
pub async fn during<T>(
    job: &Job,
    cloud: &Cloud,
    server: &OwnedServer,
    work: impl Future<Output = Outcome<T>>,
) -> Outcome<T> {
    take(job, cloud, server).await?;
    let mut work = pin!(work);
    let outcome = tokio::select! {
        biased;
        outcome = &mut work => outcome,
        lost = job.lease.keep(cloud) => Err(lost.failure(job, None)),
    };
    given_up(job, cloud, outcome).await
}

/// What came of the work, once the lease is given up. If the server turns out to be gone, that is
/// why the work failed, whatever it met itself.
pub async fn given_up<T>(job: &Job, cloud: &Cloud, outcome: Outcome<T>) -> Outcome<T> {
    let lost = job.lease.give_up(cloud).await;
    match (outcome, lost) {
        (Err(met), Some(lost)) if met.exit != Exit::Interrupted => {
            Err(lost.failure(job, Some(&met)))
        }
        (outcome, _) => outcome,
    }
}

/// When a server that is to live that long from now on may be removed; an error where the vendor
/// tells no time, because then nobody could ever say that it is over.
pub fn end(cloud: &Cloud, name: &str, ttl: SignedDuration) -> Outcome<Timestamp> {
    let now = cloud.provider.now().ok_or_else(|| {
        Failure::new(
            Exit::Provider,
            format!("{name}: it cannot be said when its time is over"),
            format!("the answers of {} do not tell the time, and this computer's own clock may be wrong", cloud.name()),
        )
        .mend("leave --ttl out (and ttl in host.toml), and remove the server yourself; nothing was done")
    })?;
    now.checked_add(ttl)
        .map_err(|e| Failure::new(Exit::Usage, format!("{name}: cannot live that long"), e))
}
