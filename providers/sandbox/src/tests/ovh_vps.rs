//! VPS as its clients meet it: machines that only remember.

use super::Fixture;
use super::ovh::Signer;
use crate::machine::{Boot, Firmware};
use reqwest::Method;
use serde_json::{Value, json};

const NAME: &str = "vps-0a1b2c3d.vps.ovh.net";
const OTHER: &str = "vps-0a1b2c3e.vps.ovh.net";
const MACHINE: &str = "ovh-vps-0a1b2c3d";

fn at(rest: &str) -> String {
    format!("/vps/{NAME}{rest}")
}

async fn put(client: &Signer, body: Value) -> (u16, Value) {
    client.ask(Method::PUT, &at(""), Some(&body)).await
}

/// The id of the image of this name.
async fn image(client: &Signer, name: &str) -> String {
    let ids = client.get(&at("/images/available")).await;
    for id in ids.as_array().unwrap() {
        let id = id.as_str().unwrap();
        let shown = client.get(&at(&format!("/images/available/{id}"))).await;
        assert_eq!(shown["id"], id);
        if shown["name"] == name {
            return id.to_owned();
        }
    }
    panic!("no {name} among {ids}")
}

/// The mails about a service, as the control endpoint shows them.
async fn mails(world: &Fixture) -> Vec<Value> {
    let (status, box_) = world
        .client
        .control(Method::GET, "/ovh/mailbox", None)
        .await;
    assert!(status.is_success());
    box_["mails"].as_array().unwrap().clone()
}

