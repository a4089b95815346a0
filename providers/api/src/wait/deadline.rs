//! When waiting ends, whatever happens.

use std::fmt;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// A point in time, and the length of the wait that ends there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    at: Instant,
    length: Duration,
}

impl Deadline {
    /// So long from now.
    pub fn after(length: Duration) -> Self {
        let now = Instant::now();
        // a hundred years stand for an absurd length
        let far = now + Duration::from_secs(100 * 365 * 86_400);
        Self {
            at: now.checked_add(length).unwrap_or(far).min(far),
            length,
        }
    }

    /// A deadline for a part of the work: so long from now, but no later than this one.
    #[must_use]
    pub fn part(&self, length: Duration) -> Self {
        let part = Self::after(length);
        if part.at <= self.at { part } else { *self }
    }

    /// What is left.
    pub fn left(&self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }

    /// Whether nothing is left.
    pub fn is_over(&self) -> bool {
        self.left().is_zero()
    }

    /// How long the whole wait was meant to be.
    pub fn length(&self) -> Duration {
        self.length
    }

    /// Sleeps until it is over.
    pub async fn reached(&self) {
        sleep_until(self.at).await;
    }
}

/// Writes the length: `90 s`, `1.5 s`.
impl fmt::Display for Deadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.length.as_secs_f64();
        if self.length.subsec_millis() == 0 {
            write!(f, "{seconds:.0} s")
        } else {
            write!(f, "{seconds:.1} s")
        }
    }
}
