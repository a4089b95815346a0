//! What the vendor's errors mean, with and without the shape that it promises.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod common;

use common::*;
use provision_api::http::{Limits, PlainHttp};
use provision_api::{Error, ErrorKind, Provider};
use provision_hetzner::{Config, Hetzner, Source};
use serde_json::json;
use std::time::Duration;
use url::Url;
use wiremock::ResponseTemplate;

/// Every code of the vendor's table, what it means, and how often a reading request is sent.
const MEANINGS: [(&str, ErrorKind, u64); 23] = [
    ("json_error", ErrorKind::Invalid, 1),
    ("unauthorized", ErrorKind::Denied, 1),
    ("token_readonly", ErrorKind::Denied, 1),
    ("forbidden", ErrorKind::Denied, 1),
    ("maintenance", ErrorKind::Unavailable, 1),
    ("resource_limit_exceeded", ErrorKind::Quota, 1),
    ("not_found", ErrorKind::NotFound, 1),
    ("method_not_allowed", ErrorKind::Invalid, 1),
    ("uniqueness_error", ErrorKind::AlreadyExists, 1),
    ("conflict", ErrorKind::Conflict, 5),
    ("deprecated_api_endpoint", ErrorKind::Unsupported, 1),
    ("resource_unavailable", ErrorKind::SoldOut, 1),
    ("invalid_input", ErrorKind::Invalid, 1),
    ("placement_error", ErrorKind::SoldOut, 1),
    ("service_error", ErrorKind::Unavailable, 1),
    ("unsupported_error", ErrorKind::Unsupported, 1),
    ("locked", ErrorKind::Conflict, 1),
    ("protected", ErrorKind::Protected, 1),
    ("rate_limit_exceeded", ErrorKind::RateLimited, 0),
    ("server_error", ErrorKind::Unavailable, 5),
    ("bad_gateway", ErrorKind::Unavailable, 5),
    ("unavailable", ErrorKind::Unavailable, 5),
    ("timeout", ErrorKind::TimedOut, 5),
];

/// Reads the servers of a vendor that always answers so.
async fn read(answer: ResponseTemplate) -> (Error, u64) {
    let limits = Limits {
        operation: Duration::from_secs(2),
        ..quick()
    };
    let stub = Stub::with(limits).await;
    stub.on(get("/servers"), answer).await;
    let error = stub.hetzner.servers().await.unwrap_err();
    (error, stub.hetzner.requests())
}

#[tokio::test]
async fn every_code_has_its_meaning() {
    let all = json("problems.json");
    assert_eq!(
        all.as_array().unwrap().len(),
        MEANINGS.len(),
        "the table covers the fixture"
    );
    for (code, kind, sent) in MEANINGS {
        let (error, requests) = read(problem(code)).await;
        assert_eq!((error.kind, error.code.as_deref()), (kind, Some(code)));
        assert_eq!(error.request_id.as_deref(), Some("corr-1"));
        assert_eq!(
            (error.provider, error.operation.as_str()),
            ("hetzner", "list servers")
        );
        assert!(
            error
                .message
                .starts_with(&format!("a message about {code}")),
            "{error}"
        );
        // a full house is asked as often as there is time
        assert!(
            if sent == 0 {
                requests > 5
            } else {
                requests == sent
            },
            "{code}: {requests}"
        );
    }
}

#[tokio::test]
async fn a_mend_is_told_where_there_is_one() {
    for (code, mend) in [
        ("unauthorized", "Security, API tokens"),
        ("unauthorized", "the token from the caller is not known"),
        ("token_readonly", "read and write permission"),
        ("resource_limit_exceeded", "under Limits"),
        ("deprecated_api_endpoint", "newer version of provision"),
        ("invalid_input", "(server_type: is unknown)"),
    ] {
        let (error, _) = read(problem(code)).await;
        assert!(error.message.contains(mend), "{error}");
    }
}

#[tokio::test]
async fn statuses_mean_something_without_a_code() {
    use ErrorKind::*;
    let unknown = |status| {
        ResponseTemplate::new(status)
            .set_body_json(json!({ "error": { "code": "brand_new", "message": "m" } }))
    };
    let cases = [
        (300, Garbled),
        (304, Garbled),
        (400, Invalid),
        (401, Denied),
        (403, Denied),
        (404, NotFound),
        (408, TimedOut),
        (409, Conflict),
        (410, Unsupported),
        (418, Invalid),
        (422, Invalid),
        (423, Conflict),
        (500, Unavailable),
        (502, Unavailable),
        (504, TimedOut),
        (507, Unavailable),
        (599, Unavailable),
    ];
    for (status, kind) in cases {
        for answer in [ResponseTemplate::new(status), unknown(status)] {
            let (error, _) = read(answer).await;
            assert_eq!(error.kind, kind, "{status}: {error}");
        }
    }
    let (error, _) = read(unknown(418)).await;
    assert_eq!(error.code.as_deref(), Some("brand_new"));
}

