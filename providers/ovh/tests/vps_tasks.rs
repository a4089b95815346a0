//! What the vendor does to a VPS in the background: begun once, and told as it is.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod rented;

use provision_api::{ErrorKind, Intent, KeyId, Phase, Progress, Provider, Stage, TaskId};
use provision_ovh::Vps;
use rented::*;
use serde_json::{Value, json};

const VPS: &str = "/vps/vps-aaaa1111.vps.ovh.net";
const SERVICE: &str = "vps-aaaa1111.vps.ovh.net";

async fn stub() -> Stub<Vps> {
    Stub::new("vps", Vps::new).await
}

fn task(id: u64, kind: &str, state: &str) -> Value {
    let date = "2026-07-10T08:15:00+02:00";
    json!({ "id": id, "type": kind, "state": state, "progress": 30, "date": date })
}

/// What reboots, or writes an image.
fn intent(word: &str) -> Intent {
    let keys = vec![KeyId::new(PUBLIC)];
    match word {
        "rescue" => Intent::InRescue { keys },
        "disk" => Intent::FromDisk,
        _ => Intent::Rebuilt {
            image: "debian-13".to_owned(),
            user_data: "#cloud-config\n".into(),
            keys,
        },
    }
}

#[tokio::test]
async fn while_the_vendor_is_at_it_nothing_is_begun() {
    for (kind, state, busy) in [
        ("reinstallVm", "doing", true),
        ("migrate", "todo", true),
        ("rebootVm", "todo", true),
        ("rescheduleAutoBackup", "doing", false),
        ("getConsoleUrl", "todo", false),
    ] {
        for wanted in ["rescue", "disk", "image"] {
            let stub = stub().await;
            let call = format!("GET {VPS}/tasks?state={state}");
            stub.answer(&call, 200, json!([9])).await;
            let other = task(9, kind, state);
            stub.answer(&format!("GET {VPS}/tasks/9"), 200, other).await;
            let server = ours(SERVICE, Phase::Created);
            let accepted = stub
                .provider
                .drive(&server, &intent(wanted), Stage(0))
                .await;
            let case = format!("{kind} {wanted}");
            if !busy {
                assert!(accepted.is_ok(), "{case}: {accepted:?}");
                continue;
            }
            let error = accepted.unwrap_err();
            assert_eq!(error.kind, ErrorKind::Conflict, "{case}: {error}");
            assert!(error.message.contains(kind), "{error}");
            assert_eq!(stub.writes().await, [""; 0], "{case}");
        }
    }
    let stub = stub().await;
    let call = format!("POST {VPS}/reboot");
    stub.refuse(&call, 409, "", "Tasks are in progress").await;
    let server = ours(SERVICE, Phase::Created);
    let error = stub
        .provider
        .drive(&server, &intent("disk"), Stage(0))
        .await;
    assert_eq!(error.unwrap_err().kind, ErrorKind::Conflict);
}

#[tokio::test]
async fn a_lost_answer_is_looked_for_before_it_is_asked_again() {
    let reboot = format!("POST {VPS}/reboot");
    for taken in [true, false] {
        let stub = stub().await;
        stub.once(&reboot, 502, json!({ "message": "bad gateway" }))
            .await;
        let kind = format!("GET {VPS}/tasks?type=rebootVm");
        let after = if taken { json!([3, 4]) } else { json!([3]) };
        stub.answer(&kind, 200, after).await;
        stub.once(&kind, 200, json!([3])).await;
        // an old one is not it
        let old = task(3, "rebootVm", "done");
        stub.answer(&format!("GET {VPS}/tasks/3"), 200, old).await;
        let found = task(4, "rebootVm", "doing");
        stub.answer(&format!("GET {VPS}/tasks/4"), 200, found).await;
        let server = ours(SERVICE, Phase::Created);
        let accepted = stub
            .provider
            .drive(&server, &intent("disk"), Stage(0))
            .await;
        let accepted = accepted.unwrap();
        let id = if taken { 4 } else { 501 };
        assert_eq!(accepted.tasks[0].id.as_str(), format!("{SERVICE}/{id}"));
        let times = if taken { 1 } else { 2 };
        assert_eq!(stub.writes().await, vec![reboot.clone(); times]);
    }
}

#[tokio::test]
async fn tasks_are_told_by_their_states() {
    let stub = stub().await;
    let states = [
        "todo",
        "doing",
        "paused",
        "waitingAck",
        "blocked",
        "dreaming",
        "done",
        "error",
        "cancelled",
    ];
    let mut ids = Vec::new();
    for (id, state) in (10_u64..).zip(states) {
        let body = task(id, "reinstallVm", state);
        stub.answer(&format!("GET {VPS}/tasks/{id}"), 200, body)
            .await;
        ids.push(TaskId::new(format!("{SERVICE}/{id}")));
    }
    let gone = format!("GET {VPS}/tasks/99");
    stub.refuse(&gone, 404, "", "no such task").await;
    let expired = "GET /vps/vps-cccc3333.vps.ovh.net/tasks/1";
    stub.refuse(expired, 460, "", "expired").await;
    for odd in [
        "9007199254740991",
        "/5",
        &format!("{SERVICE}/five"),
        &format!("{SERVICE}/99"),
        "vps-cccc3333.vps.ovh.net/1",
    ] {
        ids.push(TaskId::new(odd));
    }
    let polled = stub.provider.poll(&ids).await.unwrap();
    let told: Vec<_> = polled
        .iter()
        .map(|progress| match progress {
            Progress::Running(percent) => format!("running {percent:?}"),
            Progress::Done => "done".to_owned(),
            Progress::Failed(error) => format!("failed {:?}", error.kind),
        })
        .collect();
    let mut expected = vec!["running Some(30)"; 6];
    expected.extend(["done", "failed Unknown", "failed Unknown"]);
    expected.extend(["failed NotFound"; 4]);
    expected.push("failed Suspended");
    assert_eq!(told, expected);
    let Progress::Failed(error) = &polled[7] else {
        panic!("{told:?}");
    };
    assert_eq!(error.code.as_deref(), Some("error"));
    assert!(error.message.contains("reinstallVm"), "{error}");
    // what is no id of the vendor's is not asked for
    assert_eq!(stub.asked().await.len(), states.len() + 2);
}

#[tokio::test]
async fn a_task_that_is_over_at_once_needs_no_waiting() {
    for (state, waits) in [("done", Some(0)), ("doing", Some(1)), ("error", None)] {
        let stub = stub().await;
        let answer = task(501, "rebootVm", state);
        stub.answer(&format!("POST {VPS}/reboot"), 200, answer)
            .await;
        let server = ours(SERVICE, Phase::Created);
        let accepted = stub
            .provider
            .drive(&server, &intent("disk"), Stage(0))
            .await;
        let tasks = accepted.ok().map(|accepted| accepted.tasks.len());
        assert_eq!(tasks, waits, "{state}");
    }
}
