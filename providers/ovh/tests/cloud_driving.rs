//! Into rescue, from the disk, rebuilt, gone: each in few requests and from every status.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod stub;

use provision_api::{
    Accepted, ErrorKind, Fingerprint, Intent, Marks, OwnedServer, Phase, Provider, Role, Stage,
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use stub::*;

const INSTANCE: &str = "/cloud/project/p1/instance/i-1";

fn tasks(accepted: &Accepted) -> Vec<&str> {
    accepted.tasks.iter().map(|task| task.id.as_str()).collect()
}

fn rescue() -> Intent {
    Intent::InRescue { keys: Vec::new() }
}

fn rebuilt() -> Intent {
    Intent::Rebuilt {
        image: "Debian 13".to_owned(),
        user_data: "#cloud-config\n".into(),
        keys: Vec::new(),
    }
}

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

#[tokio::test]
async fn every_status_has_its_way_to_what_is_wanted() {
    let look = "GET instance/i-1";
    let into = r#"POST instance/i-1/rescueMode {"rescue":true}"#;
    let out = r#"POST instance/i-1/rescueMode {"rescue":false}"#;
    let reboot = r#"POST instance/i-1/reboot {"type":"hard"}"#;
    let start = "POST instance/i-1/start";
    let reinstall = r#"POST instance/i-1/reinstall {"imageId":"img-deb-gra"}"#;
    let (active, in_rescue) = ("i-1/active", "i-1/rescue");
    let cases: [(Intent, &str, u8, &[&str], &[&str], Option<u8>); 15] = [
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
            assert_eq!(error.kind, ErrorKind::Denied, "{intent:?} {name}");
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
async fn one_that_is_being_deleted_is_waited_for() {
    let stub = Stub::new().await;
    let server = stub.ours("ACTIVE").await;
    let mut detail = said("GET /cloud/project/p1/instance/i-1");
    detail["status"] = json!("DELETING");
    stub.once(get(INSTANCE), ok(detail)).await;
    let accepted = stub
        .cloud
        .drive(&server, &Intent::Gone, Stage(0))
        .await
        .unwrap();
    assert_eq!(
        (tasks(&accepted), accepted.next),
        (vec!["i-1/gone"], Some(Stage(1)))
    );
    assert!(
        !stub
            .asked()
            .await
            .iter()
            .any(|call| call.starts_with("DELETE"))
    );
}

#[tokio::test]
async fn marks_are_written_as_a_name_and_read_back() {
    let stub = Stub::new().await;
    let server = stub.ours("ACTIVE").await;
    let wanted = Marks {
        role: Role::Test,
        phase: Phase::Installed,
        expires: None,
        host_key: Some(Fingerprint::of_wire(b"a key")),
        ..marks()
    };
    let name =
        "web-1_prov1_ann_20260710t081500-1_web-1_ti_j6Oqsvqpt54KA5jaW1q9B4AUJEKlvoC5pkYI1xjLH80";
    let mut detail = said("GET /cloud/project/p1/instance/i-1");
    detail["name"] = json!(name);
    stub.once(get(INSTANCE), ok(detail)).await;
    let marked = stub.cloud.mark(&server, &wanted).await.unwrap();
    assert_eq!(*marked.marks(), wanted);
    assert_eq!(marked.server().name, "web-1");
    let body = stub.body_of("PUT /instance/i-1").await;
    assert_eq!(body, json!({ "instanceName": name }));
}

#[tokio::test]
async fn what_the_key_says_cannot_be_changed() {
    let stub = Stub::new().await;
    let server = stub.ours("ACTIVE").await;
    let others = [
        Marks {
            owner: "bob".parse().unwrap(),
            ..marks()
        },
        Marks {
            run: "r2".parse().unwrap(),
            ..marks()
        },
        Marks {
            host: "web-2".parse().unwrap(),
            ..marks()
        },
    ];
    for other in others {
        let error = stub.cloud.mark(&server, &other).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unsupported, "{other:?}");
    }
    assert!(
        !stub
            .asked()
            .await
            .iter()
            .any(|call| call.starts_with("PUT"))
    );
}