#[tokio::test]
async fn the_page_of_a_proxy_is_described_and_not_shown() {
    let (error, requests) = read(answer(502, "bad_gateway.html")).await;
    assert_eq!((error.kind, requests), (ErrorKind::Unavailable, 5));
    assert_eq!(
        error.to_string(),
        "hetzner: list servers: the service is unavailable: 502 Bad Gateway, with 140 bytes of \
         text/html (tried 5 times) (502)"
    );
}

#[tokio::test]
async fn a_success_that_is_no_list_is_garbled() {
    let shaped = |body| ResponseTemplate::new(200).set_body_json(body);
    for (body, tries) in [
        (answer(200, "truncated.json"), 5),
        (answer(200, "bad_gateway.html"), 5),
        (ResponseTemplate::new(200), 5),
        (ResponseTemplate::new(204), 5),
        // it would have that shape the next time, too
        (shaped(json!([])), 1),
        (shaped(json!({ "servers": [{ "name": "no id" }] })), 1),
        (shaped(json!({ "servers": "none" })), 1),
    ] {
        let (error, requests) = read(body).await;
        assert_eq!(
            (error.kind, requests),
            (ErrorKind::Garbled, tries),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_success_with_odd_extras_is_a_success() {
    let stub = Stub::new().await;
    let body = json!({ "servers": [], "meta": null, "more": { "x": 1 } });
    stub.on(
        get("/servers"),
        ResponseTemplate::new(203).set_body_json(body),
    )
    .await;
    assert!(stub.hetzner.servers().await.unwrap().is_empty());
}

/// A refusal for want of requests, with the vendor's headers: the next one is granted in a
/// second, all of them in an hour.
fn used_up(limit: &str, reset: i64) -> ResponseTemplate {
    let now = 1_783_671_330;
    problem("rate_limit_exceeded")
        .insert_header("Date", "Fri, 10 Jul 2026 08:15:30 GMT")
        .insert_header("RateLimit-Limit", limit)
        .insert_header("RateLimit-Remaining", "0")
        .insert_header("RateLimit-Reset", (now + reset).to_string())
}

#[tokio::test]
async fn a_used_up_limit_is_waited_for_by_its_refill_and_not_by_its_reset() {
    let stub = Stub::new().await;
    stub.once(get("/servers"), used_up("36000", 3600)).await;
    stub.on(get("/servers"), answer(200, "servers_none.json"))
        .await;
    // an hour until the reset, but a tenth of a second until the next request
    assert!(stub.hetzner.servers().await.unwrap().is_empty());
    assert_eq!(stub.hetzner.requests(), 2);
}

#[tokio::test]
async fn a_limit_that_outlasts_the_deadline_is_an_error() {
    let (error, requests) = read(used_up("1", 3600)).await;
    assert_eq!((error.kind, requests), (ErrorKind::RateLimited, 1));
    assert!(
        error.message.contains("grants the next request in 3"),
        "{error}"
    );
}

#[tokio::test]
async fn headers_that_make_no_sense_are_ignored() {
    let stub = Stub::new().await;
    for (name, value) in [
        ("RateLimit-Reset", "soon"),
        ("RateLimit-Limit", "-1"),
        ("Date", "now"),
    ] {
        let odd = used_up("36000", 1).insert_header(name, value);
        stub.once(get("/servers"), odd).await;
    }
    stub.on(get("/servers"), answer(200, "servers_none.json"))
        .await;
    assert!(stub.hetzner.servers().await.unwrap().is_empty());
}

fn config(endpoint: &str) -> Config {
    Config {
        endpoint_source: Source::Environment("HCLOUD_ENDPOINT"),
        ..Config::new(Url::parse(endpoint).unwrap(), TOKEN.into())
    }
}

#[test]
fn the_token_is_not_sent_in_the_clear() {
    let error = Hetzner::new(config("http://api.hetzner.example/v1")).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Invalid);
    assert!(
        error.message.contains("use https") && error.message.contains("HCLOUD_ENDPOINT"),
        "{error}"
    );
    let asked_for = Config {
        plain: PlainHttp::To("api.hetzner.example".to_owned()),
        ..config("http://api.hetzner.example/v1")
    };
    Hetzner::new(asked_for).unwrap();
    Hetzner::new(config("http://127.0.0.1:1/v1")).unwrap();
    let bad = Config {
        token: "short".into(),
        ..config("https://api.hetzner.example/v1")
    };
    assert_eq!(Hetzner::new(bad).unwrap_err().kind, ErrorKind::Denied);
}
