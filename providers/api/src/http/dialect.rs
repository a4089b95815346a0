//! What differs between vendors: how they say that something went wrong, and what is left.

use super::Answer;
use crate::{Error, ErrorKind};
use reqwest::header::HeaderMap;
use std::fmt::Debug;
use std::time::Duration;

/// How a vendor speaks.
pub trait Dialect: Debug + Send + Sync {
    /// The provider's name (`hetzner`).
    fn provider(&self) -> &'static str;

    /// What an answer that is no success means.
    fn classify(&self, operation: &str, answer: &Answer) -> Fault;

    /// What the headers say of the rate limit, if they do.
    fn rate(&self, headers: &HeaderMap) -> Option<Rate>;

    /// What the vendor's support asks for.
    fn request_id(&self, headers: &HeaderMap) -> Option<String>;

    /// Whether an empty body of a success stands for `null`.
    fn empty_is_null(&self) -> bool {
        false
    }

    /// Names of JSON fields that hold secrets, besides those that every vendor has
    /// (passwords, tokens, private keys, `user_data`). Lower case, letters and digits only.
    fn sensitive_fields(&self) -> &'static [&'static str] {
        &[]
    }
}

/// Whether the same request may be sent once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// It took no effect, and a second try may well succeed.
    Yes,
    /// Nobody knows whether it took effect: only if that is harmless, or after a look.
    IfHarmless,
    /// A second try would end the same.
    No,
}

/// A try that did not succeed.
#[derive(Debug, Clone)]
pub struct Fault {
    /// What it means.
    pub error: Error,
    /// Whether to try again.
    pub again: Again,
    /// How long the vendor asks to wait first (`Retry-After`).
    pub after: Option<Duration>,
    /// No answer came to what was sent: it may still be on its way.
    pub unanswered: bool,
}

impl Fault {
    /// A fault without a wish of the vendor's.
    pub fn new(error: Error, again: Again) -> Self {
        Self {
            error,
            again,
            after: None,
            unanswered: false,
        }
    }

    /// The same of what got no answer.
    pub(crate) fn unanswered(error: Error, again: Again) -> Self {
        Self {
            unanswered: true,
            ..Self::new(error, again)
        }
    }

    /// Whether it may be carried out later than this.
    pub(crate) fn may_come_late(&self) -> bool {
        self.unanswered || self.error.kind == ErrorKind::TimedOut
    }

    /// Whether the request may have taken effect although no good answer came.
    pub(crate) fn is_ambiguous(&self) -> bool {
        self.again == Again::IfHarmless || self.error.kind == ErrorKind::Garbled
    }
}

/// What is left of a rate limit that refills steadily.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Requests that may be made at once when nothing is used up.
    pub limit: u64,
    /// Requests that may be made now.
    pub remaining: u64,
    /// The time until nothing is used up.
    pub full_in: Duration,
}

impl Rate {
    /// The time in which one request more is granted.
    pub(crate) fn refill(&self) -> Duration {
        let missing = self.limit.saturating_sub(self.remaining).max(1);
        let missing = u32::try_from(missing).unwrap_or(u32::MAX);
        // an hour for a token is already a standstill; more is a clock that is wrong
        (self.full_in / missing).clamp(Duration::from_millis(1), Duration::from_secs(3600))
    }
}
