//! Power: on, off, the button, the plug.

use super::super::Fixture;
use crate::machine::Boot;
use serde_json::{Value, json};

#[tokio::test]
async fn power_goes_off_and_on() {
    let world = Fixture::new().await;
    let client = world.ovh();
    let id = client.instance("web").await;
    let at = |rest: &str| client.at(&id, rest);
    assert_eq!(client.refused(&at("/start"), json!({})).await.0, 409);
    client.did(&at("/stop"), json!({})).await;
    assert_eq!(client.status(&id).await, "SHUTOFF");
    assert_eq!(client.refused(&at("/stop"), json!({})).await.0, 409);
    assert_eq!(
        client
            .refused(&at("/reboot"), json!({"type": "soft"}))
            .await
            .0,
        409
    );
    client.did(&at("/start"), json!({})).await;
    assert_eq!(client.status(&id).await, "ACTIVE");
    for kind in ["soft", "hard"] {
        assert_eq!(
            client.did(&at("/reboot"), json!({"type": kind})).await,
            Value::Null
        );
        // a soft one is over once the system went down by itself
        for _ in 0..2 {
            client.status(&id).await;
        }
        assert_eq!(client.status(&id).await, "ACTIVE", "{kind}");
    }
    assert_eq!(world.ovh_machine(&id).memory().boots.len(), 4);
    for wrong in [json!({}), json!({"type": "warm"})] {
        assert_eq!(client.refused(&at("/reboot"), wrong).await.0, 400);
    }
    world.ovh_machine(&id).change(|memory| memory.on = false);
    assert_eq!(
        client.status(&id).await,
        "SHUTOFF",
        "switched off from inside"
    );
}

#[tokio::test]
async fn a_system_that_does_not_listen_is_reset() {
    let world = Fixture::new().await;
    let client = world.ovh();
    let id = client.instance("web").await;
    client.status(&id).await;
    world.ovh_machine(&id).change(|memory| memory.deaf = true);
    let soft = json!({"type": "soft"});
    client.did(&client.at(&id, "/reboot"), soft).await;
    assert_eq!(client.status(&id).await, "REBOOT");
    assert_eq!(client.status(&id).await, "REBOOT", "it goes on running");
    let home = world.home;
    world.sandbox.close().await.unwrap();
    // two minutes pass in the kept world
    let path = home.path().join("state/world.json");
    let mut kept: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let until = &mut kept["ovh"]["cloud"]["instances"][&id]["reboot_until"];
    let then: jiff::Timestamp = until.as_str().unwrap().parse().unwrap();
    *until = json!(then - jiff::SignedDuration::from_secs(121));
    std::fs::write(&path, kept.to_string()).unwrap();
    let world = Fixture::open(home).await;
    assert_eq!(world.ovh().status(&id).await, "ACTIVE");
    let boots = world.ovh_machine(&id).memory().boots;
    assert_eq!(boots, [Boot::Disk, Boot::Disk]);
}
