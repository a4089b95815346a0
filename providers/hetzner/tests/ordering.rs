//! Keys and servers come into being once, whatever becomes of the answers.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod common;

use common::*;
use provision_api::{ErrorKind, LoginKey, Marks, Order, Phase, Provider, ServerStatus, Task};
use serde_json::{Value, json};
use std::time::Duration;
use wiremock::ResponseTemplate;
use wiremock::matchers::{body_partial_json, query_param};

fn ids(tasks: &[Task]) -> Vec<(&str, &str)> {
    tasks
        .iter()
        .map(|task| (task.id.as_str(), task.what.as_str()))
        .collect()
}

#[tokio::test]
async fn a_known_key_is_used_as_it_is() {
    let stub = Stub::new().await;
    let call = get("/ssh_keys").and(query_param("fingerprint", MD5));
    stub.on(call, answer(200, "ssh_keys.json")).await;
    assert_eq!(stub.hetzner.trust(&key()).await.unwrap().as_str(), "7");
    assert_eq!(stub.asked().await, ["GET /ssh_keys"]);
}

#[tokio::test]
async fn a_new_key_is_added_with_our_mark() {
    let stub = Stub::new().await;
    stub.on(get("/ssh_keys"), answer(200, "ssh_keys_none.json"))
        .await;
    stub.on(post("/ssh_keys"), answer(201, "ssh_key.json"))
        .await;
    assert_eq!(stub.hetzner.trust(&key()).await.unwrap().as_str(), "7");
    assert_eq!(
        stub.body_of("POST /ssh_keys").await,
        json!({
            "name": "ann-laptop",
            "public_key": PUBLIC,
            "labels": { "provision-owner": "ann" },
        })
    );
}

#[tokio::test]
async fn a_key_that_appears_meanwhile_is_found() {
    let stub = Stub::new().await;
    stub.once(get("/ssh_keys"), answer(200, "ssh_keys_none.json"))
        .await;
    stub.on(get("/ssh_keys"), answer(200, "ssh_keys.json"))
        .await;
    stub.on(post("/ssh_keys"), problem("uniqueness_error"))
        .await;
    assert_eq!(stub.hetzner.trust(&key()).await.unwrap().as_str(), "7");
    assert_eq!(
        stub.asked().await,
        ["GET /ssh_keys", "POST /ssh_keys", "GET /ssh_keys"]
    );
}

#[tokio::test]
async fn a_name_that_another_key_has_gets_a_suffix() {
    let stub = Stub::new().await;
    stub.on(get("/ssh_keys"), answer(200, "ssh_keys_none.json"))
        .await;
    let suffixed = body_partial_json(json!({ "name": "ann-laptop-0fa20ad7" }));
    stub.on(post("/ssh_keys").and(suffixed), answer(201, "ssh_key.json"))
        .await;
    stub.on(post("/ssh_keys"), problem("uniqueness_error"))
        .await;
    assert_eq!(stub.hetzner.trust(&key()).await.unwrap().as_str(), "7");
}

#[tokio::test]
async fn a_key_whose_answer_was_lost_is_found_and_not_added_twice() {
    let stub = Stub::new().await;
    stub.once(get("/ssh_keys"), answer(200, "ssh_keys_none.json"))
        .await;
    stub.on(get("/ssh_keys"), answer(200, "ssh_keys.json"))
        .await;
    stub.on(post("/ssh_keys"), problem("timeout")).await;
    assert_eq!(stub.hetzner.trust(&key()).await.unwrap().as_str(), "7");
    assert_eq!(
        stub.asked().await,
        ["GET /ssh_keys", "POST /ssh_keys", "GET /ssh_keys"]
    );
}

#[tokio::test]
async fn what_is_no_key_is_refused_before_any_request() {
    let stub = Stub::new().await;
    let key = LoginKey {
        public: "ssh-ed25519".to_owned(),
        ..key()
    };
    let error = stub.hetzner.trust(&key).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Invalid);
    assert_eq!(stub.hetzner.requests(), 0);
}

#[tokio::test]
async fn an_order_is_one_request_and_names_its_tasks() {
    let stub = Stub::new().await;
    stub.on(post("/servers"), answer(201, "create.json")).await;
    let ordered = stub.hetzner.create(&order()).await.unwrap();
    assert!(!ordered.adopted);
    assert_eq!(ordered.server.id().as_str(), "42");
    assert_eq!(ordered.server.server().status, ServerStatus::Starting);
    assert_eq!(
        ids(&ordered.accepted.tasks),
        [("1001", "create_server"), ("1002", "start_server")]
    );
    assert_eq!(stub.asked().await, ["POST /servers"]);
    let body = stub.body_of("POST /servers").await;
    assert_eq!(
        body,
        json!({
            "name": "web-1",
            "server_type": "cx23",
            "location": "fsn1",
            "image": "debian-13",
            "ssh_keys": [7],
            "user_data": "#cloud-config\nssh_keys: {}\n",
            "start_after_create": true,
            "labels": {
                "provision-owner": "ann",
                "provision-run": "20260710t081500-1",
                "provision-host": "web-1",
                "provision-role": "server",
                "provision-phase": "created",
            },
        })
    );
}

