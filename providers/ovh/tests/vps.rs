//! VPS as the requests that the vendor sees: what is told, whose it is, what is refused.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod rented;

use provision_api::{
    ErrorKind, Intent, Marks, OwnedServer, Phase, Provider, Rescue, Role, ServerStatus, Stage,
};
use provision_ovh::Vps;
use rented::document::Document;
use rented::*;
use serde_json::json;

const OURS: &str = "vps-aaaa1111.vps.ovh.net";
const BARE: &str = "vps-bbbb2222.vps.ovh.net";
const SUSPENDED: &str = "vps-cccc3333.vps.ovh.net";
const PUT_OURS: &str =
    "PUT /v2/iam/resource/urn%3Av1%3Aeu%3Aresource%3Avps%3Avps-aaaa1111.vps.ovh.net";
const PUT_BARE: &str =
    "PUT /v2/iam/resource/urn%3Av1%3Aeu%3Aresource%3Avps%3Avps-bbbb2222.vps.ovh.net";

async fn stub() -> Stub<Vps> {
    let stub = Stub::new("vps", Vps::new).await;
    let call = format!("GET /vps/{SUSPENDED}");
    let message = "This service is expired";
    stub.refuse(&call, 460, "EXPIRED", message).await;
    stub
}

#[test]
fn the_fixture_is_what_the_vendor_could_answer() {
    let Some(document) = Document::load("vps") else {
        return;
    };
    for (call, answer) in account("vps").as_object().unwrap() {
        let (verb, path) = call.split_once(' ').unwrap();
        let wrong = document.wrong_answer(verb, path, answer);
        assert!(wrong.is_empty(), "{call}: {wrong:#?}");
    }
    let mut odd = account("vps")[&format!("GET /vps/{OURS}")].clone();
    odd["state"] = json!("asleep");
    let path = format!("/vps/{OURS}");
    assert_ne!(document.wrong_answer("GET", &path, &odd), [""; 0]);
}

#[tokio::test]
async fn everything_that_is_rented_is_told() {
    let stub = stub().await;
    let servers = stub.provider.servers().await.unwrap();
    let [ours, bare, suspended] = &servers[..] else {
        panic!("one that went meanwhile is not told: {servers:#?}");
    };
    assert_eq!((ours.name.as_str(), ours.id.as_str()), ("web-1", OURS));
    assert_eq!(ours.marks, Some(marks()));
    assert_eq!(ours.labels["team"], "storage");
    assert_eq!(ours.status, ServerStatus::Running);
    assert_eq!(ours.ipv4, "203.0.113.10".parse().ok());
    assert_eq!(ours.ipv6, "2001:db8:1::a/128".parse().ok());
    assert_eq!(ours.gateway6, "2001:db8:1::1".parse().ok());
    assert_eq!(ours.server_type, "vps-le-2-4-80");
    assert_eq!(ours.location, "Region OpenStack: os-gra6");
    assert_eq!(ours.created.to_string(), "2026-05-04T00:00:00Z");
    assert!(!ours.rescue_armed && !ours.protected);
    assert_eq!((bare.name.as_str(), &bare.marks), (BARE, &None));
    assert_eq!((&bare.doubt, bare.ipv6, bare.gateway6), (&None, None, None));
    assert_eq!(
        suspended.status,
        ServerStatus::Other("suspended".to_owned())
    );
    assert!(suspended.doubt.as_ref().unwrap().contains("suspended"));
    // addresses and contracts are asked for once
    let first = stub.asked().await.len();
    stub.provider.servers().await.unwrap();
    let mut second = stub.asked().await.split_off(first);
    second.retain(|call| call.contains(OURS) || call == "GET /vps");
    assert_eq!(second, ["GET /vps".to_owned(), format!("GET /vps/{OURS}")]);
    let clock = 1;
    let sent = u64::try_from(stub.asked().await.len()).unwrap() + clock;
    assert_eq!(stub.provider.requests(), sent);
}

#[tokio::test]
async fn spoilt_marks_and_unknown_words_are_told_as_such() {
    let stub = stub().await;
    let call = format!("GET /vps/{OURS}");
    stub.changed(&call, |vps| {
        vps["iam"]["tags"]["provision-role"] = json!("emperor");
        vps["state"] = json!("dreaming");
        vps["netbootMode"] = json!("rescue");
        vps["model"] = json!(null);
        vps["zone"] = json!(null);
    })
    .await;
    // which the document does not have
    let servers = stub.provider.servers().await.unwrap();
    assert_eq!(servers[0].name, OURS);
    assert_eq!(servers[0].marks, None);
    assert!(servers[0].doubt.as_ref().unwrap().contains("emperor"));
    assert_eq!(
        servers[0].status,
        ServerStatus::Other("dreaming".to_owned())
    );
    assert!(servers[0].rescue_armed);
}

