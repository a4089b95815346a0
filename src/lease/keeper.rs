//! What a run writes on its server, and what it knows to be written.

use super::Lost;
use crate::clouds::Cloud;
use crate::deadlines::Deadlines;
use jiff::Timestamp;
use provision_api::{Error, ErrorKind, Lease, Marks, OwnedServer, RunId, ServerId};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};

/// So often it is renewed before it would be lost.
const RENEWALS: u32 = 3;
/// Vendors' times are whole seconds: it is never taken for less than a few.
const SHORTEST: Duration = Duration::from_secs(3);
/// What may be spent in the end on giving it up: it is lost by time anyhow.
const GIVING_UP: Duration = Duration::from_secs(10);

/// What a run writes on its server, one thing after the other: a lease that is renewed in
/// between never brings back what was written before, nor undoes what another run has written.
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
    /// When it was seen last that it is held.
    seen: Option<Seen>,
    /// Another run has taken the server: nothing is written on it, nor done to it, any more.
    taken: Option<(OwnedServer, Error)>,
}

/// A moment, by both of this computer's clocks: one of them stands still while it sleeps, and the
/// other one may be put back.
#[derive(Debug, Clone, Copy)]
struct Seen {
    steady: Instant,
    wall: Timestamp,
}

impl Seen {
    fn now() -> Self {
        Self {
            steady: Instant::now(),
            wall: Timestamp::now(),
        }
    }

    fn is_within(self, time: Duration) -> bool {
        let wall = Timestamp::now().duration_since(self.wall);
        let wall = Duration::try_from(wall).ok();
        self.steady.elapsed() < time && wall.is_some_and(|wall| wall < time)
    }
}

impl Held {
    fn know(&mut self, server: &OwnedServer, seen: Seen) {
        *self = Self {
            server: Some(server.clone()),
            unsure: false,
            seen: Some(seen),
            taken: None,
        };
    }

    /// What stands on the server as far as this run knows: the caller's view may be from before
    /// this run wrote last.
    fn known(&self, server: &OwnedServer) -> OwnedServer {
        let held = self.server.as_ref().filter(|held| held.id() == server.id());
        held.unwrap_or(server).clone()
    }

    fn refused(&self, server: &OwnedServer) -> Option<Error> {
        let (taken, error) = self.taken.as_ref()?;
        (taken.id() == server.id()).then(|| error.clone())
    }

    /// Writes, and remembers what came of it even if this is dropped in the middle.
    async fn write(
        &mut self,
        cloud: &Cloud,
        server: &OwnedServer,
        marks: &Marks,
    ) -> Result<OwnedServer, Error> {
        if let Some(error) = self.refused(server) {
            return Err(error);
        }
        self.unsure = true;
        let begun = Seen::now();
        let marked = cloud.provider.mark(&self.known(server), marks).await;
        match &marked {
            Ok(marked) => self.know(marked, begun),
            Err(error) => {
                self.unsure = !is_lost(error);
                self.notice(server, error);
            }
        }
        marked
    }

