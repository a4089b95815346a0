//! What somebody else has taken over by now is neither booted, nor written, nor given back.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod rented;

use provision_api::{Accepted, ErrorKind, Intent, KeyId, Phase, Provider, Stage};
use provision_ovh::{Dedicated, Vps};
use rented::*;
use serde_json::{Value, json};

const RESET: Intent = Intent::Released { reset: true };
const FREE: Intent = Intent::Released { reset: false };

fn rescue() -> Intent {
    let keys = vec![KeyId::new(PUBLIC)];
    Intent::InRescue { keys }
}

fn image() -> Intent {
    Intent::Rebuilt {
        image: "Debian 13".to_owned(),
        user_data: "".into(),
        keys: vec![KeyId::new(PUBLIC)],
    }
}

/// Tags that are not the given server's any more, and what is said of whose it is.
fn others() -> [(&'static str, Value, &'static str); 4] {
    [
        ("owner", json!("bob"), "belongs to bob, for host web-1"),
        ("host", json!("web-2"), "belongs to ann, for host web-2"),
        ("role", json!("test"), "host web-1 (test of run 2026"),
        ("run", json!("another"), "server of run another"),
    ]
}

/// Drives the service from an old view of it, after its tags were changed so.
async fn driven<P: Provider>(
    stub: &Stub<P>,
    (root, service): (&str, &str),
    intent: &Intent,
    stage: u8,
    change: impl FnOnce(&mut Value),
) -> provision_api::Result<Accepted> {
    let call = format!("GET {root}/{service}");
    stub.changed(&call, |it| change(&mut it["iam"]["tags"]))
        .await;
    let server = ours(service, Phase::Created);
    stub.provider.drive(&server, intent, Stage(stage)).await
}

async fn what_is_others_stays<P: Provider>(
    name: &str,
    adapter: fn(provision_ovh::Config) -> provision_api::Result<P>,
    place: (&str, &str),
    wishes: &[(Intent, u8)],
) {
    for (intent, stage) in wishes {
        for (tag, value, whose) in others() {
            let stub = Stub::new(name, adapter).await;
            let change = |tags: &mut Value| tags[format!("provision-{tag}")] = value;
            let error = driven(&stub, place, intent, *stage, change).await;
            let error = error.unwrap_err();
            assert_eq!(error.kind, ErrorKind::NotOurs, "{intent:?} {stage}");
            assert!(error.message.contains(whose), "{tag}: {error}");
            assert_eq!(stub.writes().await, [""; 0], "{intent:?} {stage} {tag}");
        }
        let stub = Stub::new(name, adapter).await;
        let none = |tags: &mut Value| *tags = json!({ "team": "storage" });
        let ended = driven(&stub, place, intent, *stage, none).await;
        match intent {
            // it is given back already
            Intent::Released { .. } => assert_eq!(ended.unwrap(), Accepted::default()),
            _ => assert_eq!(ended.unwrap_err().kind, ErrorKind::NotOurs),
        }
        assert_eq!(stub.writes().await, [""; 0], "{intent:?} {stage}");
    }
}

#[tokio::test]
async fn a_vps_of_others_stays_as_it_is() {
    let wishes = [
        (rescue(), 0),
        (rescue(), 1),
        (Intent::FromDisk, 0),
        (Intent::DiskNext, 0),
        (image(), 0),
        (image(), 1),
        (image(), 2),
        (RESET, 0),
        (RESET, 1),
        (RESET, 2),
        (FREE, 0),
    ];
    let place = ("/vps", "vps-aaaa1111.vps.ovh.net");
    what_is_others_stays("vps", Vps::new, place, &wishes).await;
}

#[tokio::test]
async fn a_dedicated_server_of_others_stays_as_it_is() {
    let wishes = [
        (rescue(), 0),
        (Intent::FromDisk, 0),
        (Intent::DiskNext, 0),
        (RESET, 0),
        (RESET, 1),
        (FREE, 0),
    ];
    let place = ("/dedicated/server", "ns100001.ip-203-0-113.eu");
    what_is_others_stays("dedicated", Dedicated::new, place, &wishes).await;
}
