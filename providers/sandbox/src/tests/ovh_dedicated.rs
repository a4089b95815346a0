//! Dedicated servers as their clients meet them: machines that only remember.

use super::Fixture;
use super::ovh::Signer;
use crate::machine::{Board, Boot, Firmware, RescueSystem};
use reqwest::Method;
use serde_json::{Value, json};

/// Legacy boot, in Europe.
const LEGACY: &str = "ns3000001.ip-203-0-113.eu";
/// UEFI, with the numbers of Canada.
const UEFI: &str = "ns3000002.ip-198-51-100.eu";

fn at(name: &str, rest: &str) -> String {
    format!("/dedicated/server/{name}{rest}")
}

async fn put(client: &Signer, name: &str, body: Value) -> (u16, Value) {
    client.ask(Method::PUT, &at(name, ""), Some(&body)).await
}

/// The netboot with this kernel.
async fn boot_of(client: &Signer, name: &str, kernel: &str) -> u64 {
    let ids = client.get(&at(name, "/boot")).await;
    for id in ids.as_array().unwrap() {
        let shown = client.get(&at(name, &format!("/boot/{id}"))).await;
        assert_eq!(shown["bootId"], *id);
        if shown["kernel"] == kernel {
            return id.as_u64().unwrap();
        }
    }
    panic!("no {kernel} among {ids}")
}

fn last_boot(world: &Fixture, machine: &str) -> Boot {
    let memory = world.maker.get(machine).unwrap().memory();
    memory.boots.last().cloned().unwrap()
}

#[tokio::test]
async fn servers_are_told_apart_by_what_they_are_made_of() {
    let world = Fixture::new().await;
    let client = world.ovh();
    assert_eq!(client.get("/dedicated/server").await, json!([LEGACY, UEFI]));
    assert!(world.maker.get("ovh-ns3000001").is_none());
    for (name, machine, mode, disks) in [
        (LEGACY, "ovh-ns3000001", "legacy", 1),
        (UEFI, "ovh-ns3000002", "uefi", 2),
    ] {
        let hardware = client.get(&at(name, "/specifications/hardware")).await;
        assert_eq!(hardware["bootMode"], mode);
        assert_eq!(hardware["diskGroups"][0]["numberOfDisks"], disks);
        assert!(
            world.maker.get(machine).is_none(),
            "nobody has done anything"
        );
        client.did(&at(name, "/reboot"), json!({})).await;
        client.get(&at(name, "")).await;
        let spec = world.maker.get(machine).unwrap().memory().spec;
        assert_eq!(spec.platform.board, Board::Metal);
        assert_eq!(spec.platform.more_disks_gib.len(), disks - 1);
        assert_eq!(spec.firmware == Firmware::Uefi, mode == "uefi");
        assert_eq!(
            hardware["memorySize"],
            json!({"unit": "MB", "value": spec.memory_mib})
        );

        let shown = client.get(&at(name, "")).await;
        assert_eq!(shown["ip"], spec.ipv4.to_string());
        let routing = client.get(&at(name, "/specifications/network")).await["routing"].clone();
        assert_eq!(routing["ipv4"]["ip"], spec.ipv4.to_string());
        assert_eq!(
            routing["ipv4"]["gateway"],
            spec.platform.network.gateway4.to_string()
        );
        assert_eq!(routing["ipv6"]["gateway"], spec.platform.network.gateway6);
        let block: ipnet::Ipv6Net = routing["ipv6"]["ip"].as_str().unwrap().parse().unwrap();
        assert!(
            block.prefix_len() == 64
                && block.contains(&spec.ipv6.parse::<std::net::Ipv6Addr>().unwrap())
        );
        let gateway: std::net::Ipv6Addr = spec.platform.network.gateway6.parse().unwrap();
        assert!(!block.contains(&gateway));
        let ips = client.get(&at(name, "/ips")).await;
        assert_eq!(ips, json!([format!("{}/32", spec.ipv4), block.to_string()]));
    }
}

#[tokio::test]
async fn netboots_differ_by_region_and_are_found_by_type() {
    let world = Fixture::new().await;
    let client = world.ovh();
    for name in [LEGACY, UEFI] {
        let shown = client.get(&at(name, "")).await;
        let disk = client.get(&at(name, "/boot?bootType=harddisk")).await;
        assert_eq!(disk, json!([shown["bootId"]]));
        let rescue = client.get(&at(name, "/boot?bootType=rescue")).await;
        assert_eq!(rescue.as_array().unwrap().len(), 3);
        let (status, _) = client
            .ask(Method::GET, &at(name, "/boot?bootType=odd"), None)
            .await;
        assert_eq!(status, 400);
    }
    let europe = boot_of(&client, LEGACY, "rescue-customer").await;
    assert_ne!(europe, boot_of(&client, UEFI, "rescue-customer").await);
    let (status, body) = put(&client, UEFI, json!({"bootId": europe})).await;
    assert_eq!(status, 400, "{body}");
    let (status, _) = client
        .ask(Method::GET, &at(UEFI, &format!("/boot/{europe}")), None)
        .await;
    assert_eq!(status, 404);
    let off = boot_of(&client, LEGACY, "poweroff").await;
    assert_eq!(put(&client, LEGACY, json!({"bootId": off})).await.0, 400);
}

