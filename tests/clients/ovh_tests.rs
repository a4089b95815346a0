//! OVH's own client and the sandbox.

use crate::ovh::expected::{self, Session};
use crate::ovh::{Login, session, signatures};
use crate::python;
use crate::support::needed;
use crate::support::valid::{self, By};
use crate::support::world::World;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

fn python() -> Option<PathBuf> {
    needed(python::find(), "Python's ovh")
}

/// A session in a world of its own: what it sees, and what was said.
async fn agrees(python: &Path, login: Login, settings: &Value, (name, wanted, seen): Session) {
    let world = World::with(settings).await;
    assert_eq!(session(python, &world, name, login, wanted).await, seen);
    close(world).await;
}

async fn close(world: World) {
    valid::assert_ovh(By::Another, &world.close().await, |_| false);
}

#[tokio::test(flavor = "multi_thread")]
async fn its_signatures_are_those_that_were_written_down() {
    let Some(python) = python() else { return };
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/ovh/signatures.json");
    let cases: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let known: Vec<&str> = cases
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|case| case["signature"].as_str())
        .collect();
    assert!(known.len() >= 12, "{} signatures", known.len());
    assert_eq!(signatures(&python, &cases).await, known);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_orders_drives_and_deletes_an_instance() {
    let Some(python) = python() else { return };
    for login in [Login::Signature, Login::OAuth2] {
        agrees(&python, login, &json!({}), expected::cloud()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_drives_a_vps() {
    let Some(python) = python() else { return };
    for login in [Login::Signature, Login::OAuth2] {
        agrees(&python, login, &json!({}), expected::vps()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_drives_a_dedicated_server() {
    let Some(python) = python() else { return };
    for (login, service, firmware) in [
        (Login::Signature, expected::LEGACY, "legacy"),
        (Login::OAuth2, expected::UEFI, "uefi"),
    ] {
        let session = expected::dedicated(service, firmware);
        agrees(&python, login, &json!({}), session).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_it_understands() {
    let Some(python) = python() else { return };
    let settings = expected::refusing_world();
    agrees(&python, Login::Signature, &settings, expected::refusals()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_off_in_either_direction_is_read_and_believed() {
    let Some(python) = python() else { return };
    for skew in [-86_400, -45, 45, 86_400_i64] {
        let world = World::with(&json!({ "ovh": { "clock_skew_seconds": skew } })).await;
        let seen = session(&python, &world, "clock", Login::Signature, json!({})).await;
        assert_eq!(seen["projects"], 1, "{skew} seconds");
        // whole seconds, and the way there
        let difference = seen["difference"].as_i64().unwrap();
        assert!((difference - skew).abs() < 20, "{difference}, not {skew}");
        close(world).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_ends_is_given_anew() {
    let Some(python) = python() else { return };
    let world = World::with(&json!({ "ovh": { "token_lifetime_seconds": 1 } })).await;
    let seen = session(&python, &world, "renewal", Login::OAuth2, json!({})).await;
    assert_eq!(seen, json!({ "renewed": true }));
    let exchanges = world.close().await;
    let logins = exchanges
        .iter()
        .filter(|exchange| exchange.route() == "/auth/oauth2/token")
        .count();
    assert!(logins >= 2, "{logins} logins");
    valid::assert_ovh(By::Another, &exchanges, |_| false);
}
