//! How Hetzner speaks of errors and limits.

use crate::wire::Problem;
use jiff::Timestamp;
use provision_api::http::{Again, Answer, Dialect, Fault, HeaderMap, Rate, StatusCode};
use provision_api::{Error, ErrorKind};
use std::time::Duration;

/// The provider's name.
pub const PROVIDER: &str = "hetzner";

/// Hetzner's dialect.
#[derive(Debug)]
pub(crate) struct Hetzners {
    /// Where the token came from, for the error that says it is wrong.
    pub(crate) token_source: String,
}

impl Dialect for Hetzners {
    fn provider(&self) -> &'static str {
        PROVIDER
    }

    fn classify(&self, operation: &str, answer: &Answer) -> Fault {
        let status = answer.status;
        let trouble = answer.json::<Problem>().ok().map(|problem| problem.error);
        let known = trouble.as_ref().and_then(|trouble| meaning(&trouble.code));
        let kind = known.unwrap_or_else(|| meaning_of_status(status));
        let (code, mut message) = match trouble {
            Some(trouble) => {
                let fields = trouble.fields();
                let mut message = trouble.message;
                if !fields.is_empty() {
                    message = format!("{message} ({})", fields.join("; "));
                }
                (Some(trouble.code).filter(|code| !code.is_empty()), message)
            }
            None => (None, format!("{status}, with {}", answer.describe_body())),
        };
        let code = code.unwrap_or_else(|| status.as_u16().to_string());
        if let Some(mend) = self.mend(&code) {
            message = format!("{message}; {mend}");
        }
        let mut error = Error::new(kind, PROVIDER, operation, message);
        let again = again(kind, &code, status);
        error.code = Some(code);
        error.request_id = self.request_id(&answer.headers);
        Fault::new(error, again)
    }

    /// `RateLimit-Reset` is when nothing is used up any more, not when one request more is
    /// granted; it is in the vendor's time, which the answer's `Date` tells.
    fn rate(&self, headers: &HeaderMap) -> Option<Rate> {
        let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<i64>().ok();
        let reset = number("RateLimit-Reset")?;
        let now = vendors_now(headers).as_second();
        Some(Rate {
            limit: number("RateLimit-Limit")?.try_into().ok()?,
            remaining: number("RateLimit-Remaining")?.max(0).try_into().ok()?,
            full_in: Duration::from_secs(reset.saturating_sub(now).try_into().unwrap_or(0)),
        })
    }

    fn request_id(&self, headers: &HeaderMap) -> Option<String> {
        let id = headers.get("X-Correlation-Id")?.to_str().ok()?;
        Some(id.to_owned()).filter(|id| !id.is_empty())
    }

    fn sensitive_fields(&self) -> &'static [&'static str] {
        &["rootpassword"]
    }
}

impl Hetzners {
    /// What the user can do about it.
    fn mend(&self, code: &str) -> Option<String> {
        let source = &self.token_source;
        match code {
            "unauthorized" | "401" => Some(format!(
                "the token from {source} is not known there; make one in the project's console \
                 under Security, API tokens"
            )),
            "token_readonly" => Some(format!(
                "the token from {source} may only read; make one with read and write permission"
            )),
            "resource_limit_exceeded" => Some(
                "remove something, or ask for a higher limit in the console under Limits".into(),
            ),
            "protected" => Some("switch its protection off first".into()),
            "deprecated_api_endpoint" => Some("a newer version of provision is needed".into()),
            _ => None,
        }
    }
}

/// The vendor's clock, as the answer tells it; ours if it does not.
pub(crate) fn vendors_now(headers: &HeaderMap) -> Timestamp {
    let date = headers.get("Date").and_then(|date| date.to_str().ok());
    date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok())
        .map_or_else(Timestamp::now, |date| date.timestamp())
}

/// What the vendor's codes mean, of answers and of failed actions.
pub(crate) fn meaning(code: &str) -> Option<ErrorKind> {
    Some(match code {
        "not_found" => ErrorKind::NotFound,
        "uniqueness_error" => ErrorKind::AlreadyExists,
        "placement_error" | "resource_unavailable" | "no_space_left_in_location" => {
            ErrorKind::SoldOut
        }
        "resource_limit_exceeded" => ErrorKind::Quota,
        "unauthorized" | "token_readonly" | "forbidden" => ErrorKind::Denied,
        "rate_limit_exceeded" => ErrorKind::RateLimited,
        "conflict" | "locked" | "resource_locked" | "server_not_stopped" | "must_be_unassigned"
        | "resource_in_use" => ErrorKind::Conflict,
        "protected" => ErrorKind::Protected,
        "unavailable" | "maintenance" | "bad_gateway" | "server_error" | "service_error"
        | "robot_unavailable" => ErrorKind::Unavailable,
        "timeout" => ErrorKind::TimedOut,
        "json_error" | "invalid_input" | "method_not_allowed" | "invalid_server_type" => {
            ErrorKind::Invalid
        }
        "unsupported_error" | "deprecated_api_endpoint" => ErrorKind::Unsupported,
        _ => return None,
    })
}

/// What a status means when the code is missing or unknown (a proxy's page, a new code).
fn meaning_of_status(status: StatusCode) -> ErrorKind {
    match status.as_u16() {
        401 | 403 => ErrorKind::Denied,
        404 => ErrorKind::NotFound,
        408 | 504 => ErrorKind::TimedOut,
        409 | 423 => ErrorKind::Conflict,
        410 => ErrorKind::Unsupported,
        429 => ErrorKind::RateLimited,
        500..=599 => ErrorKind::Unavailable,
        400..=499 => ErrorKind::Invalid,
        // a redirect, or a status that HTTP does not have: not from this API
        _ => ErrorKind::Garbled,
    }
}

/// Whether a second try makes sense. `conflict` and the rate limit are answered before anything
/// is done; behind the other errors of the server anything may have happened.
fn again(kind: ErrorKind, code: &str, status: StatusCode) -> Again {
    match kind {
        ErrorKind::RateLimited => Again::Yes,
        ErrorKind::Conflict if code == "conflict" => Again::Yes,
        ErrorKind::TimedOut => Again::IfHarmless,
        ErrorKind::Unavailable if status.is_server_error() => Again::IfHarmless,
        _ => Again::No,
    }
}