#[tokio::test]
async fn no_machine_is_made_until_something_is_done_with_it() {
    let world = Fixture::new().await;
    let client = world.ovh();
    assert_eq!(client.get("/vps").await, json!([NAME, OTHER]));
    assert!(world.maker.get(MACHINE).is_none());
    let shown = client.get(&at("")).await;
    assert_eq!(
        (&shown["state"], &shown["netbootMode"]),
        (&json!("running"), &json!("local"))
    );
    assert_eq!(shown["zone"], "Region OpenStack: os-gra2");
    assert_eq!(
        shown["iam"]["urn"],
        format!("urn:v1:eu:resource:vps:{NAME}")
    );
    assert_eq!(shown["iam"]["tags"], Value::Null);
    assert!(world.maker.get(MACHINE).is_none(), "a look needs none");
    client.did(&at("/reboot"), json!({})).await;
    client.get(&at("")).await;
    let machine = world.maker.get(MACHINE).unwrap().memory();
    assert_eq!(machine.boots, [Boot::Disk, Boot::Disk]);
    assert_eq!(machine.spec.firmware, Firmware::Bios);
    let image = machine.image.unwrap();
    assert_eq!(
        (image.user.as_deref(), image.version.as_str()),
        (Some("debian"), "12")
    );
    assert!(world.maker.get("ovh-vps-0a1b2c3e").is_none());
    let (status, _) = client
        .ask(Method::GET, "/vps/vps-ffffffff.vps.ovh.net", None)
        .await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn addresses_have_gateways_outside_them() {
    let world = Fixture::new().await;
    let client = world.ovh();
    client.did(&at("/reboot"), json!({})).await;
    let ips = client.get(&at("/ips")).await;
    let machine = world.maker.get(MACHINE).unwrap().memory().spec;
    assert_eq!(ips, json!([machine.ipv4.to_string(), machine.ipv6]));
    let network = &machine.platform.network;
    assert_eq!((network.prefix6, network.auto6), (128, false));
    for (ip, version, gateway) in [
        (machine.ipv4.to_string(), "v4", network.gateway4.to_string()),
        (machine.ipv6.clone(), "v6", network.gateway6.clone()),
    ] {
        let shown = client.get(&at(&format!("/ips/{ip}"))).await;
        assert_eq!(shown["version"], version);
        assert_eq!(shown["gateway"], gateway);
        assert_ne!(shown["gateway"], shown["ipAddress"]);
    }
    let (status, _) = client.ask(Method::GET, &at("/ips/192.0.2.1"), None).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn a_rebuild_gives_the_key_to_the_default_user() {
    let world = Fixture::new().await;
    let client = world.ovh();
    let debian = image(&client, "Debian 13").await;
    let order = json!({"imageId": debian, "publicSshKey": super::KEY, "doNotSendPassword": true});
    let task = client.did(&at("/rebuild"), order).await;
    assert_eq!(task["type"], "reinstallVm");
    let id = task["id"].as_u64().unwrap();
    let done = client.get(&at(&format!("/tasks/{id}"))).await;
    assert_eq!(
        (&done["state"], &done["progress"]),
        (&json!("done"), &json!(100))
    );
    let current = client.get(&at("/images/current")).await;
    assert_eq!(current, json!({"id": debian, "name": "Debian 13"}));
    let memory = world.maker.get(MACHINE).unwrap().memory();
    let written = memory.image.unwrap();
    assert_eq!(written.authorized_keys, [super::KEY]);
    assert_eq!(
        (written.user.as_deref(), written.version.as_str()),
        (Some("debian"), "13")
    );
    assert_eq!(memory.boots, [Boot::Disk, Boot::Disk]);
    for (body, status) in [
        (json!({}), 400),
        (json!({"imageId": "nothing"}), 404),
        (json!({"imageId": debian, "publicSshKey": "rubbish"}), 400),
        (json!({"imageId": debian, "doNotSendPassword": true}), 400),
        (json!({"imageId": debian, "userData": "x"}), 400),
        (json!({"imageId": debian, "sshKey": "named"}), 501),
    ] {
        let refused = client.refused(&at("/rebuild"), body.clone()).await;
        assert_eq!(refused.0, status, "{body}: {refused:?}");
    }
}

#[tokio::test]
async fn rescue_stays_until_it_is_taken_back_and_its_password_is_mailed() {
    let world = Fixture::new().await;
    let client = world.ovh();
    let (status, body) = put(&client, json!({"netbootMode": "rescue"})).await;
    assert_eq!((status, body), (200, Value::Null));
    // set, and not booted yet
    let shown = client.get(&at("")).await;
    assert_eq!(
        (&shown["netbootMode"], &shown["state"]),
        (&json!("rescue"), &json!("running"))
    );
    assert!(mails(&world).await.is_empty());
    let task = client.did(&at("/reboot"), json!({})).await;
    assert_eq!(task["type"], "rebootVm");
    assert_eq!(client.get(&at("")).await["state"], "rescued");

    let mails = mails(&world).await;
    let password = mails[0]["password"].as_str().unwrap().to_owned();
    assert_eq!(mails[0]["service"], NAME);
    let machine = world.maker.get(MACHINE).unwrap();
    let boots = machine.memory().boots;
    let Some(Boot::Rescue {
        authorized_keys,
        password: root,
        system,
    }) = boots.last()
    else {
        panic!("{boots:?}");
    };
    assert_eq!(
        (authorized_keys.as_slice(), root.as_ref()),
        (&[][..], Some(&password))
    );
    assert!(system.disk_gib.is_some() && system.linux);
    machine.reboot();
    assert_eq!(
        machine.memory().boots.last(),
        boots.last(),
        "also from inside"
    );
    // no answer has the password
    let record = std::fs::read_to_string(world.home.path().join("record.jsonl")).unwrap();
    assert!(!record.contains(&password));

    put(&client, json!({"netbootMode": "local"})).await;
    client.did(&at("/reboot"), json!({})).await;
    assert_eq!(client.get(&at("")).await["state"], "running");
    machine.reboot();
    let boots = machine.memory().boots;
    assert_eq!(boots[boots.len() - 2..], [Boot::Disk, Boot::Disk]);
}

#[tokio::test]
async fn a_netboot_that_reboots_by_itself_and_a_rebuild_that_leaves_rescue() {
    let setting = json!([{"name": NAME, "netboot_reboots": true}]);
    let world = Fixture::with(json!({"ovh": {"vps": setting}})).await;
    let client = world.ovh();
    put(&client, json!({"netbootMode": "rescue"})).await;
    assert_eq!(client.get(&at("")).await["state"], "rescued");
    let debian = image(&client, "Debian 12").await;
    client
        .did(&at("/rebuild"), json!({"imageId": debian}))
        .await;
    let shown = client.get(&at("")).await;
    assert_eq!(
        (&shown["netbootMode"], &shown["state"]),
        (&json!("local"), &json!("running"))
    );
    // the same again needs no task
    let before = client.get(&at("/tasks")).await;
    put(&client, json!({"netbootMode": "local"})).await;
    assert_eq!(client.get(&at("/tasks")).await, before);
}

#[tokio::test]
async fn one_task_at_a_time_and_tasks_are_found_by_state_and_type() {
    let world = Fixture::with(json!({"latency": {"reset_ms": 3_600_000}})).await;
    let client = world.ovh();
    let id = client.did(&at("/reboot"), json!({})).await["id"].clone();
    let shown = client.get(&at(&format!("/tasks/{id}"))).await;
    assert_eq!(
        (&shown["state"], &shown["type"]),
        (&json!("doing"), &json!("rebootVm"))
    );
    assert_eq!(client.get(&at("")).await["state"], "rebooting");
    for (path, found) in [
        ("/tasks", true),
        ("/tasks?state=doing", true),
        ("/tasks?state=done", false),
        ("/tasks?type=rebootVm&state=doing", true),
        ("/tasks?type=stopVm", false),
    ] {
        let expected = if found { json!([id]) } else { json!([]) };
        assert_eq!(client.get(&at(path)).await, expected, "{path}");
    }
    for path in ["/tasks?state=odd", "/tasks?colour=red"] {
        assert_eq!(
            client.ask(Method::GET, &at(path), None).await.0,
            400,
            "{path}"
        );
    }
    for path in ["/reboot", "/stop", "/start"] {
        assert_eq!(client.refused(&at(path), json!({})).await.0, 409, "{path}");
    }
    assert_eq!(put(&client, json!({"netbootMode": "rescue"})).await.0, 409);
    // which is so already
    assert_eq!(put(&client, json!({"netbootMode": "local"})).await.0, 200);
    assert_eq!(put(&client, json!({"displayName": "mine"})).await.0, 200);
    // another one has tasks of its own
    client.did(&format!("/vps/{OTHER}/reboot"), json!({})).await;
    let (status, _) = client
        .ask(Method::GET, &format!("/vps/{OTHER}/tasks/{id}"), None)
        .await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn power_goes_off_and_on() {
    let world = Fixture::new().await;
    let client = world.ovh();
    client.did(&at("/stop"), json!({})).await;
    assert_eq!(client.get(&at("")).await["state"], "stopped");
    assert_eq!(client.get(&at("/status")).await["ssh"]["state"], "down");
    assert!(!world.maker.get(MACHINE).unwrap().memory().on);
    client.did(&at("/start"), json!({})).await;
    client.did(&at("/start"), json!({})).await;
    assert_eq!(client.get(&at("")).await["state"], "running");
    let boots = world.maker.get(MACHINE).unwrap().memory().boots;
    assert_eq!(boots.len(), 2, "on already is on: {boots:?}");
    // from inside as well
    world
        .maker
        .get(MACHINE)
        .unwrap()
        .change(|memory| memory.on = false);
    assert_eq!(client.get(&at("")).await["state"], "stopped");
}

#[tokio::test]
async fn tasks_end_in_errors_hang_and_vanish_by_faults() {
    let world = Fixture::new().await;
    let client = world.ovh();
    let fault = |kind: Value| json!({"method": "POST", "path": "/vps/*/reboot", "kind": kind});
    client.did(&at("/reboot"), json!({})).await;
    client.get(&at("")).await;
    for (code, state) in [("", "error"), ("cancelled", "cancelled"), ("done", "error")] {
        let error = json!({"action-error": {"code": code, "message": "the host is in flames"}});
        world.client.arm(fault(error)).await;
        let id = client.did(&at("/reboot"), json!({})).await["id"].clone();
        assert_eq!(
            client.get(&at(&format!("/tasks/{id}"))).await["state"],
            state
        );
    }
    let machine = world.maker.get(MACHINE).unwrap();
    assert_eq!(machine.memory().boots.len(), 2, "none had an effect");

    world.client.arm(fault(json!("action-vanishes"))).await;
    let id = client.did(&at("/reboot"), json!({})).await["id"].clone();
    let (status, _) = client
        .ask(Method::GET, &at(&format!("/tasks/{id}")), None)
        .await;
    assert_eq!(status, 404);
    assert_eq!(machine.memory().boots.len(), 3);

    world.client.arm(fault(json!("action-hangs"))).await;
    let id = client.did(&at("/reboot"), json!({})).await["id"].clone();
    let shown = client.get(&at(&format!("/tasks/{id}"))).await;
    assert_eq!(
        (&shown["state"], &shown["progress"]),
        (&json!("doing"), &json!(0))
    );
    let (status, _) = client.ask(Method::POST, &at("/reboot"), None).await;
    assert_eq!(status, 409, "it does one at a time");

    world.client.control(Method::DELETE, "/faults", None).await;
    let shown = client.get(&at(&format!("/tasks/{id}"))).await;
    assert_eq!(shown["state"], "done", "the faults are over: it goes on");
    assert_eq!(machine.memory().boots.len(), 4);
}

#[tokio::test]
async fn a_contract_that_is_over_is_listed_and_refused() {
    for status in ["expired", "unPaid", "pendingDebt"] {
        let setting = json!([{"name": NAME, "status": status}]);
        let world = Fixture::with(json!({"ovh": {"vps": setting}})).await;
        let client = world.ovh();
        assert_eq!(client.get("/vps").await, json!([NAME, OTHER]));
        for (method, rest) in [
            (Method::GET, ""),
            (Method::GET, "/ips"),
            (Method::GET, "/serviceInfos"),
            (Method::POST, "/reboot"),
        ] {
            let (code, body) = client.ask(method, &at(rest), None).await;
            assert_eq!(code, 460, "{rest}: {body}");
            assert!(body["message"].as_str().unwrap().contains(status), "{body}");
        }
        assert!(world.maker.get(MACHINE).is_none());
        world
            .set_ovh(json!({"vps": [{"name": NAME, "status": "ok"}]}))
            .await;
        assert_eq!(client.get(&at("/serviceInfos")).await["status"], "ok");
    }
}

#[tokio::test]
async fn what_is_put_is_checked_and_kept() {
    let mut world = Fixture::new().await;
    let client = world.ovh();
    let mut whole = client.get(&at("")).await;
    whole["displayName"] = json!("mine");
    assert_eq!(
        put(&client, whole).await.0,
        200,
        "the whole object comes back"
    );
    for (body, word) in [
        (json!({"displayName": "a".repeat(51)}), "displayName"),
        (json!({"netbootMode": "network"}), "netbootMode"),
        (json!({"netboot": "rescue"}), "netboot"),
        (json!({"slaMonitoring": "yes"}), "slaMonitoring"),
    ] {
        let (status, answer) = put(&client, body.clone()).await;
        assert_eq!(status, 400, "{body}");
        assert!(
            answer["message"].as_str().unwrap().contains(word),
            "{answer}"
        );
    }
    let ips = client.get(&at("/ips")).await;
    put(&client, json!({"netbootMode": "rescue"})).await;
    world = world.again().await;
    let client = world.ovh();
    let shown = client.get(&at("")).await;
    assert_eq!(
        (&shown["displayName"], &shown["netbootMode"]),
        (&json!("mine"), &json!("rescue"))
    );
    assert_eq!(client.get(&at("/ips")).await, ips);
}
