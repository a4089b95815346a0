//! Each intent, from each state, as the requests that the vendor sees.

mod common;

use common::*;
use provision_api::{
    Accepted, ErrorKind, Intent, KeyId, Leftover, LeftoverKind, Provider, ServerId, Stage,
};
use serde_json::{Value, json};
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
    }
}

/// The vendor takes every action, and shows the server with that status when asked.
async fn accept_all(stub: &Stub, fresh: &str) {
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

#[tokio::test]
async fn every_state_is_left_by_the_right_switch() {
    let a = "POST /servers/42/actions/";
    // status, armed, intent, stage, fresh status → requests, next stage
    let cases = [
        (
            "off",
            false,
            rescue(),
            0,
            "",
            vec!["enable_rescue"],
            Some(1),
        ),
        (
            "running",
            false,
            rescue(),
            0,
            "",
            vec!["enable_rescue"],
            Some(1),
        ),
        ("off", true, rescue(), 1, "", vec!["poweron"], None),
        ("running", true, rescue(), 1, "", vec!["reset"], None),
        (
            "initializing",
            true,
            rescue(),
            1,
            "off",
            vec!["", "poweron"],
            None,
        ),
        (
            "starting",
            true,
            rescue(),
            1,
            "running",
            vec!["", "reset"],
            None,
        ),
        (
            "running",
            false,
            Intent::FromDisk,
            0,
            "",
            vec!["reset"],
            None,
        ),
        ("off", false, Intent::FromDisk, 0, "", vec!["poweron"], None),
        (
            "running",
            true,
            Intent::FromDisk,
            0,
            "",
            vec!["disable_rescue"],
            Some(1),
        ),
        (
            "running",
            true,
            Intent::FromDisk,
            1,
            "",
            vec!["reset"],
            None,
        ),
        ("running", false, rebuilt(), 0, "", vec!["rebuild"], Some(2)),
        (
            "running",
            true,
            rebuilt(),
            0,
            "",
            vec!["disable_rescue"],
            Some(1),
        ),
        ("running", true, rebuilt(), 1, "", vec!["rebuild"], Some(2)),
        ("off", false, rebuilt(), 2, "off", vec!["", "poweron"], None),
        ("running", false, rebuilt(), 2, "running", vec![""], None),
    ];
    for (status, armed, intent, stage, fresh, verbs, next) in cases {
        let name = format!("{intent:?} from {status}, armed {armed}, stage {stage}");
        let stub = Stub::new().await;
        let server = stub
            .server_like(|server| {
                server["status"] = json!(status);
                server["rescue_enabled"] = json!(armed);
            })
            .await;
        accept_all(&stub, fresh).await;
        let accepted = stub
            .hetzner
            .drive(&server, &intent, Stage(stage))
            .await
            .unwrap();
        let expected: Vec<_> = verbs
            .iter()
            .map(|verb| {
                if verb.is_empty() {
                    "GET /servers/42".to_owned()
                } else {
                    format!("{a}{verb}")
                }
            })
            .collect();
        assert_eq!(stub.asked().await, expected, "{name}");
        assert_eq!(accepted.next, next.map(Stage), "{name}");
        let acted = verbs.iter().filter(|verb| !verb.is_empty()).count();
        assert_eq!(accepted.tasks.len(), acted, "{name}");
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

/// The list of actions, with the last one started that many seconds before the vendor's now.
fn actions_since(seconds: i64) -> ResponseTemplate {
    let mut list = json("server_actions.json");
    list["actions"][0]["started"] = json!("2026-07-10T08:15:30Z");
    let now = 8 * 3600 + 15 * 60 + 30 + seconds;
    let (hour, minute, second) = (now / 3600, now / 60 % 60, now % 60);
    ResponseTemplate::new(200)
        .insert_header(
            "Date",
            format!("Fri, 10 Jul 2026 {hour:02}:{minute:02}:{second:02} GMT"),
        )
        .set_body_json(list)
}

#[tokio::test]
async fn a_lost_reset_is_not_sent_twice() {
    // a second reset would throw the server out of the rescue system that it just boots
    for lost in ["timeout", "bad_gateway", "server_error"] {
        let stub = Stub::new().await;
        let server = stub.ours().await;
        stub.on(post("/servers/42/actions/reset"), problem(lost))
            .await;
        stub.on(get("/servers/42/actions"), actions_since(1)).await;
        let accepted = stub
            .hetzner
            .drive(&server, &rescue(), Stage(1))
            .await
            .unwrap();
        assert_eq!(accepted.tasks[0].id.as_str(), "1009");
        let asked = stub.asked().await;
        assert_eq!(
            asked,
            ["POST /servers/42/actions/reset", "GET /servers/42/actions"]
        );
    }
}

#[tokio::test]
async fn a_reset_that_was_not_taken_is_sent_again() {
    let old_one = actions_since(3600);
    let none = answer(200, "server_actions_none.json");
    for list in [old_one, none] {
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
        assert_eq!(stub.asked().await.len(), 3);
    }
}

#[tokio::test]
async fn a_conflict_is_tried_again_and_a_lock_is_told() {
    let stub = Stub::new().await;
    let server = stub.ours().await;
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
    assert_eq!(stub.asked().await.len(), 3);

    let stub = Stub::new().await;
    let server = stub.ours().await;
    stub.on(post("/servers/42/actions/reset"), problem("locked"))
        .await;
    let error = stub
        .hetzner
        .drive(&server, &Intent::FromDisk, Stage(0))
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert_eq!(error.code.as_deref(), Some("locked"));
    assert_eq!(stub.asked().await.len(), 1);
}

/// A vendor where server 42 has addresses and, perhaps, volumes.
async fn to_be_gone(change: impl FnOnce(&mut Value)) -> Stub {
    let stub = Stub::new().await;
    let mut server = json("server.json");
    change(&mut server["server"]);
    stub.on(
        get("/servers/42"),
        ResponseTemplate::new(200).set_body_json(server),
    )
    .await;
    stub.on(get("/primary_ips"), answer(200, "primary_ips.json"))
        .await;
    for id in [142, 143, 900, 901, 902] {
        stub.on(
            put(&format!("/primary_ips/{id}")),
            answer(200, "primary_ip.json"),
        )
        .await;
    }
    stub.on(get("/volumes"), answer(200, "volumes.json")).await;
    stub.on(delete("/servers/42"), answer(200, "action.json"))
        .await;
    stub
}

#[tokio::test]
async fn foreign_addresses_stay_and_ours_go_with_the_server() {
    for born_with in [None, Some("142.143")] {
        let stub = to_be_gone(|server| {
            if let Some(ids) = born_with {
                server["labels"]["provision-ips"] = json!(ids);
            }
        })
        .await;
        let server = seen_earlier().await;
        let accepted = stub
            .hetzner
            .drive(&server, &Intent::Gone, Stage(0))
            .await
            .unwrap();
        assert_eq!((accepted.tasks.len(), accepted.next), (1, None));
        assert_eq!(
            stub.asked().await,
            [
                "GET /servers/42",
                "GET /primary_ips",
                "PUT /primary_ips/900",
                "PUT /primary_ips/901",
                "DELETE /servers/42",
            ]
        );
        assert_eq!(
            stub.body_of("PUT /primary_ips/900").await,
            json!({ "auto_delete": false })
        );
        assert_eq!(
            stub.body_of("PUT /primary_ips/901").await,
            json!({ "auto_delete": true })
        );
    }
}

#[tokio::test]
async fn an_address_given_later_is_kept_even_if_it_is_as_young_as_the_server() {
    let stub = to_be_gone(|server| server["labels"]["provision-ips"] = json!("143")).await;
    let server = seen_earlier().await;
    stub.hetzner
        .drive(&server, &Intent::Gone, Stage(0))
        .await
        .unwrap();
    assert_eq!(
        stub.body_of("PUT /primary_ips/142").await,
        json!({ "auto_delete": false })
    );
}

#[tokio::test]
async fn volumes_of_ours_go_after_the_server() {
    let stub = to_be_gone(|server| server["volumes"] = json!([5])).await;
    stub.on(delete("/volumes/6"), ResponseTemplate::new(204))
        .await;
    let server = seen_earlier().await;
    let accepted = stub
        .hetzner
        .drive(&server, &Intent::Gone, Stage(0))
        .await
        .unwrap();
    assert_eq!(accepted.next, Some(Stage(1)));
    // the fixture's volume 5 still hangs on a server, 6 on none
    let accepted = stub
        .hetzner
        .drive(&server, &Intent::Gone, Stage(1))
        .await
        .unwrap();
    assert_eq!(accepted, Accepted::default());
    let asked = stub.asked().await;
    assert_eq!(asked.last().unwrap(), "DELETE /volumes/6");
    assert!(!asked.iter().any(|call| call == "DELETE /volumes/5"));
}

#[tokio::test]
async fn gone_twice_is_a_success() {
    let stub = Stub::new().await;
    let server = stub.ours().await;
    stub.on(get("/servers/42"), problem("not_found")).await;
    let accepted = stub
        .hetzner
        .drive(&server, &Intent::Gone, Stage(0))
        .await
        .unwrap();
    assert_eq!(accepted, Accepted::default());

    // and so is one that goes between the look and the deletion, or whose answer was lost
    let stub = to_be_gone(|_| {}).await;
    let server = seen_earlier().await;
    stub.once(delete("/servers/42"), problem("bad_gateway"))
        .await;
    stub.once(delete("/servers/42"), problem("not_found")).await;
    let accepted = stub
        .hetzner
        .drive(&server, &Intent::Gone, Stage(0))
        .await
        .unwrap();
    assert_eq!(accepted, Accepted::default());
}

#[tokio::test]
async fn what_must_not_go_stays() {
    type Change = fn(&mut Value);
    let cases: [(Change, ErrorKind, &str); 3] = [
        (
            |server| server["protection"]["delete"] = json!(true),
            ErrorKind::Protected,
            "disable-protection web-1",
        ),
        (
            |server| server["labels"] = json!({}),
            ErrorKind::Denied,
            "no mark",
        ),
        (
            |server| server["labels"]["provision-owner"] = json!("bob"),
            ErrorKind::Denied,
            "belongs to bob",
        ),
    ];
    for (change, kind, why) in cases {
        let stub = to_be_gone(change).await;
        let server = seen_earlier().await;
        let error = stub
            .hetzner
            .drive(&server, &Intent::Gone, Stage(0))
            .await
            .unwrap_err();
        assert_eq!(error.kind, kind);
        assert!(error.message.contains(why), "{error}");
        assert_eq!(stub.asked().await, ["GET /servers/42"]);
    }
}

/// Our server as it was seen earlier.
async fn seen_earlier() -> provision_api::OwnedServer {
    Stub::new().await.ours().await
}

fn leftover(kind: LeftoverKind, id: &str, in_use_by: Option<&str>) -> Leftover {
    Leftover {
        kind,
        id: id.to_owned(),
        name: "it".to_owned(),
        owner: owner(),
        in_use_by: in_use_by.map(ServerId::new),
    }
}

#[tokio::test]
async fn leftovers_are_removed_and_twice_is_a_success() {
    for (kind, path) in [
        (LeftoverKind::Key, "/ssh_keys/5"),
        (LeftoverKind::Address, "/primary_ips/5"),
        (LeftoverKind::Volume, "/volumes/5"),
    ] {
        let stub = Stub::new().await;
        stub.once(delete(path), ResponseTemplate::new(204)).await;
        stub.on(delete(path), problem("not_found")).await;
        for _ in 0..2 {
            let accepted = stub
                .hetzner
                .remove(&leftover(kind, "5", None))
                .await
                .unwrap();
            assert_eq!(accepted, Accepted::default());
        }
        assert_eq!(stub.hetzner.requests(), 2);
    }
}

#[tokio::test]
async fn what_hangs_on_a_server_is_taken_off_first() {
    let stub = Stub::new().await;
    let volume = leftover(LeftoverKind::Volume, "5", Some("42"));
    stub.once(get("/volumes/5"), answer(200, "volume.json"))
        .await;
    stub.on(
        post("/volumes/5/actions/detach"),
        answer(201, "action.json"),
    )
    .await;
    let accepted = stub.hetzner.remove(&volume).await.unwrap();
    assert_eq!((accepted.tasks.len(), accepted.next), (1, Some(Stage(1))));

    let mut free = json("volume.json");
    free["volume"]["server"] = Value::Null;
    stub.on(
        get("/volumes/5"),
        ResponseTemplate::new(200).set_body_json(free),
    )
    .await;
    stub.on(delete("/volumes/5"), ResponseTemplate::new(204))
        .await;
    let accepted = stub.hetzner.remove(&volume).await.unwrap();
    assert_eq!(accepted, Accepted::default());
    assert_eq!(stub.asked().await.last().unwrap(), "DELETE /volumes/5");
}

#[tokio::test]
async fn an_id_that_is_none_reaches_no_path() {
    let stub = Stub::new().await;
    let odd = leftover(LeftoverKind::Key, "../servers/42", None);
    let error = stub.hetzner.remove(&odd).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Invalid);
    assert_eq!(stub.hetzner.requests(), 0);
}
