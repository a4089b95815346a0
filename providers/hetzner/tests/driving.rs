//! Each intent, from each state, as the requests that the vendor sees.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod common;

use common::*;
use provision_api::{Accepted, ErrorKind, Intent, KeyId, Provider, Stage};
use serde_json::json;
use wiremock::ResponseTemplate;

const ACTIONS: [&str; 7] = [
    "poweron",
    "reset",
    "enable_rescue",
    "disable_rescue",
    "rebuild",
    "request_console",
    "poweroff",
];

fn rescue() -> Intent {
    Intent::InRescue {
        keys: vec![KeyId::new("7")],
    }
}

fn rebuilt() -> Intent {
    Intent::Rebuilt {
        image: "debian-13".to_owned(),
        user_data: "#cloud-config\n".into(),
        keys: vec![KeyId::new("7")],
    }
}

const LIST: &str = "GET /servers/42/actions";

/// There is no action on the server yet.
async fn none_yet(stub: &Stub) {
    let none = answer(200, "server_actions_none.json");
    stub.on(get("/servers/42/actions"), none).await;
}

/// The vendor takes every action, and shows the server with that status when asked.
async fn accept_all(stub: &Stub, fresh: &str) {
    none_yet(stub).await;
    for verb in ACTIONS {
        let path = format!("/servers/42/actions/{verb}");
        let name = if verb == "enable_rescue" {
            "action_rescue.json"
        } else {
            "action.json"
        };
        stub.on(post(&path), answer(201, name)).await;
    }
    let mut server = json("server.json");
    server["server"]["status"] = json!(fresh);
    stub.on(
        get("/servers/42"),
        ResponseTemplate::new(200).set_body_json(server),
    )
    .await;
}

/// What the server was seen as, whether its rescue system was armed, what is wanted and at which
/// stage, what a fresh look shows, what is asked of the vendor, and which stage comes next.
const SWITCHES: [&str; 15] = [
    "off          -      rescue  0  -        enable_rescue   1",
    "running      -      rescue  0  -        enable_rescue   1",
    "off          armed  rescue  1  -        poweron         -",
    "running      armed  rescue  1  -        reset           -",
    "initializing armed  rescue  1  off      look+poweron    -",
    "starting     armed  rescue  1  running  look+reset      -",
    "running      -      disk    0  -        reset           -",
    "off          -      disk    0  -        poweron         -",
    "running      armed  disk    0  -        disable_rescue  1",
    "running      armed  disk    1  -        reset           -",
    "running      -      image   0  -        rebuild         2",
    "running      armed  image   0  -        disable_rescue  1",
    "running      armed  image   1  -        rebuild         2",
    "off          -      image   2  off      look+poweron    -",
    "running      -      image   2  running  look            -",
];

#[tokio::test]
async fn every_state_is_left_by_the_right_switch() {
    for row in SWITCHES {
        let cells: Vec<_> = row.split_whitespace().collect();
        let [status, armed, wanted, stage, fresh, asked, next] = cells[..] else {
            panic!("{row}");
        };
        let stub = Stub::new().await;
        let server = stub
            .server_like(|server| {
                server["status"] = json!(status);
                server["rescue_enabled"] = json!(armed == "armed");
            })
            .await;
        accept_all(&stub, fresh).await;
        let intent = match wanted {
            "rescue" => rescue(),
            "disk" => Intent::FromDisk,
            _ => rebuilt(),
        };
        let stage = Stage(stage.parse().unwrap());
        let accepted = stub.hetzner.drive(&server, &intent, stage).await.unwrap();
        let steps: Vec<_> = asked.split('+').collect();
        let expected = steps.iter().flat_map(|step| match *step {
            "look" => vec!["GET /servers/42".to_owned()],
            // which actions there are is known before another one is begun
            verb => vec![LIST.to_owned(), format!("POST /servers/42/actions/{verb}")],
        });
        assert_eq!(stub.asked().await, expected.collect::<Vec<_>>(), "{row}");
        assert_eq!(accepted.next, next.parse().ok().map(Stage), "{row}");
        let acted = steps.iter().filter(|step| **step != "look").count();
        assert_eq!(accepted.tasks.len(), acted, "{row}");
    }
}

#[tokio::test]
async fn the_rescue_system_gets_the_keys_and_the_image_its_user_data() {
    let stub = Stub::new().await;
    let server = stub.ours().await;
    accept_all(&stub, "running").await;
    stub.hetzner
        .drive(&server, &rescue(), Stage(0))
        .await
        .unwrap();
    let body = stub.body_of("POST /servers/42/actions/enable_rescue").await;
    assert_eq!(body, json!({ "type": "linux64", "ssh_keys": [7] }));
    stub.hetzner
        .drive(&server, &rebuilt(), Stage(0))
        .await
        .unwrap();
    let body = stub.body_of("POST /servers/42/actions/rebuild").await;
    assert_eq!(
        body,
        json!({ "image": "debian-13", "user_data": "#cloud-config\n" })
    );
}

