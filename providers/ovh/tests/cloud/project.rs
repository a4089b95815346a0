//! Which project, and one that cannot be used.

use crate::stub::*;
use provision_api::{ErrorKind, Provider};
use serde_json::json;

#[tokio::test]
async fn the_project_is_the_one_that_is_named_or_the_only_one() {
    let unnamed = |config: &mut provision_ovh::Config| config.project = None;
    let stub = Stub::with(unnamed).await;
    assert_eq!(stub.cloud.servers().await.unwrap().len(), 8);
    stub.cloud.servers().await.unwrap();
    let all = stub.all().await;
    let finding: Vec<_> = all
        .iter()
        .filter(|call| call.ends_with("project"))
        .collect();
    assert_eq!(finding.len(), 1, "{all:?}");

    for (list, kind, expected) in [
        (json!([]), ErrorKind::NotFound, "no Public Cloud project"),
        (
            json!(["p1", "p2"]),
            ErrorKind::Invalid,
            "there are several: p1, p2; name one in OVH_CLOUD",
        ),
    ] {
        let stub = Stub::with(unnamed).await;
        stub.instead(get("/cloud/project"), ok(list)).await;
        let error = stub.cloud.servers().await.unwrap_err();
        assert_eq!(error.kind, kind);
        assert!(error.to_string().contains(expected), "{error}");
        assert!(stub.asked().await.is_empty());
    }
}

#[tokio::test]
async fn a_project_that_cannot_be_used_is_one_clear_error() {
    let mut suspended = said("GET /cloud/project/p1");
    suspended["status"] = json!("suspended");
    let foreign = problem(404, "Client::NotFound", "This service does not exist");
    for (answer, kind, expected) in [
        (ok(suspended), ErrorKind::Suspended, "it is suspended"),
        (
            foreign,
            // NotFound would say that there is nothing to be let into
            ErrorKind::Invalid,
            "OVH_CLOUD_PROJECT_SERVICE has to name",
        ),
        (
            problem(460, "Client::Expired", "The service is expired"),
            ErrorKind::Suspended,
            "renew",
        ),
    ] {
        let stub = Stub::new().await;
        stub.instead(get("/cloud/project/p1"), answer).await;
        let error = stub.cloud.servers().await.unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.to_string().contains(expected), "{error}");
        assert!(stub.asked().await.is_empty(), "nothing else is asked");
    }
    // it may be granted to work in it and not to look at it
    let stub = Stub::new().await;
    let refused = wiremock::ResponseTemplate::new(403).set_body_json(json!({
        "class": "Client::Forbidden", "message": "no", "errorCode": "NOT_GRANTED_CALL",
    }));
    stub.instead(get("/cloud/project/p1"), refused).await;
    stub.cloud.servers().await.unwrap();
}
