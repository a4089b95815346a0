//! Dedicated servers: what is told of them, which are adopted, what is refused.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod rented;

use provision_api::{Arch, ErrorKind, Intent, KeyId, Phase, Provider, Rescue, ServerStatus, Stage};
use provision_ovh::{Dedicated, ENDPOINT_CA, ENDPOINT_EU, ENDPOINT_US};
use rented::document::Document;
use rented::*;
use serde_json::json;

const SERVICE: &str = "ns100001.ip-203-0-113.eu";
const BARE: &str = "ns100002.ip-203-0-113.eu";

async fn stub() -> Stub<Dedicated> {
    Stub::new("dedicated", Dedicated::new).await
}

#[test]
fn the_fixture_is_what_the_vendor_could_answer() {
    let Some(document) = Document::load("dedicated") else {
        return;
    };
    for (call, answer) in account("dedicated").as_object().unwrap() {
        let (verb, path) = call.split_once(' ').unwrap();
        let path = path.split('?').next().unwrap();
        let wrong = document.wrong_answer(verb, path, answer);
        assert!(wrong.is_empty(), "{call}: {wrong:#?}");
    }
}

#[tokio::test]
async fn everything_that_is_rented_is_told() {
    let stub = stub().await;
    let servers = stub.provider.servers().await.unwrap();
    let [ours, bare] = &servers[..] else {
        panic!("{servers:#?}");
    };
    assert_eq!((ours.name.as_str(), ours.id.as_str()), ("web-1", SERVICE));
    assert_eq!(ours.marks, Some(marks()));
    assert_eq!(ours.status, ServerStatus::Running);
    assert_eq!(ours.ipv4, "203.0.113.30".parse().ok());
    assert_eq!(ours.ipv6, "2001:db8:2:30::/64".parse().ok());
    assert_eq!(ours.gateway6, "2001:db8:2:ff:ff:ff:ff:ff".parse().ok());
    assert_eq!(
        (ours.server_type.as_str(), ours.location.as_str()),
        ("RISE-1", "gra3")
    );
    assert_eq!((&ours.arch, ours.rescue_armed), (&Arch::X86_64, false));
    assert_eq!(ours.created.to_string(), "2026-05-04T00:00:00Z");
    assert_eq!((bare.name.as_str(), &bare.marks), (BARE, &None));
    assert_eq!(
        (&bare.status, &bare.arch),
        (&ServerStatus::Off, &Arch::Aarch64)
    );
    assert_eq!((bare.ipv6, bare.gateway6), (None, None));
    // the commercial name of its hardware, for want of a range
    assert_eq!(bare.server_type, "RISE-1");
    assert!(bare.rescue_armed, "2233 is a rescue system there");
    // what its hardware and its place decide is asked for once
    let first = stub.asked().await.len();
    stub.provider.servers().await.unwrap();
    assert_eq!(stub.asked().await.len() - first, 3);
}

#[tokio::test]
async fn a_suspended_one_does_not_break_the_list() {
    let stub = stub().await;
    let call = format!("GET /dedicated/server/{BARE}/specifications/network");
    stub.refuse(&call, 460, "", "This service is expired").await;
    let servers = stub.provider.servers().await.unwrap();
    assert_eq!(servers[0].name, "web-1");
    let suspended = ServerStatus::Other("suspended".to_owned());
    assert_eq!(
        (servers[1].id.as_str(), &servers[1].status),
        (BARE, &suspended)
    );
}

#[tokio::test]
async fn what_is_held_back_is_not_adopted() {
    for (state, expected) in [
        ("ok", None),
        ("hacked", Some(ErrorKind::Suspended)),
        ("hackedBlocked", Some(ErrorKind::Suspended)),
        ("error", Some(ErrorKind::Unavailable)),
    ] {
        let stub = stub().await;
        let call = format!("GET /dedicated/server/{BARE}");
        stub.changed(&call, |server| server["state"] = json!(state))
            .await;
        let adopted = stub.provider.adopt(&seen(BARE, None), &marks()).await;
        assert_eq!(adopted.err().map(|error| error.kind), expected, "{state}");
        let written = usize::from(expected.is_none());
        assert_eq!(stub.writes().await.len(), written, "{state}");
    }
    let stub = stub().await;
    let error = stub.provider.adopt(&seen(SERVICE, None), &marks()).await;
    assert_eq!(error.unwrap_err().kind, ErrorKind::AlreadyExists);
}

#[tokio::test]
async fn what_it_cannot_do_is_refused_without_a_request() {
    let stub = stub().await;
    let server = ours(SERVICE, Phase::Proven);
    let image = Intent::Rebuilt {
        image: "Debian 13".to_owned(),
        user_data: "".into(),
        keys: vec![KeyId::new(PUBLIC)],
    };
    for (intent, why) in [(Intent::Gone, "never cancels"), (image, "rescue system")] {
        let error = stub.provider.drive(&server, &intent, Stage(0)).await;
        let error = error.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unsupported);
        assert!(error.message.contains(why), "{error}");
    }
    let able = stub.provider.capabilities();
    assert!(!able.create && !able.rebuild && able.rescue == Rescue::Keys);
    assert_eq!(
        (able.first_users, stub.provider.requests()),
        (&["root"][..], 0)
    );
    assert_eq!(stub.provider.to_string(), "ovh-dedicated");
}

#[tokio::test]
async fn the_console_is_the_servers_page_in_the_right_panel() {
    for (endpoint, panel, currency) in [
        (ENDPOINT_EU, "https://www.ovh.com/manager", "EUR"),
        (ENDPOINT_CA, "https://ca.ovh.com/manager", "CAD"),
        (ENDPOINT_US, "https://us.ovhcloud.com/manager", "USD"),
        (
            "http://127.0.0.1:9/1.0",
            "https://www.ovh.com/manager",
            "EUR",
        ),
    ] {
        let config = provision_ovh::Config {
            endpoint: endpoint.parse().unwrap(),
            ..config("http://127.0.0.1:9")
        };
        let dedicated = Dedicated::new(config).unwrap();
        let server = ours(SERVICE, Phase::Proven);
        let url = dedicated.console(&server).await.unwrap().url;
        assert_eq!(url, format!("{panel}/#/dedicated/server/{SERVICE}"));
        assert_eq!(dedicated.catalog().await.unwrap().currency, currency);
        assert_eq!(dedicated.requests(), 0);
    }
}
