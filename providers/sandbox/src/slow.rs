//! Bodies that come slowly: in pieces, over a time that a fault says.

use crate::faults::Kind;
use axum::body::{Body, Bytes};
use hyper::body::{Frame, SizeHint};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Sleep, sleep};

/// In so many pieces.
const PIECES: usize = 10;

/// The body, at once unless a fault slows it.
pub(crate) fn body(hits: &[Kind], content: Bytes) -> Body {
    let slow = hits.iter().find_map(|kind| match kind {
        Kind::SlowBody(ms) => Some(Duration::from_millis(*ms)),
        _ => None,
    });
    match slow {
        Some(takes) if !content.is_empty() => Body::new(Slow::new(content, takes)),
        _ => Body::from(content),
    }
}

struct Slow {
    left: Bytes,
    piece: usize,
    pause: Duration,
    next: Pin<Box<Sleep>>,
}

impl Slow {
    fn new(left: Bytes, takes: Duration) -> Self {
        let piece = left.len().div_ceil(PIECES);
        let pieces = left.len().div_ceil(piece.max(1));
        let pause = takes / u32::try_from(pieces).unwrap_or(1).max(1);
        Self {
            left,
            piece,
            pause,
            next: Box::pin(sleep(pause)),
        }
    }
}

impl hyper::body::Body for Slow {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left.is_empty() {
            return Poll::Ready(None);
        }
        ready!(self.next.as_mut().poll(context));
        self.next = Box::pin(sleep(self.pause));
        let piece = self.piece.min(self.left.len());
        Poll::Ready(Some(Ok(Frame::data(self.left.split_to(piece)))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(u64::try_from(self.left.len()).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn all_of_it_comes_in_its_time() {
        for (content, takes, least) in [
            ("", 500, 0),
            ("x", 500, 500),
            ("a body of some length", 2000, 1900),
        ] {
            let begun = tokio::time::Instant::now();
            let body = body(&[Kind::SlowBody(takes)], Bytes::from(content));
            let read = axum::body::to_bytes(body, usize::MAX).await.unwrap();
            assert_eq!(read, content);
            let took = begun.elapsed();
            assert!(took >= Duration::from_millis(least), "{content:?} {took:?}");
        }
    }
}
