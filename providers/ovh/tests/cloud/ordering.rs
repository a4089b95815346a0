//! Instances and their keys come into being once, with both halves of the marks.

use crate::stub::*;
use crate::things::*;
use provision_api::{KeyId, LoginKey, Marks, Order, Provider, ServerStatus};
use serde_json::json;

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
        [
            "GET /instance",
            "GET /instance/i-1",
            "GET /sshkey",
            "POST /instance"
        ],
        "nor add its key; but the list does not show what it made"
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