#[tokio::test]
async fn a_server_ordered_off_is_taken_to_be_off() {
    let stub = Stub::new().await;
    stub.on(post("/servers"), answer(201, "create_off.json"))
        .await;
    let order = Order {
        powered_off: true,
        ..order()
    };
    let ordered = stub.hetzner.create(&order).await.unwrap();
    assert_eq!(ordered.server.server().status, ServerStatus::Off);
    assert_eq!(
        stub.body_of("POST /servers").await["start_after_create"],
        false
    );
}

/// Orders after that answer to the first `POST /servers`, with that list for the look.
async fn after(
    first: ResponseTemplate,
    list: &str,
    order: &Order,
) -> (Stub, provision_api::Result<provision_api::Ordered>) {
    let stub = Stub::with(impatient()).await;
    stub.once(post("/servers"), first).await;
    stub.on(post("/servers"), answer(201, "create.json")).await;
    let named = get("/servers").and(query_param("name", "web-1"));
    stub.on(named, answer(200, list)).await;
    let running = get("/servers/42/actions").and(query_param("status", "running"));
    stub.on(running, answer(200, "server_actions.json")).await;
    let ordered = stub.hetzner.create(order).await;
    (stub, ordered)
}

fn silence() -> ResponseTemplate {
    answer(201, "create.json").set_delay(Duration::from_secs(60))
}

#[tokio::test]
async fn a_lost_answer_finds_the_server_it_told_of() {
    let garbled = answer(201, "truncated.json");
    let page = answer(502, "bad_gateway.html");
    for lost in [
        problem("timeout"),
        problem("server_error"),
        problem("bad_gateway"),
        garbled,
        page,
        silence(),
    ] {
        let (stub, ordered) = after(lost, "servers_ours.json", &order()).await;
        let ordered = ordered.unwrap();
        assert!(!ordered.adopted, "it is this very order's own");
        assert_eq!(ids(&ordered.accepted.tasks), [("1009", "reset_server")]);
        let asked = stub.asked().await;
        assert_eq!(
            asked,
            ["POST /servers", "GET /servers", "GET /servers/42/actions"]
        );
    }
}

#[tokio::test]
async fn an_order_that_was_not_taken_is_placed_again() {
    for lost in [problem("timeout"), problem("unavailable"), silence()] {
        let (stub, ordered) = after(lost, "servers_none.json", &order()).await;
        assert!(!ordered.unwrap().adopted);
        assert_eq!(
            stub.asked().await,
            ["POST /servers", "GET /servers", "POST /servers"]
        );
    }
    // a success that cannot be read is no reason to order a second one
    let (stub, ordered) = after(answer(201, "truncated.json"), "servers_none.json", &order()).await;
    let error = ordered.unwrap_err();
    assert_eq!((error.kind, error.in_doubt), (ErrorKind::Garbled, true));
    let asked = stub.asked().await;
    assert_eq!(asked[0], "POST /servers");
    assert!(
        asked[1..].iter().all(|call| call == "GET /servers"),
        "{asked:?}"
    );
}

#[tokio::test]
async fn an_earlier_runs_server_is_adopted() {
    let order = Order {
        marks: Marks {
            run: "another-run".parse().unwrap(),
            ..marks()
        },
        ..order()
    };
    let (_, ordered) = after(problem("uniqueness_error"), "servers_ours.json", &order).await;
    let ordered = ordered.unwrap();
    assert!(ordered.adopted);
    assert_eq!(ordered.server.marks().run.as_str(), "20260710t081500-1");
}

#[tokio::test]
async fn a_name_that_is_not_ours_is_refused() {
    let theirs = Order {
        marks: Marks {
            owner: "bob".parse().unwrap(),
            ..marks()
        },
        ..order()
    };
    let other_host = Order {
        marks: Marks {
            host: "web-2".parse().unwrap(),
            ..marks()
        },
        ..order()
    };
    for (list, order, why) in [
        ("servers_foreign.json", order(), "no mark"),
        ("servers_ours.json", theirs, "belongs to ann"),
        ("servers_ours.json", other_host, "for host web-1"),
    ] {
        let (_, ordered) = after(problem("uniqueness_error"), list, &order).await;
        let error = ordered.unwrap_err();
        assert_eq!(error.kind, ErrorKind::AlreadyExists);
        assert!(error.message.contains(why), "{error}");
        assert_eq!(error.code.as_deref(), Some("uniqueness_error"));
        assert_eq!(error.request_id.as_deref(), Some("corr-1"));
    }
}