#[tokio::test]
async fn rescue_is_booted_with_the_key_until_the_disk_is_chosen_again() {
    let world = Fixture::new().await;
    let client = world.ovh();
    let disk = client.get(&at(LEGACY, "")).await["bootId"].clone();
    let rescue = boot_of(&client, LEGACY, "rescue-customer").await;
    let body = json!({"bootId": rescue, "rescueSshKey": super::KEY, "monitoring": false});
    client.did(&at(LEGACY, "/reboot"), json!({})).await;
    client.get(&at(LEGACY, "")).await;
    assert_eq!(put(&client, LEGACY, body).await, (200, Value::Null));
    assert_eq!(
        last_boot(&world, "ovh-ns3000001"),
        Boot::Disk,
        "not by itself"
    );
    let task = client.did(&at(LEGACY, "/reboot"), json!({})).await;
    assert_eq!(task["function"], "hardReboot");
    let id = task["taskId"].as_u64().unwrap();
    let done = client.get(&at(LEGACY, &format!("/task/{id}"))).await;
    assert_eq!(done["status"], "done");
    let expected = Boot::Rescue {
        authorized_keys: vec![super::KEY.to_owned()],
        password: None,
        system: RescueSystem {
            hostname: "rescue-customer-eu".to_owned(),
            ..RescueSystem::default()
        },
    };
    assert_eq!(last_boot(&world, "ovh-ns3000001"), expected);
    let machine = world.maker.get("ovh-ns3000001").unwrap();
    machine.reboot();
    assert_eq!(
        last_boot(&world, "ovh-ns3000001"),
        expected,
        "also from inside"
    );

    // the choice counts for a reboot from inside at once
    put(&client, LEGACY, json!({"bootId": disk})).await;
    machine.reboot();
    assert_eq!(last_boot(&world, "ovh-ns3000001"), Boot::Disk);
    let shown = client.get(&at(LEGACY, "")).await;
    assert_eq!(shown["rescueSshKey"], super::KEY);
    assert_eq!(
        (&shown["monitoring"], &shown["bootId"]),
        (&json!(false), &disk)
    );
    put(&client, LEGACY, json!({"rescueSshKey": null})).await;
    assert_eq!(
        client.get(&at(LEGACY, "")).await["rescueSshKey"],
        Value::Null
    );
    assert_eq!(
        put(&client, LEGACY, json!({"rescueSshKey": "rubbish"}))
            .await
            .0,
        400
    );
}

#[tokio::test]
async fn without_a_key_the_password_is_mailed_and_windows_is_no_linux() {
    let world = Fixture::new().await;
    let client = world.ovh();
    let rescue = boot_of(&client, UEFI, "rescue-customer").await;
    put(&client, UEFI, json!({"bootId": rescue})).await;
    client.did(&at(UEFI, "/reboot"), json!({})).await;
    let Boot::Rescue {
        password, system, ..
    } = last_boot(&world, "ovh-ns3000002")
    else {
        panic!("no rescue");
    };
    assert_eq!(system.hostname, "rescue-customer-ca");
    let (_, mails) = world
        .client
        .control(Method::GET, "/ovh/mailbox", None)
        .await;
    assert_eq!(mails["mails"][0]["password"], json!(password.unwrap()));

    let windows = boot_of(&client, UEFI, "WinPE").await;
    put(&client, UEFI, json!({"bootId": windows})).await;
    client.did(&at(UEFI, "/reboot"), json!({})).await;
    let Boot::Rescue { system, .. } = last_boot(&world, "ovh-ns3000002") else {
        panic!("no rescue");
    };
    assert!(!system.linux);
}

#[tokio::test]
async fn uefi_boots_the_path_that_is_set() {
    let world = Fixture::new().await;
    let client = world.ovh();
    let chain = |loader: &str| Boot::Chain {
        loader: loader.to_owned(),
    };
    assert_eq!(
        client.get(&at(LEGACY, "")).await["efiBootloaderPath"],
        Value::Null
    );
    let stock = r"\efi\debian\grubx64.efi";
    assert_eq!(client.get(&at(UEFI, "")).await["efiBootloaderPath"], stock);
    client.did(&at(UEFI, "/reboot"), json!({})).await;
    client.get(&at(UEFI, "")).await;
    assert_eq!(last_boot(&world, "ovh-ns3000002"), chain(stock));
    let path = r"\EFI\BOOT\BOOTX64.EFI";
    put(&client, UEFI, json!({"efiBootloaderPath": path})).await;
    client.did(&at(UEFI, "/reboot"), json!({})).await;
    client.get(&at(UEFI, "")).await;
    assert_eq!(last_boot(&world, "ovh-ns3000002"), chain(path));
    for nothing in [json!(null), json!("")] {
        put(&client, UEFI, json!({"efiBootloaderPath": path})).await;
        put(&client, UEFI, json!({"efiBootloaderPath": nothing})).await;
        client.did(&at(UEFI, "/reboot"), json!({})).await;
        assert_eq!(
            client.get(&at(UEFI, "")).await["efiBootloaderPath"],
            Value::Null
        );
        assert_eq!(last_boot(&world, "ovh-ns3000002"), Boot::Disk);
    }
}

