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
mod tests {
    use super::super::tests::{marks, owned, server};
    use super::*;
    use crate::Phase;
    use std::time::Duration;

    const NOW: i64 = 1_783_670_400;

    /// A run, and for how many seconds it has the lease.
    type Held = Option<(&'static str, i64)>;

    fn leased(lease: Held, phase: Phase) -> Marks {
        let lease = lease.map(|(run, seconds)| Lease {
            until: Timestamp::from_second(NOW + seconds).unwrap(),
            run: run.parse().unwrap(),
        });
        marks(|marks| (marks.lease, marks.phase) = (lease, phase))
    }

    #[test]
    fn a_lease_that_another_run_holds_is_not_overwritten() {
        let now = Some(Timestamp::from_second(NOW).unwrap());
        // the lease that was seen, the one that is there by now, the one to be written
        for (seen, there, ours, clock, may) in [
            (None, None, Some(("a", 300)), now, true),
            (None, Some(("b", 300)), Some(("a", 300)), now, false),
            (None, Some(("b", 300)), None, now, false),
            (None, Some(("b", 300)), Some(("a", 300)), None, false),
            (None, Some(("b", 86_400)), Some(("a", 300)), now, true),
            (None, Some(("b", -1)), Some(("a", 300)), now, true),
            // one that was seen, and is known to be dead
            (
                Some(("b", 300)),
                Some(("b", 300)),
                Some(("a", 300)),
                now,
                true,
            ),
            (Some(("b", 10)), None, Some(("a", 300)), now, true),
            // it was renewed since, so it is not
            (
                Some(("b", 10)),
                Some(("b", 300)),
                Some(("a", 300)),
                now,
                false,
            ),
            // an answer was lost: it is our own
            (None, Some(("a", 300)), Some(("a", 301)), now, true),
            (
                Some(("a", 10)),
                Some(("a", 300)),
                Some(("a", 301)),
                now,
                true,
            ),
            // renewed, also when it is over but nobody has taken it
            (
                Some(("a", 10)),
                Some(("a", 10)),
                Some(("a", 300)),
                now,
                true,
            ),
            (
                Some(("a", -9)),
                Some(("a", -9)),
                Some(("a", 300)),
                now,
                true,
            ),
            (Some(("a", 10)), Some(("a", 10)), None, now, true),
            // lost, whether whoever had it since is still at work or not
            (
                Some(("a", 10)),
                Some(("b", 300)),
                Some(("a", 300)),
                now,
                false,
            ),
            (
                Some(("a", 10)),
                Some(("b", -1)),
                Some(("a", 300)),
                now,
                false,
            ),
            (Some(("a", 10)), None, Some(("a", 300)), now, false),
            (Some(("a", 10)), None, Some(("a", 300)), None, false),
            (Some(("a", 10)), None, None, now, false),
            (Some(("a", 10)), Some(("b", 300)), None, now, false),
        ] {
            let then = owned(leased(seen, Phase::Created));
            let by_now = server(Some(leased(there, Phase::Created)));
            let wanted = leased(ours, Phase::Created);
            let found = then.may_bear(&wanted, by_now, clock);
            assert_eq!(found.is_ok(), may, "{seen:?} {there:?} {ours:?}");
        }
    }

    #[test]
    fn marks_that_another_run_has_written_are_not_undone() {
        use Phase::{Created, Installed, Installing, Proven};
        // lease and phase that were seen, that are there by now, that are to be written
        for (seen, there, ours, may) in [
            (
                (None, Created),
                (None, Created),
                (Some(("a", 9)), Installing),
                true,
            ),
            // an answer was lost
            (
                (None, Created),
                (Some(("a", 9)), Installing),
                (Some(("a", 9)), Installing),
                true,
            ),
            (
                (Some(("a", 9)), Created),
                (Some(("a", 8)), Installing),
                (Some(("a", 9)), Installed),
                true,
            ),
            // a run that slept knows old marks, whether it had the lease, or is just taking it
            (
                (Some(("a", 9)), Created),
                (None, Proven),
                (Some(("a", 300)), Created),
                false,
            ),
            (
                (None, Created),
                (None, Proven),
                (Some(("a", 300)), Created),
                false,
            ),
            (
                (Some(("b", 9)), Created),
                (None, Proven),
                (Some(("a", 300)), Created),
                false,
            ),
            ((None, Created), (None, Proven), (None, Created), false),
        ] {
            let then = owned(leased(seen.0, seen.1));
            let by_now = server(Some(leased(there.0, there.1)));
            let now = Some(Timestamp::from_second(NOW).unwrap());
            let found = then.may_bear(&leased(ours.0, ours.1), by_now, now);
            assert_eq!(found.is_ok(), may, "{seen:?} {there:?} {ours:?}");
            if let Err(not_ours) = found {
                assert!(not_ours.why.contains("it is proven by now"), "{not_ours}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_done_to_what_another_run_has_taken() {
        let pace = Backoff::new(Duration::from_secs(1), Duration::from_secs(1));
        for (seen, there, may) in [
            (Some(("a", 10)), Some(("a", 300)), true),
            (Some(("a", 10)), Some(("b", 300)), false),
            (Some(("a", 10)), None, false),
            // whoever has no lease does not go by one
            (None, Some(("b", 300)), true),
            (None, None, true),
        ] {
            let known = owned(leased(seen, Phase::Created));
            let mut looks = Looks::new(&pace);
            let found = loop {
                let there = server(Some(leased(there, Phase::Created)));
                if let Some(found) = looks.held(&known, there).await {
                    break found;
                }
            };
            assert_eq!(found.is_ok(), may, "{seen:?} {there:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn old_news_are_read_again_before_a_lease_counts_as_lost() {
        let pace = Backoff::new(Duration::from_secs(1), Duration::from_secs(1));
        let now = Some(Timestamp::from_second(NOW).unwrap());
        let known = owned(leased(Some(("a", 10)), Phase::Created));
        let renewed = leased(Some(("a", 300)), Phase::Created);
        for (late, may, reads) in [(0, true, 1), (1, true, 2), (4, true, 5), (99, false, 5)] {
            let mut looks = Looks::new(&pace);
            let mut asked = 0;
            let found = loop {
                let lease = if asked < late { None } else { Some(("a", 10)) };
                let there = server(Some(leased(lease, Phase::Created)));
                asked += 1;
                if let Some(found) = looks.found(&known, &renewed, there, now).await {
                    break found;
                }
            };
            assert_eq!((found.is_ok(), asked), (may, reads), "{late}");
        }
        // whose it is does not come back
        let mut looks = Looks::new(&pace);
        let found = looks.found(&known, &renewed, server(None), now).await;
        assert!(found.unwrap().is_err());
    }
}
