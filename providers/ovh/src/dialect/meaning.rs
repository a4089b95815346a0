//! What the vendor's codes, statuses and words mean.

use super::{EXPIRED, NOT_GRANTED};
use provision_api::ErrorKind;
use provision_api::http::{Again, Answer, StatusCode};
use serde_json::Value;

/// What the vendor says of an error, as far as it says it.
pub(super) struct Trouble {
    class: String,
    pub(super) code: Option<String>,
    pub(super) message: Option<String>,
}

impl Trouble {
    pub(super) fn read(answer: &Answer) -> Self {
        let body: Value = answer.json().unwrap_or_default();
        let text = |name: &str| {
            let text = body.get(name)?.as_str()?;
            (!text.is_empty()).then(|| text.to_owned())
        };
        Self {
            class: text("class").unwrap_or_default(),
            code: text("errorCode").or_else(|| text("error")),
            message: text("message").or_else(|| text("error_description")),
        }
    }

    pub(super) fn meaning(&self, status: StatusCode) -> ErrorKind {
        if let Some(known) = self.code.as_deref().and_then(meaning) {
            return known;
        }
        let said = [
            &self.class,
            self.code.as_deref().unwrap_or_default(),
            self.message.as_deref().unwrap_or_default(),
        ]
        .join(" ")
        .to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
        match status.as_u16() {
            EXPIRED => ErrorKind::Suspended,
            400..=499 if self.class.contains("ExpiredService") => ErrorKind::Suspended,
            // one word for each meaning is all that the vendor's texts have in common
            400 | 402 | 403 | 409 | 412 | 422 if has(&["quota"]) => ErrorKind::Quota,
            400 | 403 | 409 | 412 | 422
                if has(&["capacity", "out of stock", "no valid host", "sold out"]) =>
            {
                ErrorKind::SoldOut
            }
            400 | 409 | 412 if has(&["already exist", "already in use"]) => {
                ErrorKind::AlreadyExists
            }
            _ => meaning_of_status(status),
        }
    }
}

/// What the vendor's codes mean.
fn meaning(code: &str) -> Option<ErrorKind> {
    let denied = matches!(
        code,
        "INVALID_KEY"
            | "INVALID_SIGNATURE"
            | "INVALID_CREDENTIAL"
            | "NOT_CREDENTIAL"
            | "FORBIDDEN"
            | "QUERY_TIME_OUT"
            | "invalid_client"
            | "unauthorized_client"
            | "invalid_scope"
    );
    (denied || code == NOT_GRANTED).then_some(ErrorKind::Denied)
}

/// What a status means when nothing better is known.
fn meaning_of_status(status: StatusCode) -> ErrorKind {
    match status.as_u16() {
        401 | 403 => ErrorKind::Denied,
        404 => ErrorKind::NotFound,
        405 | 410 | 501 => ErrorKind::Unsupported,
        408 | 504 => ErrorKind::TimedOut,
        409 | 423 => ErrorKind::Conflict,
        429 => ErrorKind::RateLimited,
        EXPIRED => ErrorKind::Suspended,
        500..=599 => ErrorKind::Unavailable,
        400..=499 => ErrorKind::Invalid,
        // a redirect, or a status that HTTP does not have: not from this API
        _ => ErrorKind::Garbled,
    }
}

/// Whether a second try makes sense. The rate limit is answered before anything is done; behind
/// the server's own errors anything may have happened.
pub(super) fn again(kind: ErrorKind, status: StatusCode) -> Again {
    match kind {
        ErrorKind::RateLimited => Again::Yes,
        ErrorKind::TimedOut => Again::IfHarmless,
        ErrorKind::Unavailable if status.is_server_error() => Again::IfHarmless,
        _ => Again::No,
    }
}
