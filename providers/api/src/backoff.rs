//! How long to pause between two tries: growing, bounded, and never in step with others.

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use std::time::Duration;

/// A growing pause.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Backoff {
    /// The first pause.
    pub first: Duration,
    /// What each pause is multiplied with to make the next; 1 or more.
    pub factor: f32,
    /// No pause is longer, save by jitter.
    pub most: Duration,
    /// How much of a pause is left to chance: 0.2 is ten percent less to ten percent more.
    pub jitter: f32,
}

impl Backoff {
    /// Pauses that double from `first` to `most`, a fifth of each left to chance.
    pub const fn new(first: Duration, most: Duration) -> Self {
        Self {
            first,
            factor: 2.0,
            most,
            jitter: 0.2,
        }
    }

    /// The same pauses, longer or shorter by that factor.
    #[must_use]
    pub fn scaled(self, scale: f64) -> Self {
        Self {
            first: scaled(self.first, scale),
            most: scaled(self.most, scale),
            ..self
        }
    }

    /// The pauses, without end.
    pub fn pauses(&self) -> Pauses {
        let growth = ExponentialBuilder::new()
            .with_min_delay(self.first)
            .with_factor(self.factor.max(1.0))
            .with_max_delay(self.most.max(self.first))
            .without_max_times()
            .build();
        Pauses {
            growth,
            most: self.most,
            jitter: self.jitter.clamp(0.0, 1.0),
        }
    }
}

/// A length of time multiplied; negative and absurd factors leave it at zero or at its most.
pub(crate) fn scaled(time: Duration, scale: f64) -> Duration {
    Duration::try_from_secs_f64(time.as_secs_f64() * scale.max(0.0)).unwrap_or(Duration::MAX)
}

/// The pauses of a [`Backoff`], one after the other.
#[derive(Debug)]
pub struct Pauses {
    growth: ExponentialBackoff,
    most: Duration,
    jitter: f32,
}

impl Pauses {
    /// The next pause.
    pub fn next_pause(&mut self) -> Duration {
        let pause = self.growth.next().unwrap_or(self.most);
        let chance = 1.0 + self.jitter * (fastrand::f32() - 0.5);
        scaled(pause, f64::from(chance))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound_and_go_on() {
        let backoff = Backoff {
            jitter: 0.0,
            ..Backoff::new(Duration::from_secs(1), Duration::from_secs(10))
        };
        let mut pauses = backoff.pauses();
        let seen: Vec<u64> = (0..7).map(|_| pauses.next_pause().as_secs()).collect();
        assert_eq!(seen, [1, 2, 4, 8, 10, 10, 10]);
    }

    #[test]
    fn jitter_stays_in_its_bounds() {
        let backoff = Backoff::new(Duration::from_secs(10), Duration::from_secs(10));
        let mut pauses = backoff.pauses();
        for _ in 0..1000 {
            let pause = pauses.next_pause().as_secs_f32();
            assert!((8.99..=11.01).contains(&pause), "{pause}");
        }
    }

    #[test]
    fn scale_shortens() {
        let backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(10)).scaled(0.001);
        assert_eq!(backoff.first, Duration::from_millis(1));
        assert_eq!(backoff.most, Duration::from_millis(10));
        assert_eq!(scaled(Duration::from_secs(1), -3.0), Duration::ZERO);
    }
}
