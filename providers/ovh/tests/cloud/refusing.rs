//! Orders that cannot be, and what the vendor has not got.

use crate::stub::*;
use crate::things::*;
use provision_api::{ErrorKind, KeyId, Order, Phase, Provider};
use serde_json::json;

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
        (
            400,
            "Image Debian 13 is not available in region GRA11",
            ErrorKind::Invalid,
        ),
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
