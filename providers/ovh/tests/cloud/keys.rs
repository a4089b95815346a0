//! Keys stay as long as an instance has them, and go when none can have them.

use crate::stub::*;
use crate::things::*;
use provision_api::{ErrorKind, Leftover, Provider};
use serde_json::{Value, json};

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
