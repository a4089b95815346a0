//! Waits for the vendor's rate limit, in turn, before it is hit.

use super::Rate;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The gate that every request of a client passes.
#[derive(Debug, Default)]
pub(crate) struct Gate(Mutex<Option<Bucket>>);

/// What the vendor last said, carried forward in time.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// Requests that may be made at `at`; below zero when some already wait for theirs.
    tokens: f64,
    /// How many of those that wait have not been sent.
    waiting: u32,
    most: f64,
    refill: Duration,
    at: Instant,
}

/// A place in the queue. Given back if the request is never sent.
#[derive(Debug)]
pub(crate) struct Pass<'a> {
    gate: &'a Gate,
    /// How long to wait before sending.
    pub(crate) wait: Duration,
    reserved: bool,
}

impl Gate {
    fn state(&self) -> MutexGuard<'_, Option<Bucket>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the next place.
    pub(crate) fn queue(&self) -> Pass<'_> {
        let mut state = self.state();
        let Some(bucket) = state.as_mut() else {
            return Pass {
                gate: self,
                wait: Duration::ZERO,
                reserved: false,
            };
        };
        bucket.advance();
        let wait = if bucket.tokens >= 1.0 {
            Duration::ZERO
        } else {
            bucket.refill.mul_f64(1.0 - bucket.tokens)
        };
        bucket.tokens -= 1.0;
        bucket.waiting += 1;
        Pass {
            gate: self,
            wait,
            reserved: true,
        }
    }

    /// Takes over what an answer said.
    pub(crate) fn learn(&self, rate: Rate) {
        let mut state = self.state();
        let waiting = state.map_or(0, |bucket| bucket.waiting);
        // vendors grant thousands; a float holds them exactly
        let number = |n: u64| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
        *state = Some(Bucket {
            tokens: number(rate.remaining) - f64::from(waiting),
            waiting,
            most: number(rate.limit),
            refill: rate.refill(),
            at: Instant::now(),
        });
    }
}

impl Bucket {
    fn advance(&mut self) {
        let now = Instant::now();
        let passed = now.saturating_duration_since(self.at);
        self.tokens += passed.as_secs_f64() / self.refill.as_secs_f64();
        self.tokens = self.tokens.min(self.most);
        self.at = now;
    }
}

impl Pass<'_> {
    /// The request goes out now.
    pub(crate) fn sent(mut self) {
        self.leave(false);
    }

    fn leave(&mut self, unused: bool) {
        if !std::mem::take(&mut self.reserved) {
            return;
        }
        if let Some(bucket) = self.gate.state().as_mut() {
            bucket.waiting = bucket.waiting.saturating_sub(1);
            if unused {
                bucket.tokens += 1.0;
            }
        }
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.leave(true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(limit: u64, remaining: u64, full_in: u64) -> Rate {
        Rate {
            limit,
            remaining,
            full_in: Duration::from_secs(full_in),
        }
    }

    #[test]
    fn a_refill_is_the_missing_part_over_its_time() {
        assert_eq!(rate(3600, 0, 3600).refill(), Duration::from_secs(1));
        assert_eq!(rate(3600, 3590, 10).refill(), Duration::from_secs(1));
        assert_eq!(rate(10, 10, 0).refill(), Duration::from_millis(1));
        assert_eq!(rate(1, 0, 1 << 40).refill(), Duration::from_secs(3600));
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_while_something_is_left() {
        let gate = Gate::default();
        assert_eq!(gate.queue().wait, Duration::ZERO);
        gate.learn(rate(3600, 2, 3598));
        let (one, two, three) = (gate.queue(), gate.queue(), gate.queue());
        assert_eq!(one.wait, Duration::ZERO);
        assert_eq!(two.wait, Duration::ZERO);
        assert_eq!(three.wait, Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_wait_wait_in_turn() {
        let gate = Gate::default();
        gate.learn(rate(3600, 0, 3600));
        let passes: Vec<_> = (0..3).map(|_| gate.queue()).collect();
        let waits: Vec<_> = passes.iter().map(|pass| pass.wait.as_secs()).collect();
        assert_eq!(waits, [1, 2, 3]);
        // whoever gives up leaves the place to the next one
        drop(passes);
        assert_eq!(gate.queue().wait, Duration::from_secs(1));
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(gate.queue().wait, Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_does_not_forget_those_who_wait() {
        let gate = Gate::default();
        gate.learn(rate(3600, 0, 3600));
        let first = gate.queue();
        gate.learn(rate(3600, 0, 3600));
        assert_eq!(gate.queue().wait, Duration::from_secs(2));
        first.sent();
        gate.learn(rate(3600, 0, 3600));
        assert_eq!(gate.queue().wait, Duration::from_secs(1));
    }
}
