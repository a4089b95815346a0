//! Signatures, whichever clock is ahead.

use crate::stub::*;
use data_encoding::HEXLOWER;
use provision_api::{ErrorKind, Provider};
use provision_ovh::{Config, PublicCloud};
use serde_json::json;
use sha1::{Digest, Sha1};
use wiremock::{Request, ResponseTemplate};

pub(crate) fn header_of<'a>(request: &'a Request, name: &str) -> &'a str {
    request.headers.get(name).unwrap().to_str().unwrap()
}

/// All of them at once.
pub(crate) async fn join_all<F>(futures: impl Iterator<Item = F>) -> Vec<F::Output>
where
    F: Future,
{
    let mut running: Vec<_> = futures.map(Box::pin).collect();
    let mut done = Vec::new();
    std::future::poll_fn(|context| {
        running.retain_mut(|future| match future.as_mut().poll(context) {
            std::task::Poll::Ready(output) => {
                done.push(output);
                false
            }
            std::task::Poll::Pending => true,
        });
        if running.is_empty() {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    done
}

const PROJECT: &str = "/cloud/project/p1";

/// The signature as the vendor's page describes it, computed here once more.
fn expected(stub: &Stub, request: &Request) -> String {
    let (path, query) = (request.url.path(), request.url.query());
    let query = query.map_or_else(String::new, |query| format!("?{query}"));
    let text = format!(
        "{APPLICATION_SECRET}+{CONSUMER_KEY}+{}+{}{path}{query}+{}+{}",
        request.method,
        stub.vendor.uri(),
        String::from_utf8(request.body.clone()).unwrap(),
        header_of(request, "X-Ovh-Timestamp"),
    );
    format!("$1${}", HEXLOWER.encode(&Sha1::digest(text)))
}

#[tokio::test]
async fn every_request_is_signed_as_it_is_sent() {
    let stub = Stub::new().await;
    stub.is_empty().await;
    stub.cloud.create(&order()).await.unwrap();
    let mut signed = 0;
    for request in stub.received().await {
        if request.url.path() == "/ovh/1.0/auth/time" {
            assert!(request.headers.get("X-Ovh-Signature").is_none());
            continue;
        }
        assert_eq!(header_of(&request, "X-Ovh-Application"), APPLICATION_KEY);
        assert_eq!(header_of(&request, "X-Ovh-Consumer"), CONSUMER_KEY);
        let signature = header_of(&request, "X-Ovh-Signature");
        assert_eq!(signature, expected(&stub, &request), "{}", request.url);
        signed += 1;
    }
    // with queries and with bodies
    assert_eq!(signed, 7, "{:?}", stub.all().await);
}

#[tokio::test]
async fn the_vendors_time_is_read_once_and_used_whichever_clock_is_ahead() {
    for skew in [-86_400, -61, 61, 86_400] {
        let stub = Stub::silent(|_| {}).await;
        stub.instead(get("/auth/time"), ok(now() + skew)).await;
        stub.on(get(PROJECT), ok(said("GET /cloud/project/p1")))
            .await;
        stub.on(get("/cloud/project/p1/instance"), ok(json!([])))
            .await;
        stub.on(get("/cloud/project/p1/sshkey"), ok(json!([])))
            .await;
        let all = (0..5).map(|_| stub.cloud.servers());
        for seen in join_all(all).await {
            seen.unwrap();
        }
        let requests = stub.received().await;
        let (asked, signed): (Vec<_>, Vec<_>) = requests
            .iter()
            .partition(|request| request.url.path().ends_with("/auth/time"));
        assert_eq!(asked.len(), 1, "{skew}");
        for request in signed {
            let sent: i64 = header_of(request, "X-Ovh-Timestamp").parse().unwrap();
            let off = sent - (now() + skew);
            assert!((-60..=1).contains(&off), "{skew}: {off} s off");
        }
    }
}

fn late() -> ResponseTemplate {
    ResponseTemplate::new(400).set_body_json(json!({
        "class": "Client::BadRequest", "message": "Query out of time", "errorCode": "QUERY_TIME_OUT",
    }))
}

#[tokio::test]
async fn a_clock_that_jumped_is_read_again_once() {
    let stub = Stub::new().await;
    stub.cloud.servers().await.unwrap();
    stub.once(get("/cloud/project/p1/sshkey"), late()).await;
    stub.cloud.servers().await.unwrap();
    let times = |all: &[String]| {
        all.iter()
            .filter(|call| call.contains("/auth/time"))
            .count()
    };
    assert_eq!(times(&stub.all().await), 2);
    stub.instead(get("/cloud/project/p1/instance"), late())
        .await;
    let error = stub.cloud.servers().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Denied);
    assert!(
        error.to_string().contains("the clock of this machine"),
        "{error}"
    );
    assert_eq!(
        times(&stub.all().await),
        3,
        "once more, and then it is told"
    );
}

#[tokio::test]
async fn keys_are_in_no_error() {
    let stub = Stub::new().await;
    let message = format!("{CONSUMER_KEY} and {APPLICATION_SECRET} are wrong");
    stub.instead(
        get("/cloud/project/p1/instance"),
        problem(403, "Client::Forbidden", &message),
    )
    .await;
    let error = stub.cloud.servers().await.unwrap_err();
    let text = format!("{error} {error:?} {:?}", stub.cloud);
    assert!(text.contains("[redacted]"), "{text}");
    for secret in [CONSUMER_KEY, APPLICATION_SECRET] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[test]
fn what_cannot_be_spoken_to_is_refused() {
    for (endpoint, expected) in [
        ("http://api.example/1.0", "without TLS"),
        ("https://user:pass@api.example/1.0", "would end up in logs"),
        ("ftp://api.example/1.0", "only https"),
    ] {
        let config = Config::new(endpoint.parse().unwrap(), signature());
        let error = PublicCloud::new(config).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Invalid);
        assert!(error.to_string().contains(expected), "{error}");
    }
}
