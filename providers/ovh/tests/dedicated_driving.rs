//! Each intent of a dedicated server, as the requests that the vendor sees.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod rented;

use provision_api::{Accepted, ErrorKind, Intent, KeyId, Phase, Progress, Provider, Stage, TaskId};
use provision_ovh::Dedicated;
use rented::*;
use serde_json::{Value, json};

const SERVICE: &str = "ns100001.ip-203-0-113.eu";
const PATH: &str = "/dedicated/server/ns100001.ip-203-0-113.eu";
const UNMARK: &str = "PUT /v2/iam/resource/\
                      urn%3Av1%3Aeu%3Aresource%3AdedicatedServer%3Ans100001.ip-203-0-113.eu";
const LOADER: &str = r"\EFI\BOOT\BOOTX64.EFI";
const VENDORS: &str = r"\efi\debian\grubx64.efi";

async fn stub() -> Stub<Dedicated> {
    Stub::new("dedicated", Dedicated::new).await
}

fn rescue() -> Intent {
    let keys = vec![KeyId::new(PUBLIC), KeyId::new("ssh-ed25519 BBBB")];
    Intent::InRescue { keys }
}

fn task(id: u64, function: &str, status: &str, comment: Option<&str>) -> Value {
    let mut task = account("dedicated")[&format!("POST {PATH}/reboot")].clone();
    task["taskId"] = json!(id);
    task["function"] = json!(function);
    task["status"] = json!(status);
    task["comment"] = json!(comment);
    task
}

#[tokio::test]
async fn the_rescue_system_is_the_customers_and_gets_the_first_key() {
    let stub = stub().await;
    let server = ours(SERVICE, Phase::Created);
    let accepted = stub.provider.drive(&server, &rescue(), Stage(0)).await;
    let accepted = accepted.unwrap();
    assert_eq!(accepted.next, None);
    assert_eq!(accepted.tasks[0].id.as_str(), format!("{SERVICE}/801"));
    assert_eq!(accepted.tasks[0].what, "hardReboot");
    let (put, reboot) = (format!("PUT {PATH}"), format!("POST {PATH}/reboot"));
    assert_eq!(stub.writes().await, [put.clone(), reboot]);
    let body = stub.body_of(&put).await;
    assert_eq!(body, json!({ "bootId": 4711, "rescueSshKey": PUBLIC }));
}

#[tokio::test]
async fn without_a_rescue_system_or_a_key_nothing_is_changed() {
    let keyless = Intent::InRescue { keys: Vec::new() };
    for (intent, kind, why) in [
        (
            rescue(),
            ErrorKind::Unsupported,
            "9001 WinPE (Customer rescue system (WinPE))",
        ),
        (keyless, ErrorKind::Invalid, "no login key"),
    ] {
        let stub = stub().await;
        let call = format!("GET {PATH}/boot?bootType=rescue");
        stub.answer(&call, 200, json!([9001, 9002])).await;
        let server = ours(SERVICE, Phase::Created);
        let error = stub.provider.drive(&server, &intent, Stage(0)).await;
        let error = error.unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.message.contains(why), "{error}");
        assert_eq!(stub.writes().await, [""; 0]);
    }
}

/// What it boots, the path of its boot loader, its firmware, how far the installation is, and
/// the change that is made.
fn ways_to_the_disk() -> [(u64, Option<&'static str>, &'static str, Phase, Value); 6] {
    let nothing = json!(null);
    let (installed, created) = (Phase::Installed, Phase::Created);
    [
        (
            4711,
            None,
            "uefi",
            installed,
            json!({ "bootId": 1, "efiBootloaderPath": LOADER }),
        ),
        (
            1,
            Some(VENDORS),
            "uefi-legacy",
            installed,
            json!({ "efiBootloaderPath": LOADER }),
        ),
        (1, Some(LOADER), "uefi", installed, nothing.clone()),
        (
            4711,
            Some(VENDORS),
            "legacy",
            installed,
            json!({ "bootId": 1, "efiBootloaderPath": null }),
        ),
        (4711, Some(VENDORS), "uefi", created, json!({ "bootId": 1 })),
        (1, None, "legacy", installed, nothing),
    ]
}

