//! Errors by meaning: what went wrong for the caller, whoever the vendor is.

use std::fmt;

/// The result of a call to a provider.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What a vendor's error means for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The thing does not exist (any more).
    NotFound,
    /// A thing of that name or key exists.
    AlreadyExists,
    /// The vendor has none left of that type at that place.
    SoldOut,
    /// The account may not have more of them.
    Quota,
    /// The credentials are wrong or do not allow it.
    Denied,
    /// Too many requests, and waiting did not help in time.
    RateLimited,
    /// Something else is being done to the thing just now.
    Conflict,
    /// The thing is protected against deletion or rebuild.
    Protected,
    /// It does not bear the marks (any more) by which it was claimed.
    NotOurs,
    /// The service is suspended, or its time is over.
    Suspended,
    /// Whoever answers in the vendor's place cannot prove to be it, or leads elsewhere.
    Untrusted,
    /// The vendor cannot be reached or is out of order.
    Unavailable,
    /// No answer in time. Whether it took effect is unknown.
    TimedOut,
    /// The request makes no sense to the vendor.
    Invalid,
    /// The answer makes no sense to us.
    Garbled,
    /// This product cannot do that.
    Unsupported,
    /// The caller gave up waiting (Ctrl-C).
    Cancelled,
    /// None of these.
    Unknown,
}

impl ErrorKind {
    /// A short phrase, lower case.
    pub fn phrase(self) -> &'static str {
        match self {
            Self::NotFound => "not found",
            Self::AlreadyExists => "already exists",
            Self::SoldOut => "sold out",
            Self::Quota => "the account's limit is reached",
            Self::Denied => "access denied",
            Self::RateLimited => "rate limited",
            Self::Conflict => "busy with something else",
            Self::Protected => "protected",
            Self::NotOurs => "not ours",
            Self::Suspended => "suspended or expired",
            Self::Untrusted => "not trusted",
            Self::Unavailable => "the service is unavailable",
            Self::TimedOut => "no answer in time",
            Self::Invalid => "invalid request",
            Self::Garbled => "unreadable answer",
            Self::Unsupported => "not possible with this product",
            Self::Cancelled => "cancelled",
            Self::Unknown => "failed",
        }
    }
}

/// An error of a provider, with all that its support asks for.
#[derive(Debug, Clone)]
pub struct Error {
    /// What it means.
    pub kind: ErrorKind,
    /// Which provider (`hetzner`).
    pub provider: &'static str,
    /// What was being done, as an infinitive (`create server web-1`).
    pub operation: String,
    /// The vendor's code (`resource_limit_exceeded`), or the HTTP status if it gave none.
    pub code: Option<String>,
    /// The vendor's message, redacted.
    pub message: String,
    /// What the vendor's support asks for (`X-Correlation-Id`).
    pub request_id: Option<String>,
    /// What was asked for may have happened all the same: an earlier try, if not this one, may
    /// have taken effect, and that was not seen.
    pub in_doubt: bool,
}

impl Error {
    /// An error that no vendor sent.
    pub fn new(
        kind: ErrorKind,
        provider: &'static str,
        operation: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            provider,
            operation: operation.into(),
            code: None,
            message: message.into(),
            request_id: None,
            in_doubt: false,
        }
    }
}

impl fmt::Display for Error {
    /// `hetzner: create server web-1: sold out: no capacity (resource_unavailable, request 1a2b)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {}: {}",
            self.provider,
            self.operation,
            self.kind.phrase()
        )?;
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        match (&self.code, &self.request_id) {
            (Some(code), Some(id)) => write!(f, " ({code}, request {id})"),
            (Some(code), None) => write!(f, " ({code})"),
            (None, Some(id)) => write!(f, " (request {id})"),
            (None, None) => Ok(()),
        }
    }
}

impl std::error::Error for Error {}
