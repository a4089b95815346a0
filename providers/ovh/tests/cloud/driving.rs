//! Into rescue, from the disk, rebuilt: each in few requests and from every status.

use crate::stub::*;
use crate::things::*;
use provision_api::{Accepted, ErrorKind, Intent, Provider, Rescue, Stage};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

/// What is asked of the instance, and what is waited for, when an intent meets a status.
async fn meets(intent: &Intent, status: &str, stage: u8) -> (Vec<String>, Accepted) {
    let stub = Stub::new().await;
    let server = stub.ours(status).await;
    let before = stub.asked().await.len();
    let accepted = stub
        .cloud
        .drive(&server, intent, Stage(stage))
        .await
        .unwrap();
    let mut asked = Vec::new();
    for request in stub.received().await {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let below = request.url.path().rsplit("p1/").next().unwrap().to_owned();
        asked.push((format!("{} {below}", request.method), body));
    }
    let asked: Vec<_> = asked
        .into_iter()
        .filter(|(call, _)| !call.contains("/ovh/"))
        .skip(before)
        .map(|(call, body)| match body {
            Value::Null => call,
            body => format!("{call} {body}"),
        })
        .collect();
    (asked, accepted)
}

/// Intent, status and stage; what is asked, what is waited for, and the next stage.
type Case<'a> = (
    Intent,
    &'a str,
    u8,
    &'a [&'a str],
    &'a [&'a str],
    Option<u8>,
);

#[tokio::test]
async fn every_status_has_its_way_to_what_is_wanted() {
    let look = "GET instance/i-1";
    let into = r#"POST instance/i-1/rescueMode {"rescue":true}"#;
    let out = r#"POST instance/i-1/rescueMode {"rescue":false}"#;
    let reboot = r#"POST instance/i-1/reboot {"type":"hard"}"#;
    let start = "POST instance/i-1/start";
    let reinstall = r#"POST instance/i-1/reinstall {"imageId":"img-deb-gra"}"#;
    let (active, in_rescue) = ("i-1/active", "i-1/rescue");
    let cases: [Case<'_>; 15] = [
        (rescue(), "ACTIVE", 0, &[look, into], &[in_rescue], None),
        (rescue(), "SHUTOFF", 0, &[look, into], &[in_rescue], None),
        (rescue(), "RESCUE", 0, &[look, out], &[active], Some(1)),
        (rescue(), "ACTIVE", 1, &[into], &[in_rescue], None),
        (
            Intent::FromDisk,
            "ACTIVE",
            0,
            &[look, reboot],
            &[active],
            None,
        ),
        (Intent::FromDisk, "RESCUE", 0, &[look, out], &[active], None),
        (
            Intent::FromDisk,
            "SHUTOFF",
            0,
            &[look, start],
            &[active],
            None,
        ),
        (
            Intent::FromDisk,
            "STOPPED",
            0,
            &[look, start],
            &[active],
            None,
        ),
        (Intent::DiskNext, "ACTIVE", 0, &[look], &[], None),
        (Intent::DiskNext, "RESCUE", 0, &[look, out], &[active], None),
        (
            rebuilt(),
            "ACTIVE",
            0,
            &[look, "GET image", reinstall],
            &[active],
            None,
        ),
        (rebuilt(), "RESCUE", 0, &[look, out], &[active], Some(1)),
        (rebuilt(), "SHUTOFF", 0, &[look, start], &[active], Some(1)),
        (
            rebuilt(),
            "ACTIVE",
            1,
            &[look, "GET image", reinstall],
            &[active],
            None,
        ),
        (
            Intent::Gone,
            "ACTIVE",
            0,
            &[look, "DELETE instance/i-1"],
            &["i-1/gone"],
            Some(1),
        ),
    ];
    for (intent, status, stage, calls, waits, next) in cases {
        let (asked, accepted) = meets(&intent, status, stage).await;
        let case = format!("{intent:?} of {status}, stage {stage}");
        assert_eq!(asked, calls, "{case}");
        assert_eq!(tasks(&accepted), waits, "{case}");
        assert_eq!(accepted.next, next.map(Stage), "{case}");
    }
}

#[tokio::test]
async fn what_this_product_cannot_do_is_said_without_a_request() {
    let stub = Stub::new().await;
    let server = stub.ours("ACTIVE").await;
    let before = stub.all().await.len();
    let intent = Intent::Released { reset: true };
    let error = stub
        .cloud
        .drive(&server, &intent, Stage(0))
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unsupported);
    let error = stub
        .cloud
        .adopt(server.server(), &marks())
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unsupported);
    // its rescue system's password is shown by the vendor, not by a command of ours
    let rescue = stub.cloud.capabilities().rescue;
    assert!(
        matches!(rescue, Rescue::Password(place) if !place.contains("provision ")),
        "{rescue:?}"
    );
    assert_eq!(stub.all().await.len(), before);
}

#[tokio::test]
async fn the_password_of_the_rescue_system_is_the_answers_else_the_instances() {
    let stub = Stub::new().await;
    let server = stub.ours("ACTIVE").await;
    assert!(stub.cloud.rescue_password(&server).await.unwrap().is_none());
    stub.cloud
        .drive(&server, &rescue(), Stage(0))
        .await
        .unwrap();
    let before = stub.all().await.len();
    let password = stub.cloud.rescue_password(&server).await.unwrap().unwrap();
    assert_eq!(password.expose_secret(), "r3scue-me-please");
    assert_eq!(stub.all().await.len(), before, "it is in memory");
    let shown = format!("{:?}", stub.cloud);
    assert!(!shown.contains("r3scue"), "{shown}");

    // another process knows what the vendor tells
    let stub = Stub::new().await;
    let server = stub.ours("ACTIVE").await;
    let mut detail = said("GET /cloud/project/p1/instance/i-1");
    detail["status"] = json!("RESCUE");
    detail["rescuePassword"] = json!("fr0m-the-instance");
    stub.once(get(INSTANCE), ok(&detail)).await;
    let password = stub.cloud.rescue_password(&server).await.unwrap().unwrap();
    assert_eq!(password.expose_secret(), "fr0m-the-instance");
    // one that is left over from last time opens nothing
    detail["status"] = json!("ACTIVE");
    stub.once(get(INSTANCE), ok(&detail)).await;
    assert!(stub.cloud.rescue_password(&server).await.unwrap().is_none());
}

#[tokio::test]
async fn a_rescue_without_a_password_is_none() {
    for answer in [json!({}), json!({ "adminPassword": null }), json!(null)] {
        let stub = Stub::new().await;
        let server = stub.ours("ACTIVE").await;
        stub.instead(post(&format!("{INSTANCE}/rescueMode")), ok(answer))
            .await;
        stub.cloud
            .drive(&server, &rescue(), Stage(0))
            .await
            .unwrap();
        assert!(stub.cloud.rescue_password(&server).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn one_that_is_busy_is_a_conflict() {
    let stub = Stub::new().await;
    let server = stub.ours("ACTIVE").await;
    let busy = problem(
        409,
        "Client::Conflict",
        "Cannot 'reboot' instance i-1 while it is rebuilding",
    );
    stub.instead(post(&format!("{INSTANCE}/reboot")), busy)
        .await;
    let error = stub
        .cloud
        .drive(&server, &Intent::FromDisk, Stage(0))
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
}
