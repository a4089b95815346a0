//! Every error of the vendor's means something, once, with the mend and the query's id.

use crate::stub::*;
use crate::things::*;
use provision_api::http::Limits;
use provision_api::{ErrorKind, Provider};
use serde_json::{Value, json};
use std::time::Duration;
use wiremock::ResponseTemplate;

fn tight(config: &mut provision_ovh::Config) {
    config.limits = Limits {
        tries: 2,
        operation: Duration::from_secs(5),
        ..quick()
    };
}

#[tokio::test]
async fn each_error_has_its_meaning() {
    for case in json_of("problems.json").as_array().unwrap() {
        let stub = Stub::with(tight).await;
        let status = u16::try_from(case["status"].as_u64().unwrap()).unwrap();
        let answer = ResponseTemplate::new(status)
            .insert_header("X-Ovh-QueryID", "EU.ext-3.abc")
            .set_body_json(&case["body"]);
        stub.instead(get(INSTANCES), answer).await;
        let error = stub.cloud.servers().await.unwrap_err();
        let text = error.to_string();
        assert_eq!(format!("{:?}", error.kind), case["kind"], "{case}");
        assert_eq!(error.request_id.as_deref(), Some("EU.ext-3.abc"), "{case}");
        let code = case["body"]["errorCode"].as_str();
        let expected = code.map_or_else(|| status.to_string(), str::to_owned);
        assert_eq!(error.code, Some(expected), "{case}");
        assert!(text.starts_with("ovh: list instances: "), "{text}");
        if let Some(mend) = case["mend"].as_str() {
            assert!(text.contains(mend), "{text}");
        }
        let tried = stub.asked().await;
        let tried = tried.iter().filter(|call| *call == "GET /instance").count();
        let again = matches!(error.kind, ErrorKind::Unavailable | ErrorKind::RateLimited);
        assert_eq!(tried > 1, again, "{tried} times: {case}");
    }
}

#[tokio::test]
async fn a_passing_error_is_tried_again() {
    for passing in [
        problem(500, "Server", "oops"),
        problem(429, "Client", "slow down"),
        problem(429, "Client", "slow down").insert_header("Retry-After", "0"),
        ResponseTemplate::new(502).set_body_raw("<html>Bad Gateway</html>", "text/html"),
    ] {
        let stub = Stub::new().await;
        stub.once(get(INSTANCES), passing).await;
        assert_eq!(stub.cloud.servers().await.unwrap().len(), 8);
    }
}

#[tokio::test]
async fn what_is_no_answer_of_this_api_is_described_and_not_shown() {
    for (answer, kind, expected) in [
        (
            ResponseTemplate::new(404).set_body_raw("<html>t0psecret</html>", "text/html"),
            ErrorKind::NotFound,
            "404 Not Found, with 22 bytes of text/html",
        ),
        (
            ResponseTemplate::new(302).insert_header("Location", "https://elsewhere.example/"),
            ErrorKind::Untrusted,
            "leads to https://elsewhere.example (302), which is not followed",
        ),
        (
            ResponseTemplate::new(200).set_body_raw("{\"t0psecret\": 1", "application/json"),
            ErrorKind::Garbled,
            "not the JSON expected: line 1",
        ),
        (
            ok(json!({ "t0psecret": 1 })),
            ErrorKind::Garbled,
            "not the JSON expected",
        ),
        (
            ok(json!([{ "id": 7, "name": "t0psecret" }])),
            ErrorKind::Garbled,
            "not the JSON expected",
        ),
    ] {
        let stub = Stub::new().await;
        stub.instead(get(INSTANCES), answer).await;
        let error = stub.cloud.servers().await.unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        let text = error.to_string();
        assert!(
            text.contains(expected) && !text.contains("t0psecret"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn the_call_that_was_not_granted_is_named() {
    let stub = Stub::new().await;
    let server = stub.ours("ACTIVE").await;
    let refused = ResponseTemplate::new(403).set_body_json(json!({
        "class": "Client::Forbidden", "message": "This call has not been granted",
        "errorCode": "NOT_GRANTED_CALL",
    }));
    stub.instead(post(&format!("{INSTANCES}/i-1/vnc")), refused)
        .await;
    let error = stub.cloud.console(&server).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Denied);
    let call = "let them do POST /cloud/project/p1/instance/i-1/vnc";
    assert!(error.to_string().contains(call), "{error}");
}

#[tokio::test]
async fn user_data_and_passwords_are_in_no_error() {
    let stub = Stub::new().await;
    stub.is_empty().await;
    let echo = json!({ "class": "Client", "message": "bad: #cloud-config\nssh_keys: {}\n" });
    stub.instead(
        post(INSTANCES),
        ResponseTemplate::new(400).set_body_json(echo),
    )
    .await;
    let error = stub.cloud.create(&order()).await.unwrap_err();
    assert!(!error.to_string().contains("cloud-config"), "{error}");
    let body: Value = stub.body_of("POST /instance").await;
    assert!(
        body["userData"].as_str().unwrap().contains("cloud-config"),
        "it was sent"
    );
}
