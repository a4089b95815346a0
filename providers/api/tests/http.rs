//! The HTTP core against a vendor that answers badly.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod common;

use common::*;
use provision_api::http::*;
use provision_api::{Error, ErrorKind, Result};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

/// A vendor that answers with these one after the other, the last one ever after.
async fn vendor(answers: Vec<ResponseTemplate>) -> MockServer {
    let server = MockServer::start().await;
    let last = answers.len() - 1;
    for (number, answer) in answers.into_iter().enumerate() {
        let mock = Mock::given(any()).respond_with(answer);
        let mock = if number == last {
            mock
        } else {
            mock.up_to_n_times(1)
        };
        mock.mount(&server).await;
    }
    server
}

fn status(code: u16) -> ResponseTemplate {
    ResponseTemplate::new(code).set_body_string(format!("status {code}"))
}

fn good() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({ "n": 7 }))
}

fn get() -> Request {
    Request::get("/thing", "read the thing")
}

fn post() -> Request {
    Request::post("/thing", "make a thing")
        .json(&json!({ "name": "x" }))
        .unwrap()
}

#[tokio::test]
async fn only_what_is_safe_is_tried_again() {
    // request, first answer → tries
    let cases = [
        (get(), 200, 1),
        (get(), 503, 2),
        (get(), 404, 1),
        (get(), 409, 2),
        (Request::put("/thing", "replace"), 503, 2),
        (Request::delete("/thing", "remove"), 503, 2),
        (Request::delete("/thing", "remove").harmful(), 503, 1),
        (post(), 503, 1),
        (post(), 409, 2),
        (post(), 429, 2),
        (post().harmless(), 503, 2),
    ];
    for (request, first, tries) in cases {
        let first_answer = if first == 200 { good() } else { status(first) };
        let vendor = vendor(vec![first_answer, good()]).await;
        let http = client(&vendor.uri(), quick());
        let result: Result<Value> = http.call(&request).await;
        let name = format!("{} after {first}", request.method);
        assert_eq!(http.requests(), tries, "{name}");
        assert_eq!(result.is_ok(), first == 200 || tries == 2, "{name}");
    }
}

#[tokio::test]
async fn tries_are_bounded_by_count_and_told() {
    let vendor = vendor(vec![status(503)]).await;
    let http = client(&vendor.uri(), quick());
    let error = http.send(&get()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "plain: read the thing: the service is unavailable: status 503 (tried 5 times) (503)"
    );
    assert_eq!(http.requests(), 5);
}

#[tokio::test]
async fn tries_are_bounded_by_time() {
    let limits = Limits {
        operation: Duration::from_secs(1),
        ..Limits::default()
    };
    for code in [503, 429] {
        let vendor = vendor(vec![status(code)]).await;
        let http = client(&vendor.uri(), limits);
        http.send(&get()).await.unwrap_err();
        // pauses of half a second and of a whole one: the second would end too late
        assert!(http.requests() <= 2, "{}", http.requests());
    }
}

#[tokio::test]
async fn a_full_house_is_waited_for_longer_than_tries_are_counted() {
    let answers = std::iter::repeat_n(status(429), 8)
        .chain([good()])
        .collect();
    let vendor = vendor(answers).await;
    let http = client(&vendor.uri(), quick());
    let value: Value = http.call(&post()).await.unwrap();
    assert_eq!((value, http.requests()), (json!({ "n": 7 }), 9));
}

