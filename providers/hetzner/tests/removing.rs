//! What is ours goes, what is not stays, and twice is a success.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod common;

use common::*;
use provision_api::{
    Accepted, ErrorKind, Intent, Leftover, LeftoverKind, Provider, ServerId, Stage,
};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

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
    stub.on(put("/volumes/5"), answer(200, "volume.json")).await;
    let server = seen_earlier().await;
    let accepted = stub
        .hetzner
        .drive(&server, &Intent::Gone, Stage(0))
        .await
        .unwrap();
    assert_eq!(accepted.next, Some(Stage(1)));
    // the fixture's volume 5 hangs on the server, 6 on none: only 5 is to go with it
    let labels = stub.body_of("PUT /volumes/5").await["labels"].clone();
    assert_eq!(labels["provision-goes-with"], "42");
    assert_eq!(labels["provision-owner"], "ann", "the others stay");

    let mut volumes = json("volumes.json");
    volumes["volumes"][0]["server"] = Value::Null;
    volumes["volumes"][0]["labels"] = labels;
    let stub = Stub::new().await;
    stub.on(
        get("/volumes"),
        ResponseTemplate::new(200).set_body_json(volumes),
    )
    .await;
    stub.on(delete("/volumes/5"), ResponseTemplate::new(204))
        .await;
    let accepted = stub
        .hetzner
        .drive(&server, &Intent::Gone, Stage(1))
        .await
        .unwrap();
    assert_eq!(accepted, Accepted::default());
    let asked = stub.asked().await;
    assert_eq!(asked.last().unwrap(), "DELETE /volumes/5");
    assert!(!asked.iter().any(|call| call == "DELETE /volumes/6"));
}

/// Told nothing of the deletion, the action is looked for: a list would still show the server.
#[tokio::test]
async fn a_deletion_that_is_not_told_of_is_waited_for_all_the_same() {
    let running = json!({ "actions": [
        { "id": 77, "command": "delete_server", "status": "running", "progress": 50 },
    ] });
    let under_way = || ResponseTemplate::new(200).set_body_json(&running);
    for (told, actions, tasks) in [
        (answer(200, "truncated.json"), under_way(), 1),
        (answer(200, "truncated.json"), problem("not_found"), 0),
        // an answer that was lost, and the second try
        (problem("not_found"), under_way(), 1),
    ] {
        let stub = Stub::new().await;
        stub.on(get("/servers/42"), answer(200, "server.json"))
            .await;
        stub.on(get("/primary_ips"), answer(200, "primary_ips.json"))
            .await;
        for id in [142, 143, 900, 901, 902] {
            let path = format!("/primary_ips/{id}");
            stub.on(put(&path), answer(200, "primary_ip.json")).await;
        }
        stub.on(delete("/servers/42"), told).await;
        stub.on(get("/servers/42/actions"), actions).await;
        let server = seen_earlier().await;
        let gone = stub.hetzner.drive(&server, &Intent::Gone, Stage(0)).await;
        assert_eq!(gone.unwrap().tasks.len(), tasks);
    }
}

/// What was begun and hangs at the vendor's is begun once more; what is truly under way is locked.
#[tokio::test]
async fn a_deletion_that_was_begun_is_asked_for_again() {
    let running = json!({ "actions": [
        { "id": 77, "command": "delete_server", "status": "running", "progress": 0 },
    ] });
    for (answered, task) in [
        (answer(200, "action.json"), Some("1001")),
        (problem("locked"), Some("77")),
        (problem("not_found"), None),
    ] {
        let stub = Stub::new().await;
        let mut server = json("server.json");
        server["server"]["status"] = json!("deleting");
        let server = ResponseTemplate::new(200).set_body_json(server);
        stub.on(get("/servers/42"), server).await;
        stub.on(delete("/servers/42"), answered).await;
        let actions = match task {
            Some(_) => ResponseTemplate::new(200).set_body_json(&running),
            None => problem("not_found"),
        };
        stub.on(get("/servers/42/actions"), actions).await;
        let server = seen_earlier().await;
        let gone = stub.hetzner.drive(&server, &Intent::Gone, Stage(0)).await;
        let tasks = gone.unwrap().tasks;
        assert_eq!(tasks.first().map(|task| task.id.as_str()), task);
    }
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
    let cases: [(Change, ErrorKind, &str); 5] = [
        (
            |server| server["protection"]["delete"] = json!(true),
            ErrorKind::Protected,
            "disable-protection web-1",
        ),
        (
            |server| server["labels"] = json!({}),
            ErrorKind::NotOurs,
            "no mark",
        ),
        (
            |server| server["labels"]["provision-owner"] = json!("bob"),
            ErrorKind::NotOurs,
            "belongs to bob",
        ),
        (
            |server| server["labels"]["provision-run"] = json!("r-2"),
            ErrorKind::NotOurs,
            "of run r-2",
        ),
        (
            |server| server["labels"]["provision-phase"] = json!("emperor"),
            ErrorKind::NotOurs,
            "provision-phase",
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
        host: None,
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
