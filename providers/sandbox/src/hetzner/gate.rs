//! Who may pass: the rate limit counts everybody, the token decides.

use super::error::ApiError;
use crate::settings::RateLimit;
use crate::world::World;
use crate::world::document::Bucket;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use std::sync::Arc;

pub(super) async fn pass(
    State(world): State<Arc<World>>,
    request: Request,
    next: Next,
) -> Response {
    let (quota, allowed) = {
        let mut held = match world.hold().await {
            Ok(held) => held,
            Err(error) => return ApiError::from(error).into_response(),
        };
        let (limit, now) = (held.settings.rate_limit, held.now);
        let quota = held.bucket.draw(limit, now);
        let readonly = held.settings.token_readonly.clone();
        let allowed = authorize(
            request.method(),
            request.headers(),
            &held.token,
            readonly.as_deref(),
        );
        (quota, allowed)
    };
    let mut response = if quota.refused {
        ApiError::new(
            StatusCode::TOO_MANY_REQUESTS,
            "rate_limit_exceeded",
            "the limit of requests is reached",
        )
        .into_response()
    } else {
        match allowed {
            Ok(()) => next.run(request).await,
            Err(error) => error.into_response(),
        }
    };
    quota.tell(response.headers_mut());
    response
}

fn authorize(
    method: &Method,
    headers: &HeaderMap,
    token: &str,
    readonly: Option<&str>,
) -> Result<(), ApiError> {
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, given)| given.trim());
    match given {
        Some(given) if given == token => Ok(()),
        Some(given) if Some(given) == readonly => {
            if method == Method::GET {
                return Ok(());
            }
            Err(ApiError::new(
                StatusCode::UNAUTHORIZED,
                "token_readonly",
                "the token is only allowed to perform GET requests",
            ))
        }
        _ => Err(ApiError::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "unable to authenticate",
        )),
    }
}

/// How a request stands with the rate limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Quota {
    limit: u32,
    remaining: u64,
    /// When the bucket is full again, in seconds of the epoch.
    reset: i64,
    refused: bool,
}

impl Quota {
    fn tell(self, headers: &mut HeaderMap) {
        headers.insert("ratelimit-limit", HeaderValue::from(self.limit));
        headers.insert("ratelimit-remaining", HeaderValue::from(self.remaining));
        headers.insert("ratelimit-reset", HeaderValue::from(self.reset));
    }
}

impl Bucket {
    /// Takes one request out of the bucket, if there is one left.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "what is rounded lies between zero and a u32, or is seconds of the epoch"
    )]
    fn draw(&mut self, rule: RateLimit, now: Timestamp) -> Quota {
        let limit = f64::from(rule.limit);
        let passed = now.duration_since(self.at).as_secs_f64().max(0.0);
        self.used = (self.used - passed * rule.per_second).clamp(0.0, limit);
        self.at = now;
        let refused = self.used + 1.0 > limit;
        if !refused {
            self.used += 1.0;
        }
        let remaining = (limit - self.used).max(0.0).floor() as u64;
        let full = (self.used / rule.per_second).ceil() as i64;
        Quota {
            limit: rule.limit,
            remaining,
            reset: now.as_second().saturating_add(full),
            refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bucket_empties_and_refills() {
        let rule = RateLimit {
            limit: 2,
            per_second: 0.5,
        };
        let at = |s: i64| Timestamp::from_second(1_000 + s).unwrap();
        let mut bucket = Bucket {
            used: 0.0,
            at: at(0),
        };
        let first = bucket.draw(rule, at(0));
        assert_eq!(
            first,
            Quota {
                limit: 2,
                remaining: 1,
                reset: 1_002,
                refused: false
            }
        );
        assert!(!bucket.draw(rule, at(0)).refused);
        let third = bucket.draw(rule, at(0));
        assert_eq!(
            third,
            Quota {
                limit: 2,
                remaining: 0,
                reset: 1_004,
                refused: true
            }
        );
        assert!(bucket.draw(rule, at(1)).refused, "half a request came back");
        assert!(!bucket.draw(rule, at(2)).refused);
        assert!(
            bucket.draw(rule, at(0)).refused,
            "a clock that goes back gives nothing"
        );
    }

    #[test]
    fn only_the_tokens_pass() {
        let with = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap());
            headers
        };
        let code = |method: Method, value: &str| {
            authorize(&method, &with(value), "full", Some("read"))
                .err()
                .map(|error| error.code)
        };
        assert_eq!(code(Method::POST, "Bearer full"), None);
        assert_eq!(code(Method::POST, "bearer full"), None);
        assert_eq!(code(Method::GET, "Bearer read"), None);
        assert_eq!(code(Method::DELETE, "Bearer read"), Some("token_readonly"));
        for wrong in ["Bearer", "Bearer ", "Basic full", "full", "Bearer fulle"] {
            assert_eq!(code(Method::GET, wrong), Some("unauthorized"), "{wrong}");
        }
        let bare = authorize(&Method::GET, &HeaderMap::new(), "full", None);
        assert_eq!(bare.unwrap_err().code, "unauthorized");
        assert!(authorize(&Method::GET, &with("Bearer "), "full", None).is_err());
    }
}
