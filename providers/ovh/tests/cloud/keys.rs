//! Keys stay as long as an instance has them, and go when none can have them.

use crate::stub::*;
use crate::things::*;
use provision_api::{ErrorKind, Leftover, Provider};
use serde_json::json;

const KEY: &str = "/cloud/project/p1/sshkey/key-ann";

/// The key of the order, as it was told of before anybody had it.
async fn told(stub: &Stub) -> Leftover {
    let call = get(INSTANCES);
    stub.once(call, ok(json!([]))).await;
    let left = stub.cloud.leftovers(&owner()).await.unwrap();
    assert_eq!(
        (left[0].id.as_str(), &left[0].in_use_by),
        ("key-ann", &None)
    );
    left[0].clone()
}

async fn deleted(stub: &Stub) -> usize {
    let asked = stub.asked().await;
    let deleted = asked
        .iter()
        .filter(|call| *call == "DELETE /sshkey/key-ann");
    deleted.count()
}

#[tokio::test]
async fn a_key_that_an_instance_has_by_now_stays() {
    for (status, kind) in [
        ("BUILD", ErrorKind::Protected),
        ("ACTIVE", ErrorKind::Protected),
        ("DELETING", ErrorKind::Conflict),
    ] {
        let stub = Stub::new().await;
        stub.on(delete(KEY), nothing()).await;
        let left = told(&stub).await;
        list(&stub, json!([listed(|it| it["status"] = json!(status))])).await;
        let error = stub.cloud.remove(&left).await.unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.to_string().contains("instance i-1 (web-1"), "{error}");
        assert_eq!(deleted(&stub).await, 0, "{status}");
        stub.is_empty().await;
    }
    let stub = Stub::new().await;
    stub.on(delete(KEY), nothing()).await;
    let left = told(&stub).await;
    list(
        &stub,
        json!([listed(|it| it["sshKeyId"] = json!("key-bob"))]),
    )
    .await;
    stub.cloud.remove(&left).await.unwrap();
    assert_eq!(deleted(&stub).await, 1);
}

#[tokio::test]
async fn an_order_that_is_refused_leaves_no_key() {
    for (answer, goes) in [
        (problem(400, "Client", "Invalid parameter userData"), true),
        (problem(403, "Client", "Quota exceeded for cores"), true),
        (problem(412, "Client", "Not enough capacity"), true),
        (problem(400, "Client", "Flavor d2-2 is not available"), true),
        // an instance may come of it, and needs its half of the marks
        (problem(503, "Server", "later"), false),
        (ok(json!({ "status": "BUILD" })), false),
    ] {
        let stub = Stub::with(|config| config.limits.tries = 2).await;
        stub.is_empty().await;
        stub.on(delete(KEY), nothing()).await;
        stub.instead(post(INSTANCES), answer).await;
        let error = stub.cloud.create(&order()).await.unwrap_err();
        assert_eq!(deleted(&stub).await, usize::from(goes), "{error}");
        assert!(!error.to_string().contains("stays"), "{error}");
    }
}

#[tokio::test]
async fn a_key_that_was_there_or_is_in_use_is_not_taken_back() {
    let refused = || problem(400, "Client", "Invalid parameter userData");
    let stub = Stub::new().await;
    list(&stub, json!([])).await;
    stub.on(delete(KEY), nothing()).await;
    stub.instead(post(INSTANCES), refused()).await;
    stub.cloud.create(&order()).await.unwrap_err();
    assert_eq!(deleted(&stub).await, 0, "the order has not made it");

    let stub = Stub::new().await;
    stub.once(get(KEYS), ok(json!([]))).await;
    stub.once(get(INSTANCES), ok(json!([]))).await;
    list(&stub, json!([listed(|_| {})])).await;
    stub.on(delete(KEY), nothing()).await;
    stub.instead(post(INSTANCES), refused()).await;
    let error = stub.cloud.create(&order()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Invalid);
    let stays = format!("its key {KEY_NAME} stays");
    assert!(error.to_string().contains(&stays), "{error}");
    assert_eq!(deleted(&stub).await, 0);
}

#[tokio::test]
async fn the_key_of_what_failed_at_birth_goes_after_it() {
    let stub = Stub::new().await;
    stub.is_empty().await;
    stub.on(delete(KEY), nothing()).await;
    let mut born = said("POST /cloud/project/p1/instance");
    born["status"] = json!("ERROR");
    stub.instead(post(INSTANCES), ok(&born)).await;
    let going = listed(|it| it["status"] = json!("DELETING"));
    stub.once(get(INSTANCES), ok(json!([]))).await;
    stub.once(get(INSTANCES), ok(json!([going]))).await;
    let error = stub.cloud.create(&order()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::SoldOut);
    let asked = stub.asked().await;
    let at = |call: &str| asked.iter().rposition(|one| one == call);
    let (instance, key) = (at("DELETE /instance/i-1"), at("DELETE /sshkey/key-ann"));
    assert!(instance.is_some() && instance < key, "{asked:?}");
    let looks = asked.iter().filter(|call| *call == "GET /instance").count();
    assert_eq!(looks, 3, "{asked:?}");
}
