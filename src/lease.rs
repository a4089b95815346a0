//! A run's word, written on the server, that it is at work on it: taken before anything is
//! changed, renewed as long as the run lives, given up in the end, lost by time if it is killed.
//!
//! The lock in the state folder keeps two runs of one computer apart; this is for those of two
//! computers, and for `teardown --expired`. Times are the vendor's. No vendor writes on a
//! condition, so it is no lock: of two who take it within the same second both may believe to
//! have it, until the earlier one renews it and is refused.

mod keeper;
mod take;

pub use keeper::Keeper;
pub use take::{of_elsewhere, take};

use crate::clouds::Cloud;
use crate::failure::{Exit, Failure, Outcome};
use crate::job::Job;
use jiff::{SignedDuration, Timestamp};
use provision_api::{Error, OwnedServer};
use std::pin::pin;

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
    let outcome = {
        // dropped with the block: it may be waiting for its turn to write, and nobody else would
        // ever have it
        let mut work = pin!(work);
        tokio::select! {
            biased;
            outcome = &mut work => outcome,
            lost = job.lease.keep(cloud) => Err(lost.failure(job, None)),
        }
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
