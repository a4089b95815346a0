//! What may be written on a server, by what stands on it now.
//!
//! No vendor writes on a condition. So whoever writes says what it believes to be there, and that
//! is read again right before: a run that slept while another one worked knows old marks, and
//! written again they would undo what the other one has proven.

use super::{NotOurs, OwnedServer, Server};
use crate::backoff::{Backoff, Pauses};
use crate::{Lease, Marks};
use jiff::Timestamp;

/// What is read may be older than what was written; read so often, it is what is there.
const LOOKS: u32 = 5;

/// Looks at a server again and again, until what is found allows these marks on it, or must be
/// believed: what is read may be older than what was written.
#[derive(Debug)]
pub struct Looks {
    pauses: Pauses,
    left: u32,
}

impl Looks {
    /// None was taken yet; `pace` is how long to wait between two of them.
    pub fn new(pace: &Backoff) -> Self {
        Self {
            pauses: pace.pauses(),
            left: LOOKS,
        }
    }

    /// What a look has come to: the server as it is now, if these marks may be written on it
    /// ([`OwnedServer::may_bear`]), or why not. Nothing, after a pause, if one more is to be taken.
    pub async fn found(
        &mut self,
        known: &OwnedServer,
        marks: &Marks,
        server: Server,
        now: Option<Timestamp>,
    ) -> Option<Result<OwnedServer, NotOurs>> {
        let refuses = |fresh: &OwnedServer| known.refuses(fresh, marks, now);
        self.look(known, server, refuses).await
    }

    /// The same before something is done to the server: if a run has the lease by this view of
    /// it, it has to be that run's still.
    pub async fn held(
        &mut self,
        known: &OwnedServer,
        server: Server,
    ) -> Option<Result<OwnedServer, NotOurs>> {
        let refuses = |fresh: &OwnedServer| {
            let mine = known.marks.lease.as_ref()?;
            fresh.has_lost(mine)
        };
        self.look(known, server, refuses).await
    }

    async fn look(
        &mut self,
        known: &OwnedServer,
        server: Server,
        refuses: impl Fn(&OwnedServer) -> Option<NotOurs>,
    ) -> Option<Result<OwnedServer, NotOurs>> {
        let fresh = match known.still(server) {
            Ok(fresh) => fresh,
            Err(not_ours) => return Some(Err(not_ours)),
        };
        let Some(not_ours) = refuses(&fresh) else {
            return Some(Ok(fresh));
        };
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            return Some(Err(not_ours));
        }
        tokio::time::sleep(self.pauses.next_pause()).await;
        None
    }
}

impl OwnedServer {
    /// Checks that these marks may replace those on the server as it is now; answers with it as
    /// it is now.
    ///
    /// A run that has the lease already, by this view of the server, has to find its own run in
    /// the lease that is there: none, or another's, means that it has lost it. Its end may be
    /// another, because answers get lost. Whoever begins has to find what this view says, or what
    /// it is about to write, and no lease that another run holds or has renewed.
    pub fn may_bear(
        &self,
        marks: &Marks,
        server: Server,
        now: Option<Timestamp>,
    ) -> Result<Self, NotOurs> {
        let fresh = self.still(server)?;
        match self.refuses(&fresh, marks, now) {
            Some(not_ours) => Err(not_ours),
            None => Ok(fresh),
        }
    }

    /// Why a run that had this lease does not have it any more, by this view of the server.
    fn has_lost(&self, mine: &Lease) -> Option<NotOurs> {
        let there = &self.marks;
        let is_there = there.lease.as_ref().is_some_and(|now| now.run == mine.run);
        (!is_there).then(|| {
            let by_now = match &there.lease {
                Some(theirs) => theirs.to_string(),
                None => "no run is at work on it".to_owned(),
            };
            self.not_ours(format!(
                "run {} does not hold it any more: it is {} by now, and {by_now}",
                mine.run, there.phase
            ))
        })
    }

    fn refuses(&self, fresh: &Self, marks: &Marks, now: Option<Timestamp>) -> Option<NotOurs> {
        let (seen, there) = (&self.marks, &fresh.marks);
        let is_held = |lease: &Lease| now.is_none_or(|now| lease.is_held(now));
        let writer = marks.lease.as_ref().or(seen.lease.as_ref());
        let writer = writer.map(|lease| &lease.run);
        let is_writers = |lease: &Lease| Some(&lease.run) == writer;
        if let Some(mine) = seen.lease.as_ref().filter(|lease| is_writers(lease)) {
            return fresh.has_lost(mine);
        }
        if let Some(theirs) = there.lease.as_ref().filter(|lease| !is_writers(lease)) {
            // a lease that was seen is known to be dead, unless it was renewed
            let was_seen = |seen: &&Lease| seen.run == theirs.run;
            let is_news = match seen.lease.as_ref().filter(was_seen) {
                Some(seen) => theirs.until > seen.until,
                None => true,
            };
            if is_news && is_held(theirs) {
                return Some(fresh.not_ours(theirs.to_string()));
            }
        }
        let is_known = |marks: &Marks| marks.unleased() == there.unleased();
        let is_as_known = is_known(seen) || is_known(marks);
        (!is_as_known).then(|| {
            fresh.not_ours(format!(
                "another run has worked on it since it was looked at: it is {} by now",
                there.phase
            ))
        })
    }

    fn not_ours(&self, why: String) -> NotOurs {
        NotOurs {
            name: self.server.name.clone(),
            id: self.server.id.clone(),
            why,
        }
    }
}

#[cfg(test)]
mod tests;
