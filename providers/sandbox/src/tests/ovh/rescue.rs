//! Rescue: until it is told to end, with a password that is answered or stays on the console.

use super::super::Fixture;
use crate::machine::Boot;
use reqwest::Method;
use serde_json::{Value, json};

/// The password of a rescue system without keys, with a disk of its own.
fn password(boot: &Boot) -> Option<String> {
    match boot {
        Boot::Rescue {
            authorized_keys,
            password,
            system,
        } => {
            assert!(authorized_keys.is_empty() && system.linux);
            assert!(system.disk_gib.is_some(), "it has a disk of its own");
            password.clone()
        }
        _ => None,
    }
}

#[tokio::test]
async fn is_there_until_it_is_told_to_end() {
    let mut world = Fixture::new().await;
    let mut client = world.ovh();
    let id = client.instance("web").await;
    let (one, mode) = (client.at(&id, ""), client.at(&id, "/rescueMode"));
    client.status(&id).await;
    assert_eq!(client.refused(&mode, json!({"rescue": false})).await.0, 409);
    let answer = client.did(&mode, json!({"rescue": true})).await;
    let told = answer["adminPassword"].as_str().unwrap();
    let shown = client.get(&one).await;
    assert_eq!(
        (&shown["status"], &shown["rescuePassword"]),
        (&json!("RESCUE"), &json!(told))
    );

    world = world.again().await;
    client = world.ovh();
    let machine = world.ovh_machine(&id);
    let memory = machine.memory();
    assert_eq!(
        password(memory.boots.last().unwrap()).as_deref(),
        Some(told)
    );
    assert_eq!(
        password(memory.kept.as_ref().unwrap()).as_deref(),
        Some(told)
    );
    for (rest, body) in [
        ("/rescueMode", json!({"rescue": true})),
        ("/reboot", json!({"type": "hard"})),
        ("/reinstall", json!({"imageId": "x"})),
        ("/stop", json!({})),
    ] {
        assert_eq!(
            client.refused(&client.at(&id, rest), body).await.0,
            409,
            "{rest}"
        );
    }
    let answer = client.did(&mode, json!({"rescue": false})).await;
    assert_eq!(answer["adminPassword"], Value::Null);
    let shown = client.get(&one).await;
    assert_eq!(
        (&shown["status"], &shown["rescuePassword"]),
        (&json!("ACTIVE"), &Value::Null)
    );
    let memory = machine.memory();
    assert_eq!(
        (memory.boots.last(), memory.kept),
        (Some(&Boot::Disk), Some(Boot::Disk))
    );
}

#[tokio::test]
async fn its_password_may_stay_on_the_console() {
    let world = Fixture::with(json!({"ovh": {"rescue_password": "console"}})).await;
    let client = world.ovh();
    let id = client.instance("web").await;
    client.status(&id).await;
    let mode = client.at(&id, "/rescueMode");
    let answer = client.did(&mode, json!({"rescue": true})).await;
    assert_eq!(answer["adminPassword"], Value::Null);
    let shown = client.get(&client.at(&id, "")).await;
    assert_eq!(
        (&shown["status"], &shown["rescuePassword"]),
        (&json!("RESCUE"), &Value::Null)
    );
    let booted = password(world.ovh_machine(&id).memory().boots.last().unwrap()).unwrap();
    let path = format!("/machines/ovh-{id}/console");
    let (_, console) = world.client.control(Method::GET, &path, None).await;
    assert!(console.to_string().contains(&booted), "{console}");
}

#[tokio::test]
async fn what_is_asked_for_is_checked_and_nothing_is_recorded() {
    let world = Fixture::new().await;
    let client = world.ovh();
    let id = client.instance("web").await;
    client.status(&id).await;
    let mode = client.at(&id, "/rescueMode");
    for (body, status) in [
        (json!({}), 400),
        (json!({"rescue": "yes"}), 400),
        (json!({"rescue": true, "imageId": "x"}), 501),
    ] {
        assert_eq!(
            client.refused(&mode, body.clone()).await.0,
            status,
            "{body}"
        );
    }
    let answer = client.did(&mode, json!({"rescue": true})).await;
    client.get(&client.at(&id, "")).await;
    let told = answer["adminPassword"].as_str().unwrap();
    let record = std::fs::read_to_string(world.home.path().join("record.jsonl")).unwrap();
    assert!(record.contains("adminPassword") && !record.contains(told));
}