#[tokio::test]
async fn an_error_that_is_not_of_one_service_is_the_lists() {
    for (status, code, kind) in [
        (403, "NOT_GRANTED_CALL", ErrorKind::Denied),
        (403, "INVALID_CREDENTIAL", ErrorKind::Denied),
        (400, "", ErrorKind::Invalid),
    ] {
        let stub = stub().await;
        let call = format!("GET /vps/{BARE}");
        stub.refuse(&call, status, code, "no").await;
        let error = stub.provider.servers().await.unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        assert_eq!(error.provider, "ovh-vps");
        assert_eq!(error.request_id.as_deref(), Some("EU.ext-1.test"));
    }
}

#[tokio::test]
async fn a_bare_one_is_adopted_and_keeps_what_is_not_ours() {
    let stub = stub().await;
    let test = Marks {
        role: Role::Test,
        ..marks()
    };
    let server = stub.provider.adopt(&seen(BARE, None), &test).await.unwrap();
    assert_eq!(*server.marks(), test);
    assert_eq!(server.server().name, "web-1-test");
    assert_eq!(server.server().ipv4, "203.0.113.20".parse().ok());
    let tags = json!({
        "provision-owner": "ann",
        "provision-run": "20260710t081500-1",
        "provision-host": "web-1",
        "provision-role": "test",
        "provision-phase": "created",
        "team": "storage",
    });
    assert_eq!(stub.body_of(PUT_BARE).await, json!({ "tags": tags }));
    assert_eq!(stub.writes().await, [PUT_BARE]);
}

#[tokio::test]
async fn what_bears_a_mark_is_not_adopted_whatever_the_view_says() {
    let stub = stub().await;
    let error = stub.provider.adopt(&seen(OURS, None), &marks()).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind, ErrorKind::AlreadyExists);
    assert!(
        error.message.contains("ann") && error.message.contains("web-1"),
        "{error}"
    );
    let call = format!("GET /vps/{BARE}");
    stub.changed(&call, |vps| {
        vps["iam"]["tags"] = json!({ "provision-host": "half-a-mark" });
    })
    .await;
    let error = stub.provider.adopt(&seen(BARE, None), &marks()).await;
    assert_eq!(error.unwrap_err().kind, ErrorKind::AlreadyExists);
    assert_eq!(stub.writes().await, [""; 0]);
}

#[tokio::test]
async fn of_two_who_adopt_at_once_the_earlier_one_is_told_whose_it_is() {
    let bobs = json!({
        "provision-owner": "bob",
        "provision-run": "bobs-run",
        "provision-host": "mail",
        "provision-role": "server",
        "provision-phase": "created",
    });
    for (tags, kind, why) in [
        (bobs, ErrorKind::AlreadyExists, "bob, for host mail"),
        (json!({}), ErrorKind::Conflict, "not on it"),
    ] {
        let stub = stub().await;
        let call = format!("GET /vps/{BARE}");
        let before = stub.account[&call].clone();
        let mut after = before.clone();
        after["iam"]["tags"] = tags;
        stub.answer(&call, 200, after).await;
        stub.once(&call, 200, before).await;
        let error = stub.provider.adopt(&seen(BARE, None), &marks()).await;
        let error = error.unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.message.contains(why), "{error}");
        assert_eq!(stub.writes().await, [PUT_BARE]);
    }
}

#[tokio::test]
async fn what_is_not_paid_for_is_not_adopted() {
    for status in ["expired", "unPaid", "pendingDebt"] {
        let stub = stub().await;
        let call = format!("GET /vps/{BARE}/serviceInfos");
        stub.changed(&call, |contract| contract["status"] = json!(status))
            .await;
        let error = stub.provider.adopt(&seen(BARE, None), &marks()).await;
        let error = error.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Suspended, "{status}: {error}");
        assert!(error.message.contains("control panel"), "{error}");
        assert_eq!(stub.writes().await, [""; 0]);
    }
    let stub = stub().await;
    let error = stub.provider.adopt(&seen(SUSPENDED, None), &marks()).await;
    assert_eq!(error.unwrap_err().kind, ErrorKind::Suspended);
}

#[tokio::test]
async fn a_right_that_is_missing_is_named() {
    let stub = stub().await;
    let why = "This call has not been granted";
    stub.refuse(PUT_BARE, 403, "NOT_GRANTED_CALL", why).await;
    let error = stub.provider.adopt(&seen(BARE, None), &marks()).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Denied);
    for part in [
        "PUT /v2/iam/resource/*",
        "account:apiovh:iam/resource/edit",
        "marks are tags",
    ] {
        assert!(error.message.contains(part), "{error}");
    }
    let call = format!("GET /vps/{BARE}");
    stub.changed(&call, |vps| vps["iam"] = json!(null)).await;
    let error = stub.provider.adopt(&seen(BARE, None), &marks()).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unsupported);
    assert!(error.message.contains("iam.urn"), "{error}");
}

