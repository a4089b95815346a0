//! The labels of rented servers.

use super::Fixture;
use reqwest::Method;
use serde_json::{Value, json};

const VPS: &str = "vps-0a1b2c3d.vps.ovh.net";
const DEDICATED: &str = "ns3000001.ip-203-0-113.eu";

/// The URN as clients put it into a path.
fn at(urn: &str, rest: &str) -> String {
    format!("/v2/iam/resource/{}{rest}", urn.replace(':', "%3A"))
}

#[tokio::test]
async fn labels_are_replaced_added_and_removed() {
    let mut world = Fixture::new().await;
    for path in [
        format!("/vps/{VPS}"),
        format!("/dedicated/server/{DEDICATED}"),
    ] {
        let client = world.ovh();
        let urn = client.get(&path).await["iam"]["urn"]
            .as_str()
            .unwrap()
            .to_owned();
        let shown = client.get(&at(&urn, "")).await;
        assert_eq!((&shown["urn"], &shown["tags"]), (&json!(urn), &json!({})));
        let tags = json!({"tags": {"a": "b", "c/d": "e f"}});
        let (status, put) = client.ask(Method::PUT, &at(&urn, ""), Some(&tags)).await;
        assert_eq!((status, &put["tags"]), (200, &tags["tags"]));
        assert_eq!(client.get(&path).await["iam"]["tags"], tags["tags"]);

        client
            .did(&at(&urn, "/tag"), json!({"key": "g", "value": "h"}))
            .await;
        let (status, _) = client
            .refused(&at(&urn, "/tag"), json!({"key": "g", "value": "i"}))
            .await;
        assert_eq!(status, 409);
        for (key, expected) in [("c%2Fd", 200), ("c%2Fd", 404)] {
            let path = at(&urn, &format!("/tag/{key}"));
            assert_eq!(client.ask(Method::DELETE, &path, None).await.0, expected);
        }
        for bad in [
            json!({}),
            json!({"tags": ["a"]}),
            json!({"tags": {"a": 1}}),
            json!({"tags": {"a b": "c"}}),
            json!({"tags": {"ovh:x": "c"}}),
        ] {
            let (status, _) = client.ask(Method::PUT, &at(&urn, ""), Some(&bad)).await;
            assert_eq!(status, 400, "{bad}");
        }
        world = world.again().await;
        let kept = world.ovh().get(&path).await;
        assert_eq!(kept["iam"]["tags"], json!({"a": "b", "g": "h"}));
    }
}

#[tokio::test]
async fn only_what_the_account_rents_is_there_and_an_expired_service_is_refused() {
    let setting = json!([{"name": VPS, "status": "unPaid"}]);
    let world = Fixture::with(json!({"ovh": {"vps": setting}})).await;
    let client = world.ovh();
    for (urn, expected) in [
        (format!("urn:v1:eu:resource:vps:{VPS}"), 460),
        (format!("urn:v1:eu:resource:dedicatedServer:{VPS}"), 404),
        ("urn:v1:eu:resource:vps:other".to_owned(), 404),
        ("rubbish".to_owned(), 404),
        (
            format!("urn:v1:eu:resource:dedicatedServer:{DEDICATED}"),
            200,
        ),
    ] {
        let (status, body) = client.ask(Method::GET, &at(&urn, ""), None).await;
        assert_eq!(status, expected, "{urn}: {body}");
        assert_ne!(body, Value::Null);
    }
}
