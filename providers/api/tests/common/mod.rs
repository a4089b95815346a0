//! A vendor with a plain dialect, and a client that speaks to it.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "these are tests")]

use provision_api::http::*;
use provision_api::{Error, ErrorKind};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use url::Url;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

pub(crate) const TOKEN: &str = "t0ken-t0ken-t0ken";

/// The status says it all; the body is the message.
#[derive(Debug)]
pub(crate) struct Plain;

impl Dialect for Plain {
    fn provider(&self) -> &'static str {
        "plain"
    }

    fn classify(&self, operation: &str, answer: &Answer) -> Fault {
        let (kind, again) = match answer.status.as_u16() {
            404 => (ErrorKind::NotFound, Again::No),
            409 => (ErrorKind::Conflict, Again::Yes),
            429 => (ErrorKind::RateLimited, Again::Yes),
            500.. => (ErrorKind::Unavailable, Again::IfHarmless),
            _ => (ErrorKind::Invalid, Again::No),
        };
        let message = String::from_utf8_lossy(&answer.body).into_owned();
        let mut error = Error::new(kind, "plain", operation, message);
        error.code = Some(answer.status.as_u16().to_string());
        Fault::new(error, again)
    }

    fn rate(&self, headers: &HeaderMap) -> Option<Rate> {
        let number = |name: &str| headers.get(name)?.to_str().ok()?.parse().ok();
        Some(Rate {
            limit: number("limit")?,
            remaining: number("remaining")?,
            full_in: Duration::from_millis(number("full-in-ms")?),
        })
    }

    fn request_id(&self, headers: &HeaderMap) -> Option<String> {
        Some(headers.get("request-id")?.to_str().ok()?.to_owned())
    }
}

/// Short pauses; time enough for an answer on a busy machine.
pub(crate) fn quick() -> Limits {
    Limits {
        backoff: Limits::default().backoff.scaled(0.01),
        ..Limits::default()
    }
}

pub(crate) fn settings(uri: &str, limits: Limits) -> Settings {
    let url = Url::parse(uri).unwrap();
    Settings {
        endpoint: Endpoint::new(&url, &PlainHttp::LoopbackOnly).unwrap(),
        dialect: Arc::new(Plain),
        authenticate: Arc::new(Bearer::new("plain", TOKEN.into())),
        limits,
        witness: None,
    }
}

pub(crate) fn client(uri: &str, limits: Limits) -> Http {
    Http::new(settings(uri, limits)).unwrap()
}

pub(crate) const KEY: &str = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----";

pub(crate) async fn always(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

pub(crate) fn order() -> Request {
    let user_data = format!("#cloud-config\nssh_keys:\n  ed25519_private: |\n{KEY}\n");
    Request::post("/servers", "create server web-1")
        .query("a", "b c")
        .json(
            &json!({ "name": "web-1", "user_data": user_data, "root_password": "hunter2hunter2" }),
        )
        .unwrap()
}

/// Nothing that was secret, whole or in part.
pub(crate) fn assert_clean(text: &str) {
    for secret in [
        TOKEN,
        "b3BlbnNz",
        "BEGIN OPENSSH",
        "hunter2",
        "ed25519_private",
        "pa55word-back",
    ] {
        assert!(!text.contains(secret), "{secret} in: {text}");
    }
}
