//! Commands that a fault spoils: cut off in the middle or at their end, or answered without end.

use super::link::Link;
use super::session::{self, Asked};
use crate::machine::SshFault;
use crate::machine::emulated::inner::Inner;
use crate::machine::emulated::state::Account;
use russh::server::Msg;
use russh::{Channel, ChannelMsg, ChannelReadHalf};
use std::sync::Arc;
use std::time::Duration;

/// Long enough for what a client copies to have begun to come.
const MIDDLE: Duration = Duration::from_millis(200);
/// Long enough for what was said to be on its way.
const MOMENT: Duration = Duration::from_millis(50);

/// What is said without end: so much at once, and then a pause, so that the client decides how
/// much of it there is under way.
const PIECE: usize = 32 * 1024;
const PACE: Duration = Duration::from_millis(2);

/// How a command is spoiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spoiled {
    /// It never does its work.
    Cut,
    /// It does, and that is never told.
    CutAfter,
    /// It says something without end, and these bytes end each line of it.
    Flood(&'static [u8]),
}

impl Spoiled {
    /// What that fault does to commands, if it does anything to them.
    pub(super) fn by(fault: SshFault) -> Option<Self> {
        match fault {
            SshFault::Cut => Some(Self::Cut),
            SshFault::CutAfter => Some(Self::CutAfter),
            SshFault::Flood => Some(Self::Flood(b"\n")),
            SshFault::FloodLine => Some(Self::Flood(b" ")),
            _ => None,
        }
    }

    /// In place of what would be done.
    pub(super) async fn run(
        self,
        inner: Arc<Inner>,
        account: Account,
        channel: Channel<Msg>,
        asked: Asked,
        link: Link,
    ) {
        match self {
            Self::Cut => cut(channel, &link).await,
            Self::CutAfter => {
                drop(session::work(inner, account, channel, asked, false).await);
                tokio::time::sleep(MOMENT).await;
                link.cut();
            }
            Self::Flood(end) => flood(channel, end).await,
        }
    }
}

async fn cut(channel: Channel<Msg>, link: &Link) {
    let (mut reading, writing) = channel.split();
    // nothing may come, and that is no less the middle
    drop(tokio::time::timeout(MIDDLE, reading.wait()).await);
    drop(writing.data_bytes(b"it begins\n".to_vec()).await);
    tokio::time::sleep(MOMENT).await;
    link.cut();
}

async fn flood(channel: Channel<Msg>, end: &[u8]) {
    let (reading, writing) = channel.split();
    let mut line = b"a machine that prints without end".to_vec();
    line.extend_from_slice(end);
    let piece = line.repeat(PIECE / line.len());
    let saying = async {
        while writing.data_bytes(piece.clone()).await.is_ok() {
            tokio::time::sleep(PACE).await;
        }
    };
    tokio::select! {
        () = saying => {}
        () = until_closed(reading) => {}
    }
}

/// What the client says is lost, as in a pipe that nobody reads.
async fn until_closed(mut reading: ChannelReadHalf) {
    while let Some(message) = reading.wait().await {
        if matches!(message, ChannelMsg::Close) {
            return;
        }
    }
}