    /// Whoever is refused what it had does not have it any more.
    fn notice(&mut self, server: &OwnedServer, error: &Error) {
        let had = self.server.as_ref().is_some_and(|s| s.id() == server.id());
        if had && error.kind == ErrorKind::NotOurs {
            self.taken = self.server.take().map(|had| (had, error.clone()));
        }
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

    fn leased(&self, cloud: &Cloud, marks: &Marks) -> Marks {
        Marks {
            lease: self.lease(cloud),
            ..marks.clone()
        }
    }

    /// It is written on the server already, since that is just made.
    pub async fn hold(&self, server: &OwnedServer) {
        self.held.lock().await.know(server, Seen::now());
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
        held.write(cloud, server, &self.leased(cloud, marks)).await
    }

    /// Writes these marks on the server as the last thing, and that nobody holds it.
    pub async fn end(
        &self,
        cloud: &Cloud,
        server: &OwnedServer,
        marks: &Marks,
    ) -> Result<OwnedServer, Error> {
        let mut held = self.held.lock().await;
        let marked = held.write(cloud, server, &marks.unleased()).await?;
        held.server = None;
        Ok(marked)
    }

    /// Makes sure, before something is done to the server that cannot be undone, that it is held
    /// still: a run that slept may not have found out yet that it has lost it.
    pub async fn hold_on(&self, cloud: &Cloud, server: &OwnedServer) -> Result<(), Error> {
        let mut held = self.held.lock().await;
        if let Some(error) = held.refused(server) {
            return Err(error);
        }
        let is_fresh = |seen: Seen| seen.is_within(self.length / RENEWALS * 2);
        let known = held.server.clone().filter(|s| s.id() == server.id());
        let Some(known) = known.filter(|_| !held.unsure && !held.seen.is_some_and(is_fresh)) else {
            return Ok(());
        };
        let marks = self.leased(cloud, known.marks());
        held.write(cloud, &known, &marks).await.map(drop)
    }

    /// The server with what this run has written on it last, if it has: adapters look whether that
    /// is still there before they do anything to it.
    pub async fn known(&self, server: &OwnedServer) -> OwnedServer {
        self.held.lock().await.known(server)
    }

    /// Whether the server was lost to another run.
    pub async fn is_taken(&self) -> bool {
        self.held.lock().await.taken.is_some()
    }

    /// Writes on a server that bears this run's lease, by this view of it, that it is held from
    /// now on.
    pub async fn renew(&self, cloud: &Cloud, server: &OwnedServer) -> Result<OwnedServer, Error> {
        let mut held = self.held.lock().await;
        if let Some(error) = held.refused(server) {
            return Err(error);
        }
        let known = held.known(server);
        let is_held = held.server.as_ref().is_some_and(|s| s.id() == server.id());
        let begun = Seen::now();
        let marks = self.leased(cloud, known.marks());
        let marked = cloud.provider.mark(&known, &marks).await;
        match &marked {
            Ok(marked) if is_held => held.know(marked, begun),
            Ok(_) => {}
            Err(error) => held.notice(server, error),
        }
        marked
    }

    /// Renews it for as long as this is waited for; ends when the server is not there any more,
    /// or is another run's.
    pub async fn keep(&self, cloud: &Cloud) -> Lost {
        let interval = self.length / RENEWALS;
        let (mut pause, mut misses) = (interval, 0);
        loop {
            sleep(pause).await;
            let mut held = self.held.lock().await;
            if let Some((server, error)) = held.taken.clone() {
                return Lost::Taken(server, error);
            }
            let Some(server) = held.server.clone().filter(|_| !held.unsure) else {
                (pause, misses) = (interval, 0);
                continue;
            };
            let begun = Seen::now();
            let marks = self.leased(cloud, server.marks());
            match cloud.provider.mark(&server, &marks).await {
                Ok(marked) => {
                    held.know(&marked, begun);
                    (pause, misses) = (interval, 0);
                }
                Err(error) if error.kind == ErrorKind::NotOurs => {
                    held.notice(&server, &error);
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
    pub(super) async fn give_up(&self, cloud: &Cloud) -> Option<Lost> {
        let mut held = self.held.lock().await;
        if let Some((server, error)) = held.taken.clone() {
            return Some(Lost::Taken(server, error));
        }
        let server = held.server.take().filter(|_| !held.unsure)?;
        let marks = server.marks().unleased();
        let marked = cloud.provider.mark(&server, &marks);
        match timeout(GIVING_UP, marked).await {
            Ok(Err(error)) if error.kind == ErrorKind::NotFound => Some(Lost::Gone(server)),
            Ok(Err(error)) if error.kind == ErrorKind::NotOurs => {
                held.taken = Some((server.clone(), error.clone()));
                Some(Lost::Taken(server, error))
            }
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
