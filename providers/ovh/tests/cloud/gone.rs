//! Gone, with the key that nobody else has; and what is no longer ours is not touched.

use crate::stub::*;
use crate::things::*;
use provision_api::{Accepted, ErrorKind, Intent, OwnedServer, Provider, Stage};
use serde_json::json;

#[tokio::test]
async fn whose_marks_have_changed_is_not_touched() {
    for (name, key) in [
        ("web-1_prov1_bob_r1_web-1_sc", "prov1_bob_r1_web-1"),
        ("mail", KEY_NAME),
        (RAW, "laptop"),
    ] {
        for intent in [
            Intent::Gone,
            Intent::FromDisk,
            Intent::DiskNext,
            rescue(),
            rebuilt(),
        ] {
            let stub = Stub::new().await;
            let server = stub.ours("ACTIVE").await;
            let mut detail = said("GET /cloud/project/p1/instance/i-1");
            detail["name"] = json!(name);
            detail["sshKey"]["name"] = json!(key);
            stub.once(get(INSTANCE), ok(detail)).await;
            let error = stub
                .cloud
                .drive(&server, &intent, Stage(0))
                .await
                .unwrap_err();
            assert_eq!(error.kind, ErrorKind::NotOurs, "{intent:?} {name}");
            assert!(error.to_string().contains("not ours"), "{error}");
            let asked = stub.asked().await;
            assert!(
                !asked.iter().any(|call| !call.starts_with("GET")),
                "{asked:?}"
            );
        }
    }
}

/// The rest of being gone: the instance is, and its key may go.
async fn gone(stub: &Stub, server: &OwnedServer, stage: u8) -> Vec<String> {
    stub.on(delete("/cloud/project/p1/sshkey/key-ann"), nothing())
        .await;
    let accepted = stub
        .cloud
        .drive(server, &Intent::Gone, Stage(stage))
        .await
        .unwrap();
    assert_eq!(accepted, Accepted::default());
    let mut asked = stub.asked().await;
    asked.retain(|call| call.starts_with("DELETE"));
    asked
}

#[tokio::test]
async fn the_key_goes_with_the_last_instance_that_has_it() {
    let stub = Stub::new().await;
    let server = stub.ours("ACTIVE").await;
    // i-5 and i-7 have it as well
    assert_eq!(gone(&stub, &server, 1).await, [""; 0]);

    let own = said("GET /cloud/project/p1/instance")[0].clone();
    stub.once(get("/cloud/project/p1/instance"), ok(json!([own])))
        .await;
    assert_eq!(gone(&stub, &server, 1).await, ["DELETE /sshkey/key-ann"]);
}

#[tokio::test]
async fn gone_twice_is_a_success_and_takes_a_forgotten_key_along() {
    let stub = Stub::new().await;
    let server = stub.ours("ACTIVE").await;
    stub.once(get(INSTANCE), problem(404, "Client::NotFound", "no"))
        .await;
    stub.once(get("/cloud/project/p1/instance"), ok(json!([])))
        .await;
    assert_eq!(gone(&stub, &server, 0).await, ["DELETE /sshkey/key-ann"]);
}

#[tokio::test]
async fn one_that_is_being_deleted_is_asked_for_again_and_waited_for() {
    let busy = problem(409, "Client::Conflict", "it is being deleted");
    for refusal in [None, Some(busy)] {
        let stub = Stub::new().await;
        let server = stub.ours("ACTIVE").await;
        let mut detail = said("GET /cloud/project/p1/instance/i-1");
        detail["status"] = json!("DELETING");
        stub.once(get(INSTANCE), ok(detail)).await;
        if let Some(refusal) = refusal {
            stub.instead(delete(INSTANCE), refusal).await;
        }
        let accepted = stub
            .cloud
            .drive(&server, &Intent::Gone, Stage(0))
            .await
            .unwrap();
        assert_eq!(
            (tasks(&accepted), accepted.next),
            (vec!["i-1/gone"], Some(Stage(1)))
        );
        let asked = stub.asked().await;
        assert!(asked.iter().any(|call| call.starts_with("DELETE")));
    }
}