#[tokio::test]
async fn marks_are_replaced_and_foreign_tags_stay() {
    let stub = stub().await;
    let server = ours(OURS, Phase::Created);
    let proven = Marks {
        phase: Phase::Proven,
        run: "later".parse().unwrap(),
        expires: Some("2026-08-01T00:00:00Z".parse().unwrap()),
        ..marks()
    };
    let marked = stub.provider.mark(&server, &proven).await.unwrap();
    assert_eq!(*marked.marks(), proven);
    assert_eq!(marked.server().labels["ovh:whoami"], "internal");
    let tags = &stub.body_of(PUT_OURS).await["tags"];
    assert_eq!(tags["provision-phase"], "proven");
    assert_eq!(tags["provision-expires"], "1785542400");
    assert_eq!(
        (&tags["team"], &tags["ovh:whoami"]),
        (&json!("storage"), &json!("internal"))
    );
}

#[tokio::test]
async fn what_is_not_ours_any_more_is_left_alone() {
    for (mark, by_now) in [
        ("owner", "bob"),
        ("host", "web-2"),
        ("run", "another"),
        ("role", "test"),
        ("", "no mark"),
    ] {
        let stub = stub().await;
        let call = format!("GET /vps/{OURS}");
        stub.changed(&call, |vps| {
            let tags = vps["iam"]["tags"].as_object_mut().unwrap();
            if mark.is_empty() {
                tags.retain(|key, _| !key.starts_with("provision-"));
            } else {
                tags.insert(format!("provision-{mark}"), json!(by_now));
            }
        })
        .await;
        let server = ours(OURS, Phase::Created);
        let error = stub.provider.mark(&server, &marks()).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::NotOurs, "{error}");
        assert!(error.message.contains(by_now), "{error}");
        let release = Intent::Released { reset: false };
        let released = stub.provider.drive(&server, &release, Stage(0)).await;
        assert_eq!(released.is_ok(), mark.is_empty(), "{released:?}");
        assert_eq!(stub.writes().await, [""; 0]);
    }
}

#[tokio::test]
async fn a_contract_is_neither_made_nor_cancelled() {
    let stub = stub().await;
    let server = ours(OURS, Phase::Proven);
    let gone = stub.provider.drive(&server, &Intent::Gone, Stage(0)).await;
    let error = gone.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unsupported);
    assert!(error.message.contains("never cancels"), "{error}");
    let order = provision_api::Order {
        name: "web-1".to_owned(),
        server_type: String::new(),
        location: String::new(),
        image: String::new(),
        keys: Vec::new(),
        user_data: "".into(),
        marks: marks(),
        powered_off: false,
    };
    let error = stub.provider.create(&order).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unsupported);
    let catalog = stub.provider.catalog().await.unwrap();
    assert_eq!((catalog.currency.as_str(), catalog.types.len()), ("EUR", 0));
    assert_eq!(stub.provider.leftovers(&owner()).await.unwrap(), []);
    assert_eq!(stub.provider.requests(), 0);
    let able = stub.provider.capabilities();
    assert!(!able.create && able.rebuild && !able.keeps_keys && able.unique_names);
    assert!(matches!(able.rescue, Rescue::Elsewhere(place) if place.contains("mail")));
    assert_eq!(stub.provider.to_string(), "ovh-vps");
}

#[tokio::test]
async fn a_key_is_its_own_id() {
    let stub = stub().await;
    let id = stub.provider.trust(&key(PUBLIC)).await.unwrap();
    assert_eq!(id.as_str(), PUBLIC);
    let commented = format!("  {PUBLIC} ann@laptop ");
    assert_eq!(stub.provider.trust(&key(&commented)).await.unwrap(), id);
    for bad in ["", "ssh-ed25519", "ssh-ed25519 priv@te"] {
        let error = stub.provider.trust(&key(bad)).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Invalid, "{bad}");
        assert!(!error.to_string().contains("priv@te"), "{error}");
    }
    assert_eq!(stub.provider.requests(), 0);
}

#[tokio::test]
async fn the_console_is_a_page() {
    let stub = stub().await;
    let server: OwnedServer = ours(OURS, Phase::Proven);
    let console = stub.provider.console(&server).await.unwrap();
    assert_eq!(console.url, "https://console.example/vnc?token=0000");
    let call = format!("POST /vps/{OURS}/getConsoleUrl");
    assert_eq!(stub.writes().await, [call]);
}