#[tokio::test]
async fn the_rate_limit_is_waited_for_before_it_is_hit() {
    let full = |limit: &str, ms: &str| {
        good()
            .insert_header("limit", limit)
            .insert_header("remaining", "0")
            .insert_header("full-in-ms", ms)
    };
    // ten tokens in 500 ms: the next one in 50
    let vendor = vendor(vec![full("10", "500"), good()]).await;
    let http = client(&vendor.uri(), quick());
    let start = std::time::Instant::now();
    http.send(&get()).await.unwrap();
    http.send(&get()).await.unwrap();
    assert!(start.elapsed() >= Duration::from_millis(50));
    assert_eq!(http.requests(), 2);

    // one an hour: rather an error at once than a wait beyond the deadline
    let vendor = self::vendor(vec![full("1", "3600000")]).await;
    let http = client(&vendor.uri(), quick());
    http.send(&get()).await.unwrap();
    let error = http.send(&get()).await.unwrap_err();
    assert_eq!((error.kind, http.requests()), (ErrorKind::RateLimited, 1));
    assert!(
        error.message.contains("grants the next request in 3"),
        "{error}"
    );
}

#[tokio::test]
async fn retry_after_is_honoured() {
    let limits = Limits {
        operation: Duration::from_secs(5),
        ..quick()
    };
    let vendor = vendor(vec![status(429).insert_header("retry-after", "60"), good()]).await;
    let http = client(&vendor.uri(), limits);
    let error = http.send(&get()).await.unwrap_err();
    assert_eq!((error.kind, http.requests()), (ErrorKind::RateLimited, 1));
}

#[tokio::test]
async fn what_is_guarded_is_looked_for_before_it_is_sent_again() {
    let looks = AtomicU32::new(0);
    let looked = |found: Result<Option<u32>>| {
        looks.fetch_add(1, Ordering::Relaxed);
        std::future::ready(found)
    };
    // the first answer, what the look finds → sent, looked, outcome
    let sick = || Err(Error::new(ErrorKind::Denied, "plain", "look", "no"));
    let cases = [
        (
            good(),
            Ok(Some(9)),
            1,
            0,
            Some(Guarded::Answered(json!({ "n": 7 }))),
        ),
        (status(503), Ok(Some(9)), 1, 1, Some(Guarded::Found(9))),
        (
            status(503),
            Ok(None),
            2,
            1,
            Some(Guarded::Answered(json!({ "n": 7 }))),
        ),
        (status(503), sick(), 1, 1, None),
        (status(404), Ok(Some(9)), 1, 0, None),
        (
            status(409),
            Ok(Some(9)),
            2,
            0,
            Some(Guarded::Answered(json!({ "n": 7 }))),
        ),
        (status(200), Ok(Some(9)), 1, 1, Some(Guarded::Found(9))),
        // it surely took effect: the list may be older than that, so it is read again
        (status(200), Ok(None), 1, 5, None),
    ];
    for (number, (first, found, sent, times, outcome)) in cases.into_iter().enumerate() {
        looks.store(0, Ordering::Relaxed);
        let vendor = vendor(vec![first, good()]).await;
        let http = client(&vendor.uri(), quick());
        let result = http
            .call_guarded::<Value, _, _, _>(&post(), || looked(found.clone()))
            .await;
        let counts = (http.requests(), looks.load(Ordering::Relaxed));
        assert_eq!(counts, (sent, times), "case {number}");
        assert_eq!(result.ok(), outcome, "case {number}");
    }
}

#[tokio::test]
async fn a_look_that_fails_is_told() {
    let vendor = vendor(vec![status(503)]).await;
    let http = client(&vendor.uri(), quick());
    let look =
        || async { Err::<Option<()>, _>(Error::new(ErrorKind::Denied, "plain", "look", "no")) };
    let error = http
        .call_guarded::<Value, _, _, _>(&post(), look)
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(
        error
            .message
            .contains("whether it took effect could not be found out"),
        "{error}"
    );
}

