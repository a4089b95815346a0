//! Requests that may be carried out when nobody expects it any more, and what they leave behind.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod common;

use common::*;
use provision_api::http::*;
use provision_api::{Error, ErrorKind};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

/// What is sent, to a vendor that answers so at first and then well; the effect shows at that look.
struct Case {
    wipes: bool,
    answer: ResponseTemplate,
    shows: u32,
    /// How often it is sent, and looked for.
    sent: u64,
    looks: u32,
    ends: Result<Guarded<Value, u32>, ErrorKind>,
}

fn wipe() -> Request {
    Request::post("/disk", "write a disk").destructive()
}

fn silent() -> ResponseTemplate {
    ResponseTemplate::new(200).set_delay(Duration::from_secs(60))
}

fn good() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({ "n": 7 }))
}

async fn vendor(first: ResponseTemplate, then: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    let first = Mock::given(any()).respond_with(first).up_to_n_times(1);
    first.mount(&server).await;
    Mock::given(any()).respond_with(then).mount(&server).await;
    server
}

fn impatient() -> Limits {
    Limits {
        request: Duration::from_millis(300),
        ..quick()
    }
}

#[tokio::test]
async fn what_wipes_and_may_come_late_is_not_sent_again() {
    const NEVER: u32 = 99;
    let again = || Ok(Guarded::Answered(json!({ "n": 7 })));
    let of = |wipes, answer, shows, sent, looks, ends| Case {
        wipes,
        answer,
        shows,
        sent,
        looks,
        ends,
    };
    let sick = || ResponseTemplate::new(503);
    let cases = [
        of(false, silent(), NEVER, 2, 1, again()),
        of(true, silent(), NEVER, 1, 5, Err(ErrorKind::TimedOut)),
        of(true, silent(), 3, 1, 3, Ok(Guarded::Found(3))),
        // whoever answers has done with it
        of(true, sick(), NEVER, 2, 1, again()),
        of(true, sick(), 1, 1, 1, Ok(Guarded::Found(1))),
    ];
    for (number, case) in cases.into_iter().enumerate() {
        let vendor = vendor(case.answer, good()).await;
        let http = client(&vendor.uri(), impatient());
        let looks = AtomicU32::new(0);
        let look = || {
            let at = looks.fetch_add(1, Ordering::Relaxed) + 1;
            std::future::ready(Ok::<_, Error>((at >= case.shows).then_some(at)))
        };
        let request = if case.wipes {
            wipe()
        } else {
            Request::post("/thing", "make a thing")
        };
        let ended = http.call_guarded::<Value, _, _, _>(&request, look).await;
        assert_eq!(http.requests(), case.sent, "case {number}");
        assert_eq!(looks.load(Ordering::Relaxed), case.looks, "case {number}");
        if let Err(error) = &ended {
            assert!(error.in_doubt, "case {number}: {error}");
        }
        assert_eq!(ended.map_err(|e| e.kind), case.ends, "case {number}");
    }
}

/// The second try is refused because the first one was taken: that is found out.
#[tokio::test]
async fn a_refusal_after_a_lost_answer_is_looked_behind() {
    for (refusal, shows) in [(404, true), (400, true), (404, false)] {
        let vendor = vendor(ResponseTemplate::new(503), ResponseTemplate::new(refusal)).await;
        let http = client(&vendor.uri(), quick());
        let looks = AtomicU32::new(0);
        let look = || {
            let is_second = looks.fetch_add(1, Ordering::Relaxed) > 0;
            std::future::ready(Ok::<_, Error>((is_second && shows).then_some(9)))
        };
        let ended = http
            .call_guarded::<Value, _, _, _>(&Request::post("/thing", "make a thing"), look)
            .await;
        assert_eq!((http.requests(), looks.load(Ordering::Relaxed)), (2, 2));
        match ended {
            Ok(found) => assert!(shows && found == Guarded::Found(9)),
            Err(error) => assert!(!shows && error.in_doubt, "{error}"),
        }
    }
}
