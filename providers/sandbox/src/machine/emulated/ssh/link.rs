//! The connection below a login, which a fault can end or leave silent.

use tokio_util::sync::CancellationToken;

/// How a connection ends that a fault has hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    /// It is there, and nothing is ever said on it again.
    Silent,
    /// It is lost.
    Cut,
}

/// One connection.
#[derive(Debug, Clone, Default)]
pub(super) struct Link {
    silent: CancellationToken,
    cut: CancellationToken,
}

impl Link {
    /// Nothing is said on it from now on.
    pub(super) fn fall_silent(&self) {
        self.silent.cancel();
    }

    /// It is lost now.
    pub(super) fn cut(&self) {
        self.cut.cancel();
    }

    /// Waits until a fault ends it.
    pub(super) async fn ends(&self) -> Ends {
        tokio::select! {
            () = self.silent.cancelled() => Ends::Silent,
            () = self.cut.cancelled() => Ends::Cut,
        }
    }
}