#[tokio::test]
async fn the_disk_comes_back_with_the_loader_that_is_on_it() {
    for (boot, loader, mode, phase, change) in ways_to_the_disk() {
        for (intent, reboots) in [(Intent::FromDisk, true), (Intent::DiskNext, false)] {
            let stub = stub().await;
            stub.changed(&format!("GET {PATH}"), |server| {
                server["bootId"] = json!(boot);
                server["efiBootloaderPath"] = json!(loader);
            })
            .await;
            let hardware = format!("GET {PATH}/specifications/hardware");
            stub.changed(&hardware, |hardware| hardware["bootMode"] = json!(mode))
                .await;
            let server = ours(SERVICE, phase);
            let accepted = stub.provider.drive(&server, &intent, Stage(0)).await;
            let accepted = accepted.unwrap();
            let case = format!("{boot} {loader:?} {mode} {phase} {intent:?}");
            assert_eq!(accepted.next, None, "{case}");
            assert_eq!(accepted.tasks.len(), usize::from(reboots), "{case}");
            let (put, reboot) = (format!("PUT {PATH}"), format!("POST {PATH}/reboot"));
            let mut expected = Vec::new();
            if !change.is_null() {
                assert_eq!(stub.body_of(&put).await, change, "{case}");
                expected.push(put);
            }
            expected.extend(reboots.then_some(reboot));
            assert_eq!(stub.writes().await, expected, "{case}");
        }
    }
}

#[tokio::test]
async fn while_the_vendor_installs_nothing_is_changed() {
    for (function, status, busy) in [
        ("reinstallServer", "doing", true),
        ("reinstallServer", "init", true),
        ("hardReboot", "todo", true),
        ("applyBackupFtpAcls", "doing", false),
    ] {
        let stub = stub().await;
        let call = format!("GET {PATH}/task?status={status}");
        stub.answer(&call, 200, json!([9])).await;
        let other = task(9, function, status, None);
        stub.answer(&format!("GET {PATH}/task/9"), 200, other).await;
        let server = ours(SERVICE, Phase::Created);
        let accepted = stub.provider.drive(&server, &rescue(), Stage(0)).await;
        if !busy {
            assert!(accepted.is_ok(), "{function}: {accepted:?}");
            continue;
        }
        let error = accepted.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Conflict, "{error}");
        assert!(error.message.contains(function), "{error}");
        assert_eq!(stub.writes().await, [""; 0]);
    }
}

#[tokio::test]
async fn a_lost_answer_does_not_reboot_twice() {
    let stub = stub().await;
    let reboot = format!("POST {PATH}/reboot");
    stub.once(&reboot, 500, json!({ "message": "internal error" }))
        .await;
    let kind = format!("GET {PATH}/task?function=hardReboot");
    stub.answer(&kind, 200, json!([4, 3])).await;
    stub.once(&kind, 200, json!([3])).await;
    // quick: it is over already
    let found = task(4, "hardReboot", "done", None);
    stub.answer(&format!("GET {PATH}/task/4"), 200, found).await;
    let server = ours(SERVICE, Phase::Installed);
    let accepted = stub
        .provider
        .drive(&server, &Intent::FromDisk, Stage(0))
        .await;
    assert!(accepted.unwrap().tasks.is_empty());
    let mut writes = stub.writes().await;
    writes.retain(|call| *call == reboot);
    assert_eq!(writes.len(), 1);
}

#[tokio::test]
async fn a_reset_installs_what_the_vendor_installed_last() {
    let stub = stub().await;
    stub.changed(&format!("GET {PATH}"), |server| {
        server["bootId"] = json!(4711);
    })
    .await;
    let server = ours(SERVICE, Phase::Proven);
    let reset = Intent::Released { reset: true };
    let accepted = stub
        .provider
        .drive(&server, &reset, Stage(0))
        .await
        .unwrap();
    assert_eq!(accepted.next, Some(Stage(1)));
    assert_eq!(accepted.tasks[0].what, "reinstallServer");
    let (put, install) = (format!("PUT {PATH}"), format!("POST {PATH}/reinstall"));
    assert_eq!(stub.writes().await, [put.clone(), install.clone()]);
    let disk = json!({ "bootId": 1, "rescueSshKey": null });
    assert_eq!(stub.body_of(&put).await, disk);
    let body = stub.body_of(&install).await;
    assert_eq!(body, json!({ "operatingSystem": "debian12_64" }));
    let accepted = stub.provider.drive(&server, &reset, Stage(1)).await;
    assert_eq!(accepted.unwrap().next, None);
    let tags = json!({ "team": "storage", "ovh:whoami": "internal" });
    assert_eq!(stub.body_of(UNMARK).await, json!({ "tags": tags }));
}

