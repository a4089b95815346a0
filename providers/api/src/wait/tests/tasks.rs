//! Tasks of one waiter and of many.

use super::fake::*;
use crate::wait::*;
use crate::*;
use std::time::Duration;
use tokio::time::{Instant, advance};
use tokio_util::sync::CancellationToken;

/// Done at the second that each task's name says.
#[expect(clippy::unnecessary_wraps, reason = "it has the shape of a script")]
fn by_name(id: &str, second: u64, _: usize) -> Result<Progress> {
    let done: u64 = id.parse().unwrap();
    Ok(if second >= done {
        Progress::Done
    } else {
        Progress::Running(None)
    })
}

#[tokio::test(start_paused = true)]
async fn one_task_is_polled_ever_more_seldom() {
    let fake = Fake::new(by_name);
    let waiter = TaskWaiter::new("fake", fake.clone(), pace());
    let mut seen = 0;
    let cancel = CancellationToken::new();
    waiter
        .wait(&[task("20"), task("20")], after(60), &cancel, |_, _| {
            seen += 1;
        })
        .await
        .unwrap();
    let times: Vec<u64> = fake.polls().iter().map(|(at, _)| at / 1000).collect();
    assert_eq!(times, [1, 3, 7, 15, 25]);
    assert_eq!(seen, 5);
}

#[tokio::test(start_paused = true)]
async fn a_percentage_says_when_to_look_next() {
    let fake = Fake::new(|_, second, _| {
        Ok(match second {
            0..30 => Progress::Running(Some(u8::try_from(second * 100 / 30).unwrap())),
            _ => Progress::Done,
        })
    });
    let waiter = TaskWaiter::new("fake", fake.clone(), pace());
    waiter
        .wait(
            &[task("a")],
            after(60),
            &CancellationToken::new(),
            |_, _| {},
        )
        .await
        .unwrap();
    let polls = fake.polls();
    assert!(polls.len() <= 6, "{polls:?}");
    assert!(polls.last().unwrap().0 < 31_500, "{polls:?}");
}

