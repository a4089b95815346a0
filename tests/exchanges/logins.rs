//! The ways in which the program may log in at OVH, each against a sandbox that checks it.

use crate::support::valid::{self, By};
use crate::support::world::World;
use provision_sandbox::Access;
use serde_json::{Value, json};
use std::fs;
use std::process::{Output, Stdio};
use tokio::process::Command;

type Variables = Vec<(&'static str, String)>;

fn endpoint(access: &Access) -> Variables {
    vec![("OVH_ENDPOINT", access.endpoint_ovh.clone())]
}

fn application(access: &Access) -> Variables {
    vec![
        ("OVH_APPLICATION_KEY", access.ovh_application_key.clone()),
        (
            "OVH_APPLICATION_SECRET",
            access.ovh_application_secret.clone(),
        ),
        ("OVH_CONSUMER_KEY", access.ovh_consumer_key.clone()),
    ]
}

fn service_account(access: &Access) -> Variables {
    vec![
        ("OVH_CLIENT_ID", access.ovh_client_id.clone()),
        ("OVH_CLIENT_SECRET", access.ovh_client_secret.clone()),
    ]
}

/// The variables as the file has them: in lower case, without what they begin with, in the
/// section of the endpoint.
fn file(access: &Access, variables: &Variables) -> String {
    let url = &access.endpoint_ovh;
    let lines = variables.iter().map(|(name, value)| {
        let name = name.trim_start_matches("OVH_").to_lowercase();
        format!("{name}={value}\n")
    });
    format!(
        "; nobody's\n[default]\nendpoint={url}\n\n[{url}]\n{}",
        lines.collect::<String>()
    )
}

/// What the program says of all VPS, with no other account than these variables in its reach.
async fn list(world: &World, variables: Variables) -> Output {
    let folder = world.folder.path();
    let mut command = Command::new(env!("CARGO_BIN_EXE_provision"));
    command
        .args(["list", "--provider", "ovh-vps", "--owner", "me"])
        .args(["--flake", env!("CARGO_MANIFEST_DIR")])
        .arg("--state-dir")
        .arg(folder.join("state"))
        .env_clear()
        .env("HOME", folder.join("home"))
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .envs(variables)
        .current_dir(folder.join("here"))
        .stdin(Stdio::null());
    command.output().await.unwrap()
}

async fn world(settings: &Value) -> World {
    let world = World::with(settings).await;
    for name in ["home", "here"] {
        fs::create_dir(world.file(name)).unwrap();
    }
    world
}

/// The routes that were asked, after a run that has to succeed; no secret is in what it said.
async fn asked(world: World, output: Output) -> Vec<String> {
    let access = world.access();
    let text = [output.stdout, output.stderr].map(|out| String::from_utf8_lossy(&out).into_owned());
    let text = text.concat();
    assert!(output.status.success(), "{text}");
    for secret in [
        &access.ovh_application_secret,
        &access.ovh_consumer_key,
        &access.ovh_client_secret,
    ] {
        assert!(!text.contains(secret.as_str()), "a secret was said");
    }
    let exchanges = world.close().await;
    valid::assert_ovh(By::Provision, &exchanges, |_| false);
    let routes = exchanges.iter().map(|exchange| exchange.route().to_owned());
    routes.collect()
}

fn has(routes: &[String], route: &str) -> bool {
    routes.iter().any(|asked| asked == route)
}

#[tokio::test(flavor = "multi_thread")]
async fn by_signature_with_a_clock_that_is_off_in_either_direction() {
    for skew in [-7_200, -120, 0, 120, 7_200] {
        let world = world(&json!({ "ovh": { "clock_skew_seconds": skew } })).await;
        let variables = [endpoint(world.access()), application(world.access())].concat();
        let output = list(&world, variables).await;
        let routes = asked(world, output).await;
        let read = routes.iter().filter(|route| *route == "/auth/time").count();
        assert_eq!(read, 1, "the clock is read once: {routes:?}");
        assert!(has(&routes, "/vps") && !has(&routes, "/auth/oauth2/token"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn by_a_service_account() {
    let world = world(&json!({})).await;
    let variables = [endpoint(world.access()), service_account(world.access())].concat();
    let output = list(&world, variables).await;
    let routes = asked(world, output).await;
    assert!(has(&routes, "/auth/oauth2/token") && has(&routes, "/vps"));
    assert!(!has(&routes, "/auth/time"), "nothing is signed: {routes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn by_the_file_that_other_clients_read() {
    for (place, by_account) in [("here/ovh.conf", false), ("home/.ovh.conf", true)] {
        let world = world(&json!({})).await;
        let access = world.access();
        let told = if by_account {
            service_account(access)
        } else {
            application(access)
        };
        fs::write(world.file(place), file(access, &told)).unwrap();
        let output = list(&world, Vec::new()).await;
        let routes = asked(world, output).await;
        assert_eq!(has(&routes, "/auth/oauth2/token"), by_account, "{place}");
        assert!(has(&routes, "/vps"), "{place}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_nearer_wins() {
    let world = world(&json!({})).await;
    let access = world.access();
    let mut wrong = application(access);
    for (_, value) in &mut wrong {
        "wrong".clone_into(value);
    }
    fs::write(world.file("home/.ovh.conf"), file(access, &wrong)).unwrap();
    fs::write(
        world.file("here/ovh.conf"),
        file(access, &application(access)),
    )
    .unwrap();
    let output = list(&world, Vec::new()).await;
    assert!(has(&asked(world, output).await, "/vps"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_log_in_is_one_clear_error() {
    let world = world(&json!({ "ovh": { "consumer_keys": [
        { "key": "expired-key", "status": "expired" },
        { "key": "narrow-key", "rules": [{ "method": "GET", "path": "/cloud/*" }] },
    ] } }))
    .await;
    let access = world.access();
    let with = |name: &'static str, value: &str| {
        let other = vec![(name, value.to_owned())];
        [endpoint(access), application(access), other].concat()
    };
    let both = [application(access), service_account(access)].concat();
    for (what, variables, words) in [
        (
            "both ways at once",
            [endpoint(access), both].concat(),
            "OVH_CLIENT_ID",
        ),
        (
            "a wrong secret",
            with("OVH_APPLICATION_SECRET", "wrong"),
            "INVALID_SIGNATURE",
        ),
        (
            "an unknown application",
            with("OVH_APPLICATION_KEY", "unknown"),
            "INVALID_KEY",
        ),
        (
            "an expired consumer key",
            with("OVH_CONSUMER_KEY", "expired-key"),
            "INVALID_CREDENTIAL",
        ),
        (
            "a call that is not granted",
            with("OVH_CONSUMER_KEY", "narrow-key"),
            "NOT_GRANTED_CALL",
        ),
    ] {
        let output = list(&world, variables).await;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(5), "{what}: {said}");
        assert_eq!(said.matches("error:").count(), 1, "{what}: {said}");
        assert!(said.contains(words), "{what}: {said}");
        assert!(said.contains("  why "), "{what}: {said}");
    }
}