#[tokio::test]
async fn a_reinstallation_writes_an_image_and_boots_it() {
    let world = Fixture::new().await;
    let client = world.ovh();
    let templates = client.get(&at(UEFI, "/install/compatibleTemplates")).await;
    assert!(
        templates["ovh"]
            .as_array()
            .unwrap()
            .contains(&json!("debian13_64"))
    );
    let rescue = boot_of(&client, UEFI, "rescue-customer").await;
    let body = json!({"bootId": rescue, "efiBootloaderPath": r"\efi\nixos\x.efi"});
    put(&client, UEFI, body).await;
    let order = json!({"operatingSystem": "debian13_64", "customizations": {"sshKey": super::KEY, "hostname": "web-1"}});
    let task = client.did(&at(UEFI, "/reinstall"), order).await;
    assert_eq!(task["function"], "reinstallServer");
    let shown = client.get(&at(UEFI, "")).await;
    assert_eq!(shown["os"], "debian13_64");
    assert_eq!(
        json!([shown["bootId"]]),
        client.get(&at(UEFI, "/boot?bootType=harddisk")).await
    );
    let memory = world.maker.get("ovh-ns3000002").unwrap().memory();
    let image = memory.image.unwrap();
    assert_eq!(image.authorized_keys, [super::KEY]);
    assert!(image.user_data.unwrap().contains("hostname: web-1"));
    assert!(
        matches!(memory.boots.last(), Some(Boot::Chain { loader }) if loader.contains("debian"))
    );
    for (body, status) in [
        (json!({}), 400),
        (json!({"operatingSystem": "minix_64"}), 400),
        (
            json!({"operatingSystem": "debian13_64", "storage": [{}]}),
            501,
        ),
    ] {
        assert_eq!(
            client
                .refused(&at(UEFI, "/reinstall"), body.clone())
                .await
                .0,
            status,
            "{body}"
        );
    }
}

#[tokio::test]
async fn tasks_are_one_at_a_time_and_end_as_faults_say() {
    let world = Fixture::with(json!({"latency": {"reset_ms": 3_600_000}})).await;
    let client = world.ovh();
    let id = client.did(&at(LEGACY, "/reboot"), json!({})).await["taskId"].clone();
    let shown = client.get(&at(LEGACY, &format!("/task/{id}"))).await;
    assert_eq!(
        (&shown["status"], &shown["doneDate"]),
        (&json!("doing"), &Value::Null)
    );
    for (query, found) in [
        ("", true),
        ("?function=hardReboot", true),
        ("?function=reinstallServer", false),
        ("?status=doing&function=hardReboot", true),
        ("?status=done", false),
    ] {
        let expected = if found { json!([id]) } else { json!([]) };
        assert_eq!(
            client.get(&at(LEGACY, &format!("/task{query}"))).await,
            expected
        );
    }
    assert_eq!(
        client.refused(&at(LEGACY, "/reboot"), json!({})).await.0,
        409
    );
    let order = json!({"operatingSystem": "debian13_64"});
    assert_eq!(
        client.refused(&at(LEGACY, "/reinstall"), order).await.0,
        409
    );

    let world = Fixture::new().await;
    let client = world.ovh();
    for (code, status) in [("", "ovhError"), ("customerError", "customerError")] {
        let kind = json!({"action-error": {"code": code, "message": "a cable is loose"}});
        world
            .client
            .arm(json!({"path": "/dedicated/server/*/reboot", "kind": kind}))
            .await;
        let id = client.did(&at(LEGACY, "/reboot"), json!({})).await["taskId"].clone();
        let shown = client.get(&at(LEGACY, &format!("/task/{id}"))).await;
        assert_eq!(shown["status"], status);
        assert_eq!(shown["comment"], "a cable is loose");
    }
}

#[tokio::test]
async fn a_contract_that_is_over_is_listed_and_refused() {
    let setting = json!([{"name": UEFI, "status": "expired"}]);
    let world = Fixture::with(json!({"ovh": {"dedicated": setting}})).await;
    let client = world.ovh();
    assert_eq!(client.get("/dedicated/server").await, json!([LEGACY, UEFI]));
    for rest in [
        "",
        "/boot",
        "/specifications/hardware",
        "/serviceInfos",
        "/task",
    ] {
        assert_eq!(
            client.ask(Method::GET, &at(UEFI, rest), None).await.0,
            460,
            "{rest}"
        );
    }
    client.get(&at(LEGACY, "")).await;
    let (status, _) = client
        .ask(Method::GET, &at("ns1.example.eu", ""), None)
        .await;
    assert_eq!(status, 404);
}
