//! Each intent of a VPS, from each state, as the requests that the vendor sees.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod rented;

use provision_api::{Accepted, ErrorKind, Intent, KeyId, Phase, Provider, Stage};
use provision_ovh::Vps;
use rented::*;
use serde_json::{Value, json};

const VPS: &str = "/vps/vps-aaaa1111.vps.ovh.net";
const SERVICE: &str = "vps-aaaa1111.vps.ovh.net";
const UNMARK: &str =
    "PUT /v2/iam/resource/urn%3Av1%3Aeu%3Aresource%3Avps%3Avps-aaaa1111.vps.ovh.net";

async fn stub() -> Stub<Vps> {
    Stub::new("vps", Vps::new).await
}

fn intent(word: &str) -> Intent {
    let keys = vec![KeyId::new(PUBLIC)];
    match word {
        "rescue" => Intent::InRescue { keys },
        "disk" => Intent::FromDisk,
        "next" => Intent::DiskNext,
        "image" => Intent::Rebuilt {
            image: "debian-13".to_owned(),
            user_data: "#cloud-config\n".into(),
            keys,
        },
        "reset" => Intent::Released { reset: true },
        "free" => Intent::Released { reset: false },
        other => panic!("{other}"),
    }
}

fn task(id: u64, kind: &str, state: &str) -> Value {
    let date = "2026-07-10T08:15:00+02:00";
    json!({ "id": id, "type": kind, "state": state, "progress": 30, "date": date })
}

/// The state and the boot mode that the vendor tells of, what is wanted and at which stage, what
/// is written, and which stage comes next.
const SWITCHES: [&str; 18] = [
    "running local  rescue 0 PUT     1",
    "running rescue rescue 0 reboot  -",
    "running rescue rescue 1 reboot  -",
    "stopped rescue rescue 1 start   -",
    "rescued rescue disk   0 PUT     1",
    "rescued local  disk   1 reboot  -",
    "running local  disk   0 reboot  -",
    "stopped local  disk   0 start   -",
    "running local  next   0 -       -",
    "rescued rescue next   0 PUT     -",
    "running local  image  0 rebuild 2",
    "rescued rescue image  0 PUT     1",
    "rescued local  image  1 rebuild 2",
    "stopped local  image  2 start   -",
    "running local  image  2 -       -",
    "running local  reset  0 rebuild 2",
    "rescued rescue reset  0 PUT     1",
    "rescued rescue free   0 PUT     2",
];

#[tokio::test]
async fn every_state_is_left_by_the_right_switch() {
    for row in SWITCHES {
        let cells: Vec<_> = row.split_whitespace().collect();
        let [doing, netboot, wanted, stage, written, next] = cells[..] else {
            panic!("{row}");
        };
        let stub = stub().await;
        stub.changed(&format!("GET {VPS}"), |vps| {
            vps["state"] = json!(doing);
            vps["netbootMode"] = json!(netboot);
        })
        .await;
        // the view is older than the state
        let server = ours(SERVICE, Phase::Installed);
        let stage = Stage(stage.parse().unwrap());
        let accepted = stub.provider.drive(&server, &intent(wanted), stage).await;
        let accepted = accepted.unwrap();
        let expects = match written {
            "-" => Vec::new(),
            "PUT" => vec![format!("PUT {VPS}")],
            verb => vec![format!("POST {VPS}/{verb}")],
        };
        assert_eq!(stub.writes().await, expects, "{row}");
        assert_eq!(accepted.next, next.parse().ok().map(Stage), "{row}");
        let begun = usize::from(!matches!(written, "-" | "PUT"));
        assert_eq!(accepted.tasks.len(), begun, "{row}");
        if written == "PUT" {
            let mode = if wanted == "rescue" {
                "rescue"
            } else {
                "local"
            };
            let body = stub.body_of(&format!("PUT {VPS}")).await;
            assert_eq!(body, json!({ "netbootMode": mode }), "{row}");
        }
    }
}

#[tokio::test]
async fn a_change_of_the_boot_mode_that_takes_time_is_waited_for() {
    let stub = stub().await;
    let kind = format!("GET {VPS}/tasks?type=setNetboot");
    stub.answer(&kind, 200, json!([3, 77])).await;
    stub.once(&kind, 200, json!([3])).await;
    let changing = task(77, "setNetboot", "doing");
    stub.answer(&format!("GET {VPS}/tasks/77"), 200, changing)
        .await;
    let server = ours(SERVICE, Phase::Created);
    let accepted = stub
        .provider
        .drive(&server, &intent("rescue"), Stage(0))
        .await;
    let accepted = accepted.unwrap();
    assert_eq!(accepted.next, Some(Stage(1)));
    let tasks: Vec<_> = accepted.tasks.iter().map(|task| task.id.as_str()).collect();
    assert_eq!(tasks, [format!("{SERVICE}/77")]);
}