#[tokio::test]
async fn what_cannot_be_bought_says_so_after_one_request() {
    for (code, kind) in [
        ("placement_error", ErrorKind::SoldOut),
        ("resource_unavailable", ErrorKind::SoldOut),
        ("resource_limit_exceeded", ErrorKind::Quota),
        ("token_readonly", ErrorKind::Denied),
        ("invalid_input", ErrorKind::Invalid),
    ] {
        let stub = Stub::new().await;
        stub.on(post("/servers"), problem(code)).await;
        let error = stub.hetzner.create(&order()).await.unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        assert_eq!(stub.hetzner.requests(), 1, "{code}");
    }
}

#[tokio::test]
async fn an_order_that_cannot_be_right_is_not_sent() {
    let stub = Stub::new().await;
    let large = Order {
        user_data: "x".repeat(32 * 1024 + 1).into(),
        ..order()
    };
    let no_key = Order {
        keys: vec![provision_api::KeyId::new("ann-laptop")],
        ..order()
    };
    for order in [large, no_key] {
        let error = stub.hetzner.create(&order).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Invalid);
    }
    assert_eq!(stub.hetzner.requests(), 0);
}

#[tokio::test]
async fn new_marks_leave_foreign_labels_and_write_down_the_addresses() {
    let stub = Stub::new().await;
    let server = stub
        .server_like(|server| server["labels"]["env"] = json!("prod"))
        .await;
    // somebody has labelled it since
    let now = like(|server| server["labels"]["env"] = json!("test"));
    stub.on(get("/servers/42"), now).await;
    stub.on(put("/servers/42"), answer(200, "server.json"))
        .await;
    let next = Marks {
        phase: Phase::Installing,
        ..marks()
    };
    let marked = stub.hetzner.mark(&server, &next).await.unwrap();
    assert_eq!(marked.id(), server.id());
    assert_eq!(
        stub.body_of("PUT /servers/42").await,
        json!({ "labels": {
            "env": "test",
            "provision-owner": "ann",
            "provision-run": "20260710t081500-1",
            "provision-host": "web-1",
            "provision-role": "server",
            "provision-phase": "installing",
            "provision-ips": "142.143",
        }})
    );
}

#[tokio::test]
async fn the_addresses_of_an_older_server_are_not_taken_for_its_own() {
    let stub = Stub::new().await;
    let server = stub
        .server_like(|server| server["labels"]["provision-phase"] = json!("proven"))
        .await;
    let now = like(|server| server["labels"]["provision-phase"] = json!("proven"));
    stub.on(get("/servers/42"), now).await;
    stub.on(put("/servers/42"), answer(200, "server.json"))
        .await;
    stub.hetzner.mark(&server, &marks()).await.unwrap();
    let body = stub.body_of("PUT /servers/42").await;
    assert_eq!(body["labels"].get("provision-ips"), None);
}

/// The vendor's answer with the server of `server.json`, changed.
fn like(change: impl FnOnce(&mut Value)) -> ResponseTemplate {
    let mut answer = json("server.json");
    change(&mut answer["server"]);
    ResponseTemplate::new(200).set_body_json(answer)
}

#[tokio::test]
async fn what_is_not_ours_any_more_is_not_marked() {
    type Change = fn(&mut Value);
    let cases: [(Change, &str); 4] = [
        (|labels| *labels = json!({}), "no mark"),
        (|labels| labels["provision-owner"] = json!("bob"), "bob"),
        (|labels| labels["provision-run"] = json!("r-2"), "r-2"),
        (|labels| labels["provision-host"] = json!("web-2"), "web-2"),
    ];
    for (change, why) in cases {
        let stub = Stub::new().await;
        let server = stub.ours().await;
        let now = like(|server| change(&mut server["labels"]));
        stub.on(get("/servers/42"), now).await;
        let error = stub.hetzner.mark(&server, &marks()).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::NotOurs, "{error}");
        assert!(error.message.contains(why), "{error}");
        assert_eq!(stub.asked().await, ["GET /servers/42"]);
    }
    let stub = Stub::new().await;
    let server = stub.ours().await;
    stub.on(get("/servers/42"), problem("not_found")).await;
    let error = stub.hetzner.mark(&server, &marks()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound, "{error}");
}
