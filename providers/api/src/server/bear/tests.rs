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
