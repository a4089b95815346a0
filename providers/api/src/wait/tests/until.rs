//! Looking until something is ready.

use super::fake::*;
use crate::wait::*;
use crate::*;
use std::time::Duration;
use tokio::time::advance;
use tokio_util::sync::CancellationToken;

#[tokio::test(start_paused = true)]
async fn until_looks_until_ready() {
    let cancel = CancellationToken::new();
    let (mut looks, pace) = (0, pace());
    let found = until::<_, Error, _, _>("it", after(60), &pace, &cancel, || {
        looks += 1;
        let ready = looks == 4;
        async move {
            Ok(if ready {
                Attempt::Ready(7)
            } else {
                Attempt::NotYet("no".to_owned())
            })
        }
    });
    assert_eq!(found.await.unwrap(), 7);
    assert_eq!(looks, 4);
}

#[tokio::test(start_paused = true)]
async fn until_ends_in_each_bad_way() {
    let cancel = CancellationToken::new();
    let never = || async { Ok::<_, Error>(Attempt::<()>::NotYet("connection refused".into())) };
    let late = until("ssh on web-1", after(5), &pace(), &cancel, never)
        .await
        .unwrap_err();
    assert_eq!(
        late.to_string(),
        "ssh on web-1: not within 5 s: connection refused"
    );

    let hangs = || std::future::pending::<Result<Attempt<()>>>();
    let late = until("ssh on web-1", after(5), &pace(), &cancel, hangs)
        .await
        .unwrap_err();
    assert_eq!(
        late.to_string(),
        "ssh on web-1: not within 5 s: it never answered"
    );

    let fatal = || async { Err::<Attempt<()>, _>(error(ErrorKind::Denied)) };
    let failed = until("it", after(5), &pace(), &cancel, fatal)
        .await
        .unwrap_err();
    assert!(matches!(failed, WaitError::Failed(e) if e.kind == ErrorKind::Denied));

    cancel.cancel();
    let ended = until("it", after(5), &pace(), &cancel, never)
        .await
        .unwrap_err();
    assert_eq!(ended.to_string(), "it: cancelled");
}

#[tokio::test(start_paused = true)]
async fn a_part_is_never_longer_than_the_whole() {
    let whole = after(10);
    assert_eq!(
        whole.part(Duration::from_secs(3)).length(),
        Duration::from_secs(3)
    );
    assert_eq!(whole.part(Duration::from_secs(30)), whole);
    assert!(!Deadline::after(Duration::MAX).is_over());
    advance(Duration::from_secs(11)).await;
    assert!(whole.is_over());
}
