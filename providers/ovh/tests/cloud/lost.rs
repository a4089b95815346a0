//! Answers that are lost: nothing comes into being twice, nothing is begun twice.

use crate::stub::*;
use crate::things::*;
use provision_api::{ErrorKind, Intent, Provider, Stage};
use serde_json::json;
use wiremock::ResponseTemplate;

#[tokio::test]
async fn a_key_that_another_order_adds_meanwhile_is_found() {
    let stub = Stub::new().await;
    list(&stub, json!([])).await;
    stub.once(get(KEYS), ok(json!([]))).await;
    let taken = problem(409, "Client::Conflict", "A key of this name already exists");
    stub.instead(post(KEYS), taken).await;
    stub.cloud.create(&order()).await.unwrap();
    assert_eq!(stub.body_of("POST /instance").await["sshKeyId"], "key-ann");
}

#[tokio::test]
async fn a_lost_answer_makes_no_second_key() {
    let stub = Stub::with(|config| config.limits = impatient()).await;
    list(&stub, json!([])).await;
    stub.once(get(KEYS), ok(json!([]))).await;
    stub.instead(post(KEYS), lost()).await;
    stub.cloud.create(&order()).await.unwrap();
    stub.body_of("POST /sshkey").await;
}

#[tokio::test]
async fn a_lost_answer_makes_no_second_instance() {
    for failure in [
        lost(),
        problem(500, "Server", "oops"),
        ResponseTemplate::new(200).set_body_string("{\"id\":"),
    ] {
        let stub = Stub::with(|config| config.limits = impatient()).await;
        stub.once(get(INSTANCES), ok(json!([]))).await;
        list(&stub, json!([listed(|it| it["status"] = json!("BUILD"))])).await;
        stub.instead(post(INSTANCES), failure).await;
        let ordered = stub.cloud.create(&order()).await.unwrap();
        assert_eq!(ordered.server.id().as_str(), "i-1");
        assert!(
            !ordered.adopted,
            "it is what the lost answer would have told of"
        );
        stub.body_of("POST /instance").await;
    }
}

#[tokio::test]
async fn an_order_that_took_no_effect_is_placed_again() {
    let stub = Stub::new().await;
    stub.is_empty().await;
    stub.once(post(INSTANCES), problem(503, "Server", "later"))
        .await;
    stub.cloud.create(&order()).await.unwrap();
    let asked = stub.asked().await;
    let placed = asked
        .iter()
        .filter(|call| *call == "POST /instance")
        .count();
    assert_eq!(placed, 2, "{asked:?}");
}

#[tokio::test]
async fn what_nobody_can_find_out_is_said() {
    let stub = Stub::new().await;
    stub.once(get(INSTANCES), ok(json!([]))).await;
    stub.instead(get(INSTANCES), problem(503, "Server", "later"))
        .await;
    stub.instead(post(INSTANCES), problem(500, "Server", "oops"))
        .await;
    let error = stub.cloud.create(&order()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(
        error.to_string().contains("could not be found out"),
        "{error}"
    );
    stub.body_of("POST /instance").await;
}

#[tokio::test]
async fn a_lost_answer_does_not_enter_rescue_twice() {
    let stub = Stub::with(|config| config.limits = impatient()).await;
    let server = stub.ours("ACTIVE").await;
    stub.instead(post(&format!("{INSTANCE}/rescueMode")), lost())
        .await;
    let mut detail = said("GET /cloud/project/p1/instance/i-1");
    stub.once(get(INSTANCE), ok(&detail)).await;
    detail["status"] = json!("RESCUING");
    detail["rescuePassword"] = json!("fr0m-the-instance");
    stub.once(get(INSTANCE), ok(&detail)).await;
    let accepted = stub
        .cloud
        .drive(&server, &rescue(), Stage(0))
        .await
        .unwrap();
    assert_eq!(tasks(&accepted), ["i-1/rescue"]);
    stub.body_of("POST /instance/i-1/rescueMode").await;
    assert!(stub.cloud.rescue_password(&server).await.unwrap().is_some());
}

#[tokio::test]
async fn a_lost_answer_does_not_rebuild_twice() {
    let stub = Stub::with(|config| config.limits = impatient()).await;
    let server = stub.ours("ACTIVE").await;
    let mut detail = said("GET /cloud/project/p1/instance/i-1");
    stub.once(get(INSTANCE), ok(&detail)).await;
    detail["status"] = json!("REBUILD");
    stub.once(get(INSTANCE), ok(&detail)).await;
    stub.instead(post(&format!("{INSTANCE}/reinstall")), lost())
        .await;
    stub.cloud
        .drive(&server, &rebuilt(), Stage(0))
        .await
        .unwrap();
    stub.body_of("POST /instance/i-1/reinstall").await;
}

#[tokio::test]
async fn a_start_that_the_lost_answer_did_is_a_start() {
    let stub = Stub::new().await;
    let server = stub.ours("SHUTOFF").await;
    let start = || post(&format!("{INSTANCE}/start"));
    stub.once(start(), problem(503, "Server", "later")).await;
    let on = problem(
        409,
        "Client::Conflict",
        "Cannot 'start' instance while it is in vm_state active",
    );
    stub.instead(start(), on).await;
    let mut detail = said("GET /cloud/project/p1/instance/i-1");
    detail["status"] = json!("SHUTOFF");
    stub.once(get(INSTANCE), ok(&detail)).await;
    detail["status"] = json!("ACTIVE");
    stub.once(get(INSTANCE), ok(&detail)).await;
    stub.cloud
        .drive(&server, &Intent::FromDisk, Stage(0))
        .await
        .unwrap();
}

/// The key that was made for it bears half of the marks of what may come to light yet.
#[tokio::test]
async fn a_lost_order_that_is_refused_the_second_time_is_in_doubt_and_keeps_its_key() {
    for (first, in_doubt) in [(Some(problem(503, "Server", "later")), true), (None, false)] {
        let stub = Stub::new().await;
        stub.is_empty().await;
        if let Some(first) = first {
            stub.once(post(INSTANCES), first).await;
        }
        let refused = problem(403, "Client::Forbidden", "Quota exceeded for cores");
        stub.instead(post(INSTANCES), refused).await;
        let error = stub.cloud.create(&order()).await.unwrap_err();
        assert_eq!((error.kind, error.in_doubt), (ErrorKind::Quota, in_doubt));
        let asked = stub.asked().await;
        let takes_key_back = asked.iter().any(|call| call.starts_with("DELETE"));
        assert_eq!(takes_key_back, !in_doubt, "{asked:?}");
    }
}

#[tokio::test]
async fn a_list_that_was_cut_short_is_read_again() {
    let stub = Stub::new().await;
    let half = ResponseTemplate::new(200).set_body_string("[{\"id\": \"i-1\"");
    stub.once(get(INSTANCES), half).await;
    list(&stub, json!([])).await;
    assert!(stub.cloud.servers().await.unwrap().is_empty());
}
