//! Instances and their keys come into being once, whatever becomes of the answers.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod stub;

use provision_api::{ErrorKind, KeyId, LoginKey, Marks, Order, Phase, Provider, ServerStatus};
use serde_json::{Value, json};
use stub::*;
use wiremock::ResponseTemplate;

const INSTANCES: &str = "/cloud/project/p1/instance";
const KEYS: &str = "/cloud/project/p1/sshkey";

/// An instance as the list has it.
fn listed(change: impl FnOnce(&mut Value)) -> Value {
    let mut instance = said("GET /cloud/project/p1/instance")[0].take();
    instance["name"] = json!(RAW);
    change(&mut instance);
    instance
}

async fn list(stub: &Stub, instances: Value) {
    stub.instead(get(INSTANCES), ok(instances)).await;
}

#[tokio::test]
async fn a_new_instance_bears_both_halves_of_the_marks() {
    let stub = Stub::new().await;
    stub.is_empty().await;
    let ordered = stub.cloud.create(&order()).await.unwrap();
    assert!(!ordered.adopted);
    assert_eq!(*ordered.server.marks(), marks());
    let server = ordered.server.server();
    assert_eq!((server.id.as_str(), server.name.as_str()), ("i-1", "web-1"));
    assert_eq!(server.status, ServerStatus::Starting);
    let tasks: Vec<_> = ordered
        .accepted
        .tasks
        .iter()
        .map(|task| task.id.as_str())
        .collect();
    assert_eq!((tasks, ordered.accepted.next), (vec!["i-1/made"], None));
    assert_eq!(
        stub.body_of("POST /sshkey").await,
        json!({ "name": KEY_NAME, "publicKey": PUBLIC })
    );
    assert_eq!(
        stub.body_of("POST /instance").await,
        json!({
            "name": RAW,
            "region": "GRA11",
            "flavorId": "f-d2-2-gra",
            "imageId": "img-deb-gra",
            "sshKeyId": "key-ann",
            "userData": "#cloud-config\nssh_keys: {}\n",
            "monthlyBilling": false,
        })
    );
    assert_eq!(
        stub.asked_sorted().await,
        [
            "GET /flavor",
            "GET /image",
            "GET /instance",
            "GET /sshkey",
            "POST /instance",
            "POST /sshkey"
        ]
    );
}

#[tokio::test]
async fn what_one_run_knows_it_does_not_ask_again() {
    let stub = Stub::new().await;
    stub.is_empty().await;
    stub.cloud.create(&order()).await.unwrap();
    stub.vendor.reset().await;
    stub.on(get(INSTANCES), ok(json!([]))).await;
    stub.on(get(KEYS), ok(said("GET /cloud/project/p1/sshkey")))
        .await;
    stub.on(post(INSTANCES), ok(said("POST /cloud/project/p1/instance")))
        .await;
    stub.cloud.create(&order()).await.unwrap();
    let asked = stub.asked_sorted().await;
    assert_eq!(
        asked,
        ["GET /instance", "GET /sshkey", "POST /instance"],
        "nor add its key"
    );
}

#[tokio::test]
async fn trusting_a_key_asks_nothing() {
    let stub = Stub::new().await;
    let key = LoginKey {
        name: "laptop".to_owned(),
        public: format!("{PUBLIC} ann@laptop"),
        owner: owner(),
    };
    assert_eq!(stub.cloud.trust(&key).await.unwrap(), KeyId::new(PUBLIC));
    assert!(stub.all().await.is_empty());
}

#[tokio::test]
async fn what_is_there_for_the_same_host_is_taken_over() {
    for (run, status, adopted, busy) in [
        ("20260710t081500-1", "ACTIVE", false, false),
        ("20260710t081500-1", "BUILD", false, true),
        ("later", "SHUTOFF", true, false),
        ("later", "BUILD", true, true),
        ("later", "RESCUE", true, false),
    ] {
        let stub = Stub::new().await;
        list(&stub, json!([listed(|it| it["status"] = json!(status))])).await;
        let order = Order {
            marks: Marks {
                run: run.parse().unwrap(),
                ..marks()
            },
            ..order()
        };
        let ordered = stub.cloud.create(&order).await.unwrap();
        assert_eq!(ordered.adopted, adopted, "{run} {status}");
        assert_eq!(*ordered.server.marks(), marks(), "it keeps its own");
        assert_eq!(!ordered.accepted.tasks.is_empty(), busy, "{run} {status}");
        assert!(
            !stub
                .asked()
                .await
                .iter()
                .any(|call| call.starts_with("POST"))
        );
    }
}

