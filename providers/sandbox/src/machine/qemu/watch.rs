//! Notices that a guest has ended, while the sandbox is open.

use super::inner::Inner;
use crate::process::Process;
use std::future::Future;
use std::pin::Pin;
use std::sync::Weak;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often the process is looked at when its connection does not tell.
const PACE: Duration = Duration::from_millis(500);

/// Watches the process, until it is gone or the machine is let go. `closed` is cancelled when
/// its connection ends, which is sooner than a look.
pub(super) fn over(
    inner: Weak<Inner>,
    process: Process,
    closed: CancellationToken,
    stop: CancellationToken,
) {
    // boxed: the end of one guest may begin the next one, which is watched in turn
    let task: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(async move {
        let ended = async {
            closed.cancelled().await;
            while !process.gone(PACE).await {}
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = ended => {}
        }
        if let Some(inner) = inner.upgrade() {
            inner.gone(process).await;
        }
    });
    tokio::spawn(task);
}