#[tokio::test]
async fn what_the_vendor_cannot_install_is_not_reset() {
    for os in ["none_64", "byolinux_64"] {
        let stub = stub().await;
        stub.changed(&format!("GET {PATH}"), |server| server["os"] = json!(os))
            .await;
        let server = ours(SERVICE, Phase::Proven);
        let reset = Intent::Released { reset: true };
        let error = stub.provider.drive(&server, &reset, Stage(0)).await;
        let error = error.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unsupported);
        assert!(error.message.contains(os), "{error}");
        assert_eq!(stub.writes().await, [""; 0]);
        let free = Intent::Released { reset: false };
        stub.provider.drive(&server, &free, Stage(0)).await.unwrap();
        assert_eq!(stub.writes().await, [UNMARK]);
    }
}

#[tokio::test]
async fn whoever_gets_it_next_finds_its_disk_and_not_our_rescue_system() {
    let armed = json!({ "bootId": 1, "rescueSshKey": null });
    let mut installed = armed.clone();
    installed["efiBootloaderPath"] = json!(LOADER);
    for (boot, phase, change) in [
        (4711, Phase::Created, Some(armed)),
        (4711, Phase::Installed, Some(installed)),
        (1, Phase::Installed, None),
    ] {
        let stub = stub().await;
        stub.changed(&format!("GET {PATH}"), |server| {
            server["bootId"] = json!(boot);
            server["efiBootloaderPath"] = json!(VENDORS);
        })
        .await;
        let server = ours(SERVICE, phase);
        let free = Intent::Released { reset: false };
        let released = stub.provider.drive(&server, &free, Stage(0)).await;
        assert_eq!(released.unwrap(), Accepted::default(), "{boot} {phase}");
        let mut expected = Vec::new();
        if let Some(change) = change {
            let put = format!("PUT {PATH}");
            assert_eq!(stub.body_of(&put).await, change, "{boot} {phase}");
            expected.push(put);
        }
        expected.push(UNMARK.to_owned());
        assert_eq!(stub.writes().await, expected, "{boot} {phase}");
    }
}

#[tokio::test]
async fn what_another_run_has_by_now_is_not_taken_out_of_rescue() {
    let stub = stub().await;
    stub.changed(&format!("GET {PATH}"), |server| {
        server["bootId"] = json!(4711);
        server["iam"]["tags"]["provision-run"] = json!("another");
    })
    .await;
    let server = ours(SERVICE, Phase::Created);
    let free = Intent::Released { reset: false };
    let released = stub.provider.drive(&server, &free, Stage(0)).await;
    assert_eq!(released.unwrap_err().kind, ErrorKind::NotOurs);
    assert_eq!(stub.writes().await, [""; 0]);
}

#[tokio::test]
async fn tasks_are_told_by_their_states() {
    let stub = stub().await;
    let (broken, none) = (Some("the disk is broken"), None);
    let states = [
        ("init", none, "running"),
        ("todo", none, "running"),
        ("doing", none, "running"),
        ("dreaming", none, "running"),
        ("done", none, "done"),
        ("cancelled", none, "the vendor gives no reason"),
        ("customerError", broken, "the disk is broken"),
        ("ovhError", broken, "the disk is broken"),
    ];
    let mut ids = Vec::new();
    for (id, (state, comment, _)) in (10_u64..).zip(&states) {
        let body = task(id, "reinstallServer", state, *comment);
        stub.answer(&format!("GET {PATH}/task/{id}"), 200, body)
            .await;
        ids.push(TaskId::new(format!("{SERVICE}/{id}")));
    }
    let polled = stub.provider.poll(&ids).await.unwrap();
    for (progress, (state, _, expected)) in polled.iter().zip(states) {
        match progress {
            Progress::Running(percent) => assert_eq!((expected, *percent), ("running", None)),
            Progress::Done => assert_eq!(expected, "done"),
            Progress::Failed(error) => {
                assert_eq!(error.code.as_deref(), Some(state));
                assert!(error.message.contains(expected), "{error}");
            }
        }
    }
    assert_eq!(polled.len(), states.len());
}