#[tokio::test]
async fn only_the_same_owner_name_and_host_is_the_same() {
    let others = [
        json!("web-1_prov1_bob_r1_web-1_sc"),
        json!("web-1_prov1_ann_r1_other_sc"),
        json!("web-1-x_prov1_ann_r1_web-1_sc"),
        json!("web-1"),
    ];
    let stub = Stub::new().await;
    let each = others.map(|name| listed(|it| it["name"] = name));
    let going = listed(|it| it["status"] = json!("DELETING"));
    list(&stub, json!([each[0], each[1], each[2], each[3], going])).await;
    let ordered = stub.cloud.create(&order()).await.unwrap();
    assert!(!ordered.adopted);
    stub.body_of("POST /instance").await;
}

#[tokio::test]
async fn of_two_that_a_lost_answer_made_the_older_is_taken() {
    let stub = Stub::new().await;
    let newer = listed(|it| {
        it["id"] = json!("i-0");
        it["created"] = json!("2026-07-10T08:15:40Z");
    });
    list(&stub, json!([newer, listed(|_| {})])).await;
    let ordered = stub.cloud.create(&order()).await.unwrap();
    assert_eq!(ordered.server.id().as_str(), "i-1");
}

#[tokio::test]
async fn half_a_mark_with_the_same_name_is_no_reason_for_a_second_one() {
    let stub = Stub::new().await;
    list(&stub, json!([listed(|it| it["sshKeyId"] = json!(null))])).await;
    let error = stub.cloud.create(&order()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::AlreadyExists);
    let text = error.to_string();
    assert!(
        text.contains("i-1") && text.contains("rename it or remove it"),
        "{text}"
    );
}

#[tokio::test]
async fn what_failed_at_birth_is_cleared_away() {
    let stub = Stub::new().await;
    list(&stub, json!([listed(|it| it["status"] = json!("ERROR"))])).await;
    stub.cloud.create(&order()).await.unwrap();
    let asked = stub.asked().await;
    let deleted = asked.iter().position(|call| call == "DELETE /instance/i-1");
    let made = asked.iter().position(|call| call == "POST /instance");
    assert!(deleted.is_some() && deleted < made, "{asked:?}");

    // but not what broke later: there may be something on it
    let stub = Stub::new().await;
    let broken = listed(|it| {
        it["status"] = json!("ERROR");
        it["name"] = json!(RAW.replace("_sc", "_sp"));
    });
    list(&stub, json!([broken])).await;
    let ordered = stub.cloud.create(&order()).await.unwrap();
    assert_eq!(ordered.server.marks().phase, Phase::Proven);
    assert!(
        !stub
            .asked()
            .await
            .iter()
            .any(|call| call.starts_with("DELETE"))
    );
}

#[tokio::test]
async fn an_instance_that_is_born_in_error_is_sold_out_and_does_not_stay() {
    let stub = Stub::new().await;
    stub.is_empty().await;
    let mut born = said("POST /cloud/project/p1/instance");
    born["status"] = json!("ERROR");
    stub.instead(post(INSTANCES), ok(&born)).await;
    let error = stub.cloud.create(&order()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::SoldOut);
    assert!(!error.to_string().contains("still there"), "{error}");
    assert!(
        stub.asked()
            .await
            .contains(&"DELETE /instance/i-1".to_owned())
    );

    stub.instead(
        delete("/cloud/project/p1/instance/i-1"),
        problem(409, "Client::Conflict", "busy"),
    )
    .await;
    let error = stub.cloud.create(&order()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::SoldOut);
    assert!(
        error
            .to_string()
            .contains("i-1 ended in ERROR at once, and is still there"),
        "{error}"
    );
}