#[tokio::test]
async fn the_image_is_found_by_name_and_gets_the_key() {
    let stub = stub().await;
    let server = ours(SERVICE, Phase::Created);
    let accepted = stub
        .provider
        .drive(&server, &intent("image"), Stage(0))
        .await;
    let task = &accepted.unwrap().tasks[0];
    assert_eq!(task.id.as_str(), format!("{SERVICE}/503"));
    assert_eq!(task.what, "reinstallVm");
    let body = stub.body_of(&format!("POST {VPS}/rebuild")).await;
    let expected = json!({
        "imageId": "img-deb-13",
        "publicSshKey": PUBLIC,
        "doNotSendPassword": true,
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn what_cannot_be_written_is_refused_before_anything_is_changed() {
    let unknown = Intent::Rebuilt {
        image: "Plan 9".to_owned(),
        user_data: "".into(),
        keys: vec![KeyId::new(PUBLIC)],
    };
    let keyless = Intent::Rebuilt {
        image: "Debian 13".to_owned(),
        user_data: "".into(),
        keys: Vec::new(),
    };
    for (intent, why) in [
        (unknown, "Debian 12, Debian 13, Ubuntu 24.04"),
        (keyless, "no login key"),
    ] {
        let stub = stub().await;
        stub.changed(&format!("GET {VPS}"), |vps| {
            vps["netbootMode"] = json!("rescue");
        })
        .await;
        let server = ours(SERVICE, Phase::Created);
        let error = stub.provider.drive(&server, &intent, Stage(0)).await;
        let error = error.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Invalid, "{error}");
        assert!(error.message.contains(why), "{error}");
        assert_eq!(stub.writes().await, [""; 0]);
    }
}

#[tokio::test]
async fn a_reset_writes_the_image_it_came_with_and_the_marks_go_last() {
    let stub = stub().await;
    let server = ours(SERVICE, Phase::Proven);
    let accepted = stub
        .provider
        .drive(&server, &intent("reset"), Stage(0))
        .await;
    assert_eq!(accepted.unwrap().next, Some(Stage(2)));
    let body = stub.body_of(&format!("POST {VPS}/rebuild")).await;
    // nobody's key: the vendor mails a password
    let expected = json!({ "imageId": "img-deb-12", "doNotSendPassword": false });
    assert_eq!(body, expected);
    assert_eq!(stub.writes().await, [format!("POST {VPS}/rebuild")]);
    let accepted = stub
        .provider
        .drive(&server, &intent("reset"), Stage(2))
        .await;
    assert_eq!(accepted.unwrap().next, None);
    let tags = json!({ "team": "storage", "ovh:whoami": "internal" });
    assert_eq!(stub.body_of(UNMARK).await, json!({ "tags": tags }));
}

#[tokio::test]
async fn released_as_it_is_it_only_loses_its_marks() {
    let stub = stub().await;
    let server = ours(SERVICE, Phase::Proven);
    let accepted = stub
        .provider
        .drive(&server, &intent("free"), Stage(0))
        .await;
    assert_eq!(accepted.unwrap(), Accepted::default());
    assert_eq!(stub.writes().await, [UNMARK]);
}

#[tokio::test]
async fn whoever_gets_it_next_finds_its_disk_and_not_the_rescue_system() {
    let stub = stub().await;
    let kind = format!("GET {VPS}/tasks?type=setNetboot");
    stub.answer(&kind, 200, json!([3, 77])).await;
    stub.once(&kind, 200, json!([3])).await;
    let changing = task(77, "setNetboot", "doing");
    stub.answer(&format!("GET {VPS}/tasks/77"), 200, changing)
        .await;
    let rescue = |vps: &mut Value| vps["netbootMode"] = json!("rescue");
    stub.changed(&format!("GET {VPS}"), rescue).await;
    let server = ours(SERVICE, Phase::Created);
    let provider = &stub.provider;
    let accepted = provider.drive(&server, &intent("free"), Stage(0)).await;
    let accepted = accepted.unwrap();
    let tasks: Vec<_> = accepted.tasks.iter().map(|task| task.id.as_str()).collect();
    assert_eq!(tasks, [format!("{SERVICE}/77")]);
    let put = format!("PUT {VPS}");
    let body = stub.body_of(&put).await;
    assert_eq!(body, json!({ "netbootMode": "local" }));
    // the marks go last
    assert_eq!(stub.writes().await, std::slice::from_ref(&put));
    let next = accepted.next.unwrap();
    let accepted = provider.drive(&server, &intent("free"), next).await;
    assert_eq!(accepted.unwrap(), Accepted::default());
    assert_eq!(stub.writes().await, [put, UNMARK.to_owned()]);
    // by now it is nobody's: twice is a success, and nothing is changed
    let accepted = provider.drive(&server, &intent("free"), Stage(0)).await;
    assert_eq!(accepted.unwrap(), Accepted::default());
    assert_eq!(stub.writes().await.len(), 2);
}

#[tokio::test]
async fn without_an_image_to_go_back_to_nothing_is_reset() {
    let stub = stub().await;
    let call = format!("GET {VPS}/images/current");
    stub.refuse(&call, 404, "", "no image").await;
    let server = ours(SERVICE, Phase::Proven);
    let error = stub
        .provider
        .drive(&server, &intent("reset"), Stage(0))
        .await;
    let error = error.unwrap_err();
    assert!(error.message.contains("release it as it is"), "{error}");
    assert_eq!(stub.writes().await, [""; 0]);
}
