//! How long and how often: the bounds of one operation.

use crate::Backoff;
use crate::backoff::scaled;
use std::time::Duration;

/// The bounds of one operation over HTTP.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// To connect, TLS included.
    pub connect: Duration,
    /// For one request, from the first byte sent to the last one read.
    pub request: Duration,
    /// For the whole operation: all tries, the pauses between them, waits for the rate limit.
    pub operation: Duration,
    /// Tries at most; waits for the rate limit are not counted, they are bounded by time.
    pub tries: u32,
    /// The pauses between tries.
    pub backoff: Backoff,
    /// The largest answer that is read, in bytes.
    pub answer_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            request: Duration::from_secs(30),
            operation: Duration::from_secs(120),
            tries: 5,
            backoff: Backoff::new(Duration::from_millis(500), Duration::from_secs(10)),
            answer_bytes: 16 << 20,
        }
    }
}

impl Limits {
    /// All times longer or shorter by that factor, so that tests need not wait.
    #[must_use]
    pub fn scaled(self, scale: f64) -> Self {
        Self {
            connect: scaled(self.connect, scale),
            request: scaled(self.request, scale),
            operation: scaled(self.operation, scale),
            backoff: self.backoff.scaled(scale),
            ..self
        }
    }
}
