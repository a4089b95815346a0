//! A world is kept: closed, killed, joined.

use super::machine::PaperMaker;
use super::{Client, Fixture, KEY, id, open};
use crate::{MachineKind, Options, Sandbox, SandboxError};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

#[tokio::test]
async fn what_was_made_is_there_again() {
    let world = Fixture::new().await;
    let before = world.sandbox.access().clone();
    let server = world.client.server("web-1").await;
    world
        .client
        .did("/ssh_keys", json!({"name": "me", "public_key": KEY}))
        .await;
    let shown = world.client.get("/servers").await;
    let world = world.again().await;
    assert_eq!(world.sandbox.access().token_hetzner, before.token_hetzner);
    assert_eq!(world.sandbox.access().ssh_port, before.ssh_port);
    assert_eq!(world.client.get("/servers").await, shown);
    assert_eq!(
        world.client.get("/ssh_keys").await["ssh_keys"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let memory = world.machine(server).memory();
    assert_eq!(
        (memory.on, memory.boots.len()),
        (true, 1),
        "it was never off"
    );
    let state = world.home.path().join("state");
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&state), 0o700);
    for file in std::fs::read_dir(&state).unwrap() {
        let file = file.unwrap().path();
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[tokio::test]
async fn an_answer_is_on_disk_before_it_is_sent() {
    let world = Fixture::new().await;
    for number in 1..=3 {
        world.client.server(&format!("web-{number}")).await;
        // what a process would leave that is killed now
        let killed = tempfile::tempdir().unwrap();
        std::fs::create_dir(killed.path().join("state")).unwrap();
        std::fs::copy(
            world.home.path().join("state/world.json"),
            killed.path().join("state/world.json"),
        )
        .unwrap();
        let left = Fixture::open(killed).await;
        let servers = left.client.get("/servers").await;
        assert_eq!(servers["servers"].as_array().unwrap().len(), number);
        let last = id(&servers["servers"][number - 1]);
        assert!(
            left.machine(last).memory().on,
            "what was still to happen happens"
        );
        left.sandbox.close().await.unwrap();
    }
}

#[tokio::test]
async fn what_a_machine_does_by_itself_is_kept_too() {
    let world = Fixture::new().await;
    let server = world.client.server("web-1").await;
    world.client.status(server).await;
    world.machine(server).change(|memory| memory.on = false);
    let path = world.home.path().join("state/world.json");
    for _ in 0..500 {
        let kept: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        if kept["machines"][format!("hetzner-{server}")]["on"] == false {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("never kept");
}

#[tokio::test]
async fn a_served_world_is_joined_and_a_short_one_waited_for() {
    let home = tempfile::tempdir().unwrap();
    let maker = Arc::new(PaperMaker::default());
    let serving = open(home.path(), Arc::clone(&maker), true).await.unwrap();
    let joined = open(home.path(), Arc::clone(&maker), false).await.unwrap();
    assert!(joined.access().joined && !serving.access().joined);
    assert_eq!(
        joined.access().endpoint_hetzner,
        serving.access().endpoint_hetzner
    );
    let server = Client::new(joined.access()).server("web-1").await;
    assert_eq!(
        Client::new(serving.access()).status(server).await,
        "running"
    );
    joined.close().await.unwrap();
    Client::new(serving.access()).get("/servers").await;
    serving.close().await.unwrap();

    let short = open(home.path(), Arc::clone(&maker), false).await.unwrap();
    let folder = home.path().to_owned();
    let waiting = tokio::spawn(async move { open(&folder, maker, false).await });
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    short.close().await.unwrap();
    let next = waiting.await.unwrap().unwrap();
    assert!(!next.access().joined);
    assert_eq!(Client::new(next.access()).status(server).await, "running");
}

#[tokio::test]
async fn listens_on_loopback_alone() {
    let home = tempfile::tempdir().unwrap();
    let options = Options {
        state_dir: home.path().join("state"),
        listen: Some("0.0.0.0:0".parse().unwrap()),
        ..Options::default()
    };
    let error = Sandbox::open_with(options, Arc::new(PaperMaker::default()))
        .await
        .unwrap_err();
    assert!(matches!(error, SandboxError::NotLoopback(_)), "{error}");
    assert!(!home.path().join("state").exists(), "nothing was made");
}

#[tokio::test]
async fn settings_are_merged_again_at_each_start() {
    let world = Fixture::new().await;
    let file = world.home.path().join("settings.json");
    std::fs::write(&file, json!({"quota_servers": 0}).to_string()).unwrap();
    let world = world.again().await;
    let order = json!({"name": "web-1", "server_type": "cx23", "image": "debian-13"});
    let refused = world.client.refused("/servers", order).await;
    assert_eq!(refused, (403, "resource_limit_exceeded".into()));
}

#[tokio::test]
async fn access_keeps_its_token_to_itself_and_prints_the_environment() {
    let world = Fixture::new().await;
    let access = world.sandbox.access();
    assert!(!format!("{access:?}").contains(&access.token_hetzner));
    assert!(!format!("{:?}", world.sandbox).contains(&access.token_hetzner));
    let names: Vec<_> = access
        .environment()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(
        names,
        [
            "HCLOUD_ENDPOINT",
            "HCLOUD_TOKEN",
            "OVH_ENDPOINT",
            "OVH_APPLICATION_KEY",
            "OVH_APPLICATION_SECRET",
            "OVH_CONSUMER_KEY",
            "OVH_CLOUD_PROJECT_SERVICE",
            "PROVISION_SSH_PORT",
        ]
    );
}

#[tokio::test]
async fn a_world_of_before_ovh_gets_an_account() {
    let world = Fixture::new().await;
    let server = world.client.server("web-1").await;
    let home = world.home;
    world.sandbox.close().await.unwrap();
    let path = home.path().join("state/world.json");
    let mut kept: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    kept.as_object_mut().unwrap().remove("ovh").unwrap();
    let settings = kept["settings"].as_object_mut().unwrap();
    settings.remove("ovh").unwrap();
    std::fs::write(&path, kept.to_string()).unwrap();
    let world = Fixture::open(home).await;
    assert_eq!(world.client.status(server).await, "running");
    let client = world.ovh();
    let project = client.access.ovh_project.clone();
    assert_eq!(client.get("/cloud/project").await, json!([project]));
    let world = world.again().await;
    assert_eq!(world.client.access.ovh_project, project, "and keeps it");
}

#[tokio::test]
async fn a_machine_that_cannot_be_brought_back_does_not_close_the_world() {
    let world = Fixture::new().await;
    let (lost, other) = (
        world.client.server("web-1").await,
        world.client.server("web-2").await,
    );
    let home = world.closed().await;
    let path = home.path().join("state/world.json");
    let mut document: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let machine = &mut document["machines"][format!("hetzner-{lost}")];
    let address = machine["spec"]["ipv4"].clone();
    machine["boots"] = json!("secret");
    let kept = machine.clone();
    std::fs::write(&path, document.to_string()).unwrap();

    let world = Fixture::open(home).await;
    assert_eq!(world.client.status(lost).await, "off");
    assert_eq!(world.client.status(other).await, "running");
    let document: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(
        document["machines"][format!("hetzner-{lost}")],
        kept,
        "whole again when it is mended"
    );
    let third = world.client.server("web-3").await;
    assert_ne!(
        json!(world.machine(third).memory().spec.ipv4),
        address,
        "its address stays its own"
    );
    world.client.delete(&format!("/servers/{lost}")).await;
    let world = world.again().await;
    let servers = world.client.get("/servers").await;
    assert_eq!(servers["servers"].as_array().unwrap().len(), 2);
    assert_eq!(world.client.status(other).await, "running");
}

#[tokio::test]
async fn a_world_of_real_machines_keeps_its_volumes_and_can_be_opened_without_images() {
    let home = tempfile::tempdir().unwrap();
    let state_dir = home.path().join("state");
    let options = Options {
        state_dir: state_dir.clone(),
        machines: Some(MachineKind::Qemu),
        ..Options::default()
    };
    let sandbox = Sandbox::open(options.clone()).await.unwrap();
    let client = Client::new(sandbox.access());
    assert_eq!(client.get("/servers").await["servers"], json!([]));
    let made = client
        .did(
            "/volumes",
            json!({"name": "data", "size": 10, "location": "fsn1"}),
        )
        .await;
    let volume = id(&made["volume"]);
    sandbox.close().await.unwrap();

    let folder = state_dir.join("volumes");
    std::fs::create_dir(&folder).unwrap();
    let (known, stray) = (
        folder.join(format!("{volume}.raw")),
        folder.join("4711.raw"),
    );
    for file in [&known, &stray] {
        std::fs::write(file, "").unwrap();
    }
    let sandbox = Sandbox::open(options).await.unwrap();
    assert!(
        known.exists(),
        "the world knows it, though no machine has it"
    );
    assert!(!stray.exists());
    let client = Client::new(sandbox.access());
    client.get(&format!("/volumes/{volume}")).await;
    let (status, _) = client.delete(&format!("/volumes/{volume}")).await;
    assert_eq!(status, reqwest::StatusCode::NO_CONTENT);
    assert!(!known.exists());
    sandbox.close().await.unwrap();
}