#[tokio::test]
async fn an_action_that_is_done_needs_no_waiting() {
    let stub = Stub::new().await;
    let server = stub.ours().await;
    none_yet(&stub).await;
    stub.on(
        post("/servers/42/actions/reset"),
        answer(201, "action_done.json"),
    )
    .await;
    let accepted = stub
        .hetzner
        .drive(&server, &Intent::FromDisk, Stage(0))
        .await
        .unwrap();
    assert_eq!(accepted, Accepted::default());
}

#[tokio::test]
async fn a_rescue_system_that_disarmed_itself_is_no_obstacle() {
    let stub = Stub::new().await;
    let server = stub
        .server_like(|server| server["rescue_enabled"] = json!(true))
        .await;
    stub.once(
        post("/servers/42/actions/disable_rescue"),
        problem("invalid_input"),
    )
    .await;
    accept_all(&stub, "running").await;
    let accepted = stub
        .hetzner
        .drive(&server, &Intent::FromDisk, Stage(0))
        .await
        .unwrap();
    assert_eq!((accepted.tasks.len(), accepted.next), (1, None));
    assert_eq!(
        stub.asked().await.last().unwrap(),
        "POST /servers/42/actions/reset"
    );
}

/// The list of actions, with one reset in it.
fn one_reset() -> ResponseTemplate {
    answer(200, "server_actions.json")
}

#[tokio::test]
async fn a_lost_reset_is_not_sent_twice() {
    // a second reset would throw the server out of the rescue system that it just boots
    for lost in ["timeout", "bad_gateway", "server_error"] {
        let stub = Stub::new().await;
        let server = stub.ours().await;
        stub.on(post("/servers/42/actions/reset"), problem(lost))
            .await;
        let none = answer(200, "server_actions_none.json");
        stub.once(get("/servers/42/actions"), none).await;
        stub.on(get("/servers/42/actions"), one_reset()).await;
        let accepted = stub
            .hetzner
            .drive(&server, &rescue(), Stage(1))
            .await
            .unwrap();
        assert_eq!(accepted.tasks[0].id.as_str(), "1009");
        let asked = stub.asked().await;
        assert_eq!(asked, [LIST, "POST /servers/42/actions/reset", LIST]);
    }
}

#[tokio::test]
async fn a_reset_that_was_not_taken_is_sent_again() {
    // one from a moment before is not taken for it, whatever the clocks say
    let none = answer(200, "server_actions_none.json");
    for list in [one_reset(), none] {
        let stub = Stub::new().await;
        let server = stub.ours().await;
        stub.once(post("/servers/42/actions/reset"), problem("timeout"))
            .await;
        stub.on(
            post("/servers/42/actions/reset"),
            answer(201, "action.json"),
        )
        .await;
        stub.on(get("/servers/42/actions"), list).await;
        let accepted = stub
            .hetzner
            .drive(&server, &rescue(), Stage(1))
            .await
            .unwrap();
        assert_eq!(accepted.tasks[0].id.as_str(), "1001");
        let reset = "POST /servers/42/actions/reset";
        assert_eq!(stub.asked().await, [LIST, reset, LIST, reset]);
    }
}

#[tokio::test]
async fn a_conflict_is_tried_again_and_a_lock_is_told() {
    let stub = Stub::new().await;
    let server = stub.ours().await;
    none_yet(&stub).await;
    stub.once(post("/servers/42/actions/reset"), problem("conflict"))
        .await;
    stub.once(post("/servers/42/actions/reset"), problem("conflict"))
        .await;
    stub.on(
        post("/servers/42/actions/reset"),
        answer(201, "action.json"),
    )
    .await;
    stub.hetzner
        .drive(&server, &Intent::FromDisk, Stage(0))
        .await
        .unwrap();
    assert_eq!(stub.asked().await.len(), 4);

    let stub = Stub::new().await;
    let server = stub.ours().await;
    none_yet(&stub).await;
    stub.on(post("/servers/42/actions/reset"), problem("locked"))
        .await;
    let error = stub
        .hetzner
        .drive(&server, &Intent::FromDisk, Stage(0))
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert_eq!(error.code.as_deref(), Some("locked"));
    assert_eq!(stub.asked().await.len(), 2);
}
