//! Tokens: fetched once for all, renewed when spent or refused.

use crate::login::{header_of, join_all};
use crate::stub::*;
use provision_api::{ErrorKind, Provider};
use provision_ovh::Config;
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};
use wiremock::matchers::{body_string, header, method, path};
use wiremock::{Mock, MockBuilder, Request, ResponseTemplate};

fn with_token(config: &mut Config) {
    *config = Config {
        limits: config.limits,
        project: config.project.clone(),
        ..Config::new(config.endpoint.clone(), oauth2())
    };
}

fn tokens() -> MockBuilder {
    Mock::given(method("POST")).and(path("/ovh/auth/oauth2/token"))
}

/// A vendor that grants the tokens `token-0`, `token-1` and so on.
async fn granting(stub: &Stub, expires_in: u64) {
    let count = AtomicUsize::new(0);
    let grant = move |_: &Request| {
        let number = count.fetch_add(1, Ordering::SeqCst);
        ok(json!({
            "access_token": format!("token-{number}-t0psecret"), "token_type": "Bearer",
            "expires_in": expires_in, "scope": "all",
        }))
    };
    tokens().respond_with(grant).mount(&stub.vendor).await;
}

/// How often a token was asked for.
fn grants(all: &[String]) -> usize {
    let asked = all.iter();
    asked
        .filter(|call| call.ends_with("/auth/oauth2/token"))
        .count()
}

#[tokio::test]
async fn one_token_is_fetched_for_all_and_carried() {
    let stub = Stub::with(with_token).await;
    let form = "grant_type=client_credentials&client_id=clientId\
                &client_secret=clientSECRET0123456789&scope=all";
    let exact = tokens()
        .and(header("content-type", "application/x-www-form-urlencoded"))
        .and(body_string(form));
    let grant = json!({ "access_token": "token-x", "token_type": "Bearer", "expires_in": 3599 });
    stub.on(exact, ok(grant)).await;
    for seen in join_all((0..3).map(|_| stub.cloud.servers())).await {
        assert_eq!(seen.unwrap().len(), 8);
    }
    let all = stub.all().await;
    assert_eq!(grants(&all), 1, "{all:?}");
    assert!(!all.iter().any(|call| call.contains("/auth/time")));
    assert_eq!(stub.cloud.requests(), all.len() as u64);
    for request in stub.received().await {
        if request.url.path() != "/ovh/auth/oauth2/token" {
            assert_eq!(header_of(&request, "Authorization"), "Bearer token-x");
        }
    }
}

#[tokio::test]
async fn a_token_that_is_spent_is_renewed_before_the_next_request() {
    let stub = Stub::with(with_token).await;
    granting(&stub, 0).await;
    stub.cloud.servers().await.unwrap();
    let mut carried: Vec<_> = Vec::new();
    for request in stub.received().await {
        if request.url.path() != "/ovh/auth/oauth2/token" {
            carried.push(header_of(&request, "Authorization").to_owned());
        }
    }
    carried.sort_unstable();
    let fresh = (0..4).map(|number| format!("Bearer token-{number}-t0psecret"));
    assert_eq!(carried, fresh.collect::<Vec<_>>());
}

#[tokio::test]
async fn a_token_that_is_refused_is_renewed_once() {
    let stub = Stub::with(with_token).await;
    granting(&stub, 3599).await;
    stub.cloud.servers().await.unwrap();
    let gone = header("Authorization", "Bearer token-0-t0psecret");
    let refused = || problem(401, "Client::Unauthorized", "token-1-t0psecret has expired");
    let instances = || get("/cloud/project/p1/instance");
    let both = Mock::given(gone);
    both.respond_with(refused())
        .with_priority(1)
        .mount(&stub.vendor)
        .await;
    assert_eq!(stub.cloud.servers().await.unwrap().len(), 8);
    assert_eq!(grants(&stub.all().await), 2);

    stub.instead(instances(), refused()).await;
    let error = stub.cloud.servers().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Denied);
    assert_eq!(grants(&stub.all().await), 3, "and then it is told");
    let text = format!("{error} {error:?} {:?}", stub.cloud);
    for secret in ["t0psecret", CLIENT_SECRET] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[tokio::test]
async fn a_service_account_that_is_unknown_is_one_clear_error() {
    let stub = Stub::with(with_token).await;
    let body = json!({
        "error": "invalid_client",
        "error_description": format!("no such client with {CLIENT_SECRET}"),
    });
    let refused = ResponseTemplate::new(401).set_body_json(body);
    stub.on(tokens(), refused).await;
    let error = stub.cloud.servers().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Denied);
    assert_eq!(error.code.as_deref(), Some("invalid_client"));
    let text = error.to_string();
    assert!(
        text.contains("client_secret from the caller") && text.contains("get a token"),
        "{text}"
    );
    assert!(!text.contains(CLIENT_SECRET), "{text}");
    // the lists are asked for at once, and the project before them
    assert_eq!(stub.all().await, ["POST /ovh/auth/oauth2/token"]);
}