#[tokio::test]
async fn silence_is_an_error_that_names_the_host() {
    let vendor = vendor(vec![good().set_delay(Duration::from_secs(60))]).await;
    let limits = Limits {
        request: Duration::from_millis(200),
        tries: 2,
        ..quick()
    };
    let http = client(&vendor.uri(), limits);
    let error = http.send(&get()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::TimedOut);
    assert_eq!(
        error.message,
        "127.0.0.1 did not answer in 0.2 s (tried 2 times)"
    );
    assert_eq!(
        http.send(&post()).await.unwrap_err().kind,
        ErrorKind::TimedOut
    );
    assert_eq!(http.requests(), 3);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = vendor(vec![good()]).await;
    let there = ResponseTemplate::new(307).insert_header("location", elsewhere.uri());
    let vendor = vendor(vec![there]).await;
    let http = client(&vendor.uri(), quick());
    let error = http.send(&get()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Untrusted);
    assert!(
        error.message.contains("leads to http://127.0.0.1 (307)"),
        "{error}"
    );
    assert_eq!(http.requests(), 1);
    assert!(elsewhere.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_the_end() {
    let vendor = vendor(vec![
        ResponseTemplate::new(200).set_body_bytes(vec![b' '; 5000]),
    ])
    .await;
    let limits = Limits {
        answer_bytes: 4000,
        ..quick()
    };
    let error = client(&vendor.uri(), limits)
        .send(&get())
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Garbled);
    assert!(error.message.contains("larger than 4000 bytes"), "{error}");
}

#[tokio::test]
async fn what_is_no_json_is_described_and_not_shown() {
    let page = ResponseTemplate::new(200)
        .set_body_raw("<html>a long page</html>", "text/html")
        .insert_header("request-id", "r-1");
    let vendor = vendor(vec![page]).await;
    let http = client(&vendor.uri(), quick());
    let error = http.call::<Value>(&get()).await.unwrap_err();
    assert_eq!((error.kind, http.requests()), (ErrorKind::Garbled, 5));
    assert_eq!(error.request_id.as_deref(), Some("r-1"));
    assert!(
        error.message.starts_with("24 bytes of text/html"),
        "{error}"
    );
    assert!(!error.message.contains("long page"), "{error}");
}

#[tokio::test]
async fn an_answer_that_was_cut_short_is_asked_for_again() {
    let half = || ResponseTemplate::new(200).set_body_raw("{\"n\": 7, \"m", "application/json");
    let other = || ResponseTemplate::new(200).set_body_json(json!({ "n": "t0psecret" }));
    let number = || ResponseTemplate::new(200).set_body_raw("17", "application/json");
    // request, first answer → tries
    for (request, first, tries) in [
        (get(), half(), 2),
        (get(), status(200), 2),
        // half of a number is one, too
        (get(), number(), 2),
        (post(), number(), 1),
        // the next one would have that shape too
        (get(), other(), 1),
        (Request::put("/thing", "replace"), half(), 2),
        (post().harmless(), half(), 2),
        (post(), half(), 1),
    ] {
        let vendor = vendor(vec![first, good()]).await;
        let http = client(&vendor.uri(), quick());
        let read = http.call::<std::collections::BTreeMap<String, u32>>(&request);
        let read = read.await;
        assert_eq!(http.requests(), tries, "{request:?}");
        assert_eq!(read.is_ok(), tries == 2, "{request:?}");
        if let Err(error) = read {
            assert!(!error.to_string().contains("t0psecret"), "{error}");
        }
    }
}

#[tokio::test]
async fn a_doubt_stays_with_the_error_that_comes_after_it() {
    let unseen = || async { Ok::<Option<()>, Error>(None) };
    let half = || ResponseTemplate::new(201).set_body_raw("{\"n\"", "application/json");
    // the answers to something harmful → whether it may have happened
    for (answers, in_doubt) in [
        (vec![status(503), status(404)], true),
        (vec![status(503)], true),
        (vec![half()], true),
        (vec![status(404)], false),
        (vec![status(409), status(404)], false),
        (vec![status(429), status(404)], false),
    ] {
        let vendor = vendor(answers).await;
        let http = client(&vendor.uri(), quick());
        let error = http.call_guarded::<Value, _, _, _>(&post(), unseen).await;
        assert_eq!(error.unwrap_err().in_doubt, in_doubt);
        let error = http.call::<Value>(&get()).await.unwrap_err();
        assert!(!error.in_doubt, "what is harmless leaves no doubt");
    }
}