#[tokio::test]
async fn what_is_not_to_be_had_is_refused_before_anything_is_made() {
    for (flavor, region, image, kind, expected) in [
        (
            "d2-2",
            "SBG5",
            "Debian 13",
            ErrorKind::SoldOut,
            "d2-2 in SBG5",
        ),
        ("d2-2", "BHS5", "Debian 13", ErrorKind::Quota, "quota"),
        (
            "b2-7",
            "SBG5",
            "Debian 13",
            ErrorKind::NotFound,
            "sold in EU-WEST-PAR, GRA11, and not in SBG5",
        ),
        (
            "d2-2",
            "MARS1",
            "Debian 13",
            ErrorKind::NotFound,
            "no region \"MARS1\"; there are BHS5",
        ),
        (
            "d9-9",
            "GRA11",
            "Debian 13",
            ErrorKind::NotFound,
            "no flavor \"d9-9\"",
        ),
        (
            "win-b2-7",
            "GRA11",
            "Debian 13",
            ErrorKind::NotFound,
            "no flavor",
        ),
        (
            "d2-2",
            "GRA11",
            "Debian 7",
            ErrorKind::NotFound,
            "it has Debian 13, Ubuntu 24.04",
        ),
    ] {
        let stub = Stub::new().await;
        stub.is_empty().await;
        let order = Order {
            server_type: flavor.to_owned(),
            location: region.to_owned(),
            image: image.to_owned(),
            ..order()
        };
        let error = stub.cloud.create(&order).await.unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.to_string().contains(expected), "{error}");
        assert!(
            !stub
                .asked()
                .await
                .iter()
                .any(|call| call.starts_with("POST"))
        );
    }
}

#[tokio::test]
async fn an_old_list_of_flavors_is_not_believed_when_it_says_no() {
    let stub = Stub::new().await;
    stub.is_empty().await;
    let mut old = said("GET /cloud/project/p1/flavor");
    old[0]["available"] = json!(false);
    stub.once(get("/cloud/project/p1/flavor"), ok(&old)).await;
    stub.cloud.catalog().await.unwrap();
    stub.cloud.create(&order()).await.unwrap();
    let asked = stub.asked().await;
    let flavors = asked.iter().filter(|call| *call == "GET /flavor").count();
    assert_eq!(flavors, 2, "{asked:?}");
}

#[tokio::test]
async fn what_the_vendor_refuses_is_lifted_by_meaning() {
    for (status, message, kind) in [
        (
            400,
            "Flavor d2-2 is not available in region GRA11",
            ErrorKind::SoldOut,
        ),
        (
            409,
            "Region GRA11 is temporarily unavailable for new instances",
            ErrorKind::SoldOut,
        ),
        (
            412,
            "Not enough capacity in region GRA11",
            ErrorKind::SoldOut,
        ),
        (
            403,
            "Quota exceeded for cores in region GRA11",
            ErrorKind::Quota,
        ),
        (400, "Invalid parameter userData", ErrorKind::Invalid),
        (403, "This call has not been granted", ErrorKind::Denied),
    ] {
        let stub = Stub::new().await;
        stub.is_empty().await;
        stub.instead(
            post(INSTANCES),
            problem(status, "Client::Whatever", message),
        )
        .await;
        let error = stub.cloud.create(&order()).await.unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        assert_eq!(error.request_id.as_deref(), Some("EU.ext-3.abc"));
        stub.body_of("POST /instance").await;
    }
}

#[tokio::test]
async fn an_order_that_cannot_be_is_refused_without_a_request() {
    let two = vec![KeyId::new(PUBLIC), KeyId::new("ssh-rsa AAAA")];
    let orders = [
        (
            Order {
                keys: Vec::new(),
                ..order()
            },
            "one login key, and 0",
        ),
        (
            Order {
                keys: two,
                ..order()
            },
            "one login key, and 2",
        ),
        (
            Order {
                name: "web_1".to_owned(),
                ..order()
            },
            "cannot be its name",
        ),
        (
            Order {
                name: "w".repeat(250),
                ..order()
            },
            "at most 255",
        ),
        (
            Order {
                user_data: "x".repeat(50_000).into(),
                ..order()
            },
            "has 50000 bytes",
        ),
    ];
    let stub = Stub::new().await;
    for (order, expected) in orders {
        let error = stub.cloud.create(&order).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Invalid);
        assert!(error.to_string().contains(expected), "{error}");
    }
    assert!(stub.all().await.is_empty());
}

#[tokio::test]
async fn another_key_of_the_same_name_is_not_used() {
    let stub = Stub::new().await;
    list(&stub, json!([])).await;
    let other =
        json!([{ "id": "key-x", "name": KEY_NAME, "publicKey": "ssh-rsa AAAA", "regions": [] }]);
    stub.instead(get(KEYS), ok(other)).await;
    let error = stub.cloud.create(&order()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::AlreadyExists);
    assert!(
        error
            .to_string()
            .contains("another key of that name (key-x)"),
        "{error}"
    );
}

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
