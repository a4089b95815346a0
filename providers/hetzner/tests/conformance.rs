//! The suite of all providers, over HTTP against the sandbox, which is another reading of the
//! vendor's schema; and every exchange held against the schemas.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod common;
mod pair;
mod schema;

use pair::Pair;
use provision_api::Provider;
use provision_api::conformance::run;
use provision_sandbox::Settings;
use provision_sandbox::faults::{Kind, Rule, Status};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_adapter_passes_the_suite_of_all_providers() {
    let pair = Pair::new(&Settings::default()).await;
    let bench = pair.bench().await;
    let result = run(pair.hetzner.clone(), &bench).await;
    let wrong = pair.inspector.wrong();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let passed = result.unwrap_or_else(|failure| panic!("{failure}"));
    // the adapter can do everything that is created: what is left out is what is rented
    assert_eq!(passed.len(), 21, "{passed:#?}");
    pair.sandbox.close().await.unwrap();
}

/// An answer that says that something is wrong, with or without the effect.
fn status(status: u16, code: &str, effect: bool) -> Kind {
    Kind::Status(Status {
        status,
        code: Some(code.to_owned()),
        message: Some("as the test wants it".to_owned()),
        body: None,
        headers: [].into(),
        effect,
    })
}

/// Whatever is asked of the vendor, its answer may be lost, late or an error: the suite passes
/// all the same, so nothing is made twice and nothing is left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_suite_passes_whichever_answer_is_lost() {
    let calls = [
        ("POST", "/ssh_keys"),
        ("POST", "/servers"),
        ("PUT", "/servers/*"),
        ("POST", "/servers/*/actions/enable_rescue"),
        ("POST", "/servers/*/actions/disable_rescue"),
        ("POST", "/servers/*/actions/poweron"),
        ("POST", "/servers/*/actions/reset"),
        ("POST", "/servers/*/actions/rebuild"),
        ("DELETE", "/servers/*"),
        ("DELETE", "/ssh_keys/*"),
        ("GET", "/servers"),
        ("GET", "/actions"),
    ];
    let clean = requests_under(&Settings::default()).await;
    let kinds = [
        Kind::DropBefore,
        Kind::DropAfter,
        status(502, "bad_gateway", true),
        status(504, "timeout", false),
        status(409, "conflict", false),
        status(429, "rate_limit_exceeded", false),
    ];
    for kind in kinds {
        // each call is spoilt once, in one world
        // an image is not written again if the order for it may still come
        let may_come = kind == Kind::DropBefore || kind == status(504, "timeout", false);
        let calls = calls
            .iter()
            .filter(|(_, path)| !(may_come && path.ends_with("/rebuild")));
        let rules = calls.map(|(method, path)| Rule {
            method: Some((*method).to_owned()),
            path: (*path).to_owned(),
            nth: 1,
            times: 1,
            kind: kind.clone(),
        });
        let settings = Settings {
            faults: rules.collect(),
            ..Settings::default()
        };
        let spoilt = requests_under(&settings).await;
        assert!(
            spoilt > clean,
            "{kind:?}: {spoilt} requests, {clean} without a fault"
        );
    }
}

/// Runs the suite in a world of its own, and answers with the requests that it took.
async fn requests_under(settings: &Settings) -> u64 {
    let pair = Pair::new(settings).await;
    let bench = pair.bench().await;
    let result = run(pair.hetzner.clone(), &bench).await;
    let passed = result.unwrap_or_else(|failure| panic!("{:?}: {failure}", settings.faults));
    assert_eq!(passed.len(), 21);
    let requests = pair.hetzner.requests();
    pair.sandbox.close().await.unwrap();
    requests
}