#[tokio::test(start_paused = true)]
async fn many_waiters_share_each_poll() {
    let fake = Fake::new(by_name);
    let waiter = TaskWaiter::new("fake", fake.clone(), pace());
    let mut all = tokio::task::JoinSet::new();
    for number in 0..20_u64 {
        let waiter = waiter.clone();
        all.spawn(async move {
            tokio::time::sleep(Duration::from_millis(number * 20)).await;
            let task = task(&format!("{}", 5 + number % 3));
            waiter
                .wait(&[task], after(60), &CancellationToken::new(), |_, _| {})
                .await
        });
    }
    while let Some(done) = all.join_next().await {
        done.unwrap().unwrap();
    }
    let polls = fake.polls();
    assert!(polls.len() <= 6, "{polls:?}");
    // each task once, although several wait for it
    assert!(polls.iter().all(|(_, tasks)| tasks.len() <= 3), "{polls:?}");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_polled_while_nobody_waits() {
    let fake = Fake::new(by_name);
    let waiter = TaskWaiter::new("fake", fake.clone(), pace());
    let cancel = CancellationToken::new();
    waiter
        .wait(&[], after(60), &cancel, |_, _| {})
        .await
        .unwrap();
    advance(Duration::from_secs(100)).await;
    assert!(fake.polls().is_empty());
    let tasks = [task("9999")];
    let waiting = waiter.wait(&tasks, after(9999), &cancel, |_, _| {});
    tokio::time::timeout(Duration::from_secs(20), waiting)
        .await
        .unwrap_err();
    let polls = fake.polls().len();
    tokio::time::sleep(Duration::from_secs(500)).await;
    assert_eq!(fake.polls().len(), polls);
    // and the next one is served again
    waiter
        .wait(&[task("1")], after(60), &cancel, |_, _| {})
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn passing_failures_are_survived_and_others_are_not() {
    let cancel = CancellationToken::new();
    for kind in [
        ErrorKind::Unavailable,
        ErrorKind::RateLimited,
        ErrorKind::TimedOut,
    ] {
        let fake = Fake::new(move |_, _, before| {
            if before < 2 {
                Err(error(kind))
            } else {
                Ok(Progress::Done)
            }
        });
        let waiter = TaskWaiter::new("fake", fake.clone(), pace());
        waiter
            .wait(&[task("a")], after(60), &cancel, |_, _| {})
            .await
            .unwrap();
        assert_eq!(fake.polls().len(), 3);
    }
    let fake = Fake::new(|_, _, _| Err(error(ErrorKind::Denied)));
    let waiter = TaskWaiter::new("fake", fake.clone(), pace());
    let denied = waiter
        .wait(&[task("a")], after(60), &cancel, |_, _| {})
        .await
        .unwrap_err();
    assert_eq!(denied.kind, ErrorKind::Denied);
    assert_eq!(fake.polls().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failed_task_is_its_error_and_the_others_go_on() {
    let fake = Fake::new(|id, second, _| {
        Ok(match id {
            "bad" => Progress::Failed(error(ErrorKind::SoldOut)),
            _ if second > 2 => Progress::Done,
            _ => Progress::Running(None),
        })
    });
    let waiter = TaskWaiter::new("fake", fake, pace());
    let cancel = CancellationToken::new();
    let (bad, good) = ([task("bad"), task("good")], [task("good")]);
    let (bad, good) = tokio::join!(
        waiter.wait(&bad, after(60), &cancel, |_, _| {}),
        waiter.wait(&good, after(60), &cancel, |_, _| {}),
    );
    assert_eq!(bad.unwrap_err().kind, ErrorKind::SoldOut);
    good.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_deadline_names_what_was_awaited_and_the_last_reason() {
    let start = Instant::now();
    let cancel = CancellationToken::new();
    let fake = Fake::new(|_, _, _| Ok(Progress::Running(Some(40))));
    let waiter = TaskWaiter::new("fake", fake, pace());
    let error = waiter
        .wait(&[task("a")], after(7), &cancel, |_, _| {})
        .await
        .unwrap_err();
    assert_eq!(start.elapsed(), Duration::from_secs(7));
    assert_eq!(
        error.to_string(),
        "fake: wait for do_a: no answer in time: not done within 7 s (task a): 40% done"
    );
    let fake = Fake::new(|_, _, _| Err(self::error(ErrorKind::Unavailable)));
    let waiter = TaskWaiter::new("fake", fake, pace());
    let error = waiter
        .wait(&[task("a")], after(7), &cancel, |_, _| {})
        .await
        .unwrap_err();
    assert!(
        error.message.ends_with("unavailable: as the script says"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn cancelling_is_immediate() {
    let fake = Fake::new(by_name);
    let waiter = TaskWaiter::new("fake", fake, pace());
    let cancel = CancellationToken::new();
    let (start, token) = (Instant::now(), cancel.clone());
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(1234)).await;
        token.cancel();
    });
    let error = waiter
        .wait(&[task("99")], after(60), &cancel, |_, _| {})
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Cancelled);
    assert_eq!(start.elapsed(), Duration::from_millis(1234));
}

#[tokio::test(start_paused = true)]
async fn a_poller_that_breaks_off_leaves_nobody_waiting() {
    let fake = Fake::new(|_, _, before| {
        assert!(before > 0, "the script breaks off");
        Ok(Progress::Done)
    });
    let waiter = TaskWaiter::new("fake", fake, pace());
    let cancel = CancellationToken::new();
    let error = waiter
        .wait(&[task("a")], after(60), &cancel, |_, _| {})
        .await
        .unwrap_err();
    assert!(error.message.contains("unexpectedly"), "{error}");
    waiter
        .wait(&[task("a")], after(60), &cancel, |_, _| {})
        .await
        .unwrap();
}
