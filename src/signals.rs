//! Signals: the first ends the work in order, the second at once.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The signals that end a run: Ctrl-C, a termination, and the end of the terminal.
#[derive(Debug)]
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Signals {
    /// From here on they end nothing by themselves; within a runtime only.
    pub fn catch() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
        }
    }

    /// The first cancels, so that the work ends in order and tells what remains; `at_once` is
    /// called at the second, for whoever does not want to wait for that.
    pub async fn watch(mut self, cancel: CancellationToken, at_once: impl FnOnce()) {
        self.next().await;
        cancel.cancel();
        self.next().await;
        at_once();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::{Signal, getpid, kill_process};
    use std::time::Duration;

    #[tokio::test]
    async fn the_first_cancels_and_the_second_ends_at_once() {
        let cancel = CancellationToken::new();
        let (tell, mut told) = tokio::sync::oneshot::channel();
        let signals = Signals::catch().unwrap();
        let at_once = move || tell.send(()).unwrap();
        let watching = tokio::spawn(signals.watch(cancel.clone(), at_once));
        kill_process(getpid(), Signal::HUP).unwrap();
        let most = Duration::from_secs(20);
        tokio::time::timeout(most, cancel.cancelled())
            .await
            .unwrap();
        assert!(told.try_recv().is_err());
        kill_process(getpid(), Signal::TERM).unwrap();
        tokio::time::timeout(most, watching).await.unwrap().unwrap();
        assert_eq!(told.try_recv(), Ok(()));
    }
}
