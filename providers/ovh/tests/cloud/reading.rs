//! What the vendor tells, in the project's words.

use crate::stub::*;
use provision_api::{
    Arch, Fingerprint, LeftoverKind, OwnedServer, Phase, Progress, Provider, Role, ServerStatus,
    TaskId,
};
use serde_json::json;

#[tokio::test]
async fn a_server_of_ours_is_read_with_all_that_its_names_say() {
    let stub = Stub::new().await;
    let servers = stub.cloud.servers().await.unwrap();
    let web = &servers[0];
    assert_eq!((web.id.as_str(), web.name.as_str()), ("i-1", "web-1"));
    assert_eq!(web.status, ServerStatus::Running);
    assert_eq!(web.ipv4, Some("203.0.113.1".parse().unwrap()));
    assert_eq!(web.ipv6, Some("2001:db8:1::1/128".parse().unwrap()));
    assert_eq!(web.gateway6, Some("2001:db8:0:ff::1".parse().unwrap()));
    assert_eq!(
        (web.server_type.as_str(), web.location.as_str(), &web.arch),
        ("d2-2", "GRA11", &Arch::X86_64)
    );
    assert_eq!(web.created, "2026-07-10T08:15:02Z".parse().unwrap());
    assert!(!web.rescue_armed && !web.protected && web.doubt.is_none());
    let expected = provision_api::Marks {
        phase: Phase::Proven,
        host_key: Some(Fingerprint::of_wire(b"a key")),
        ..marks()
    };
    assert_eq!(web.marks.as_ref(), Some(&expected));

    let bobs = servers
        .iter()
        .find(|server| server.id.as_str() == "i-6")
        .unwrap();
    assert_eq!(bobs.status, ServerStatus::Running);
    assert!(bobs.rescue_armed, "it boots rescue until that is left");
    let marks = bobs.marks.as_ref().unwrap();
    assert_eq!((marks.owner.as_str(), marks.role), ("bob", Role::Test));
    assert!(
        !servers.iter().any(|server| server.id.as_str() == "i-9"),
        "it is deleted"
    );

    let again = stub.cloud.servers().await.unwrap();
    assert_eq!(again, servers);
    let asked = stub.asked_sorted().await;
    let lists = [
        "GET /instance",
        "GET /instance",
        "GET /sshkey",
        "GET /sshkey",
    ];
    assert_eq!(asked, [&["GET /flavor"], &lists[..]].concat());
}

#[tokio::test]
async fn half_a_mark_is_a_doubt_and_nobody_may_touch_it() {
    let stub = Stub::new().await;
    let servers = stub.cloud.servers().await.unwrap();
    for (id, name, expected) in [
        ("i-2", "mail", None),
        ("i-3", "web-3_prov1", Some("\"laptop\", does not")),
        (
            "i-4",
            "web-4_prov1",
            Some("no key that is there is attached"),
        ),
        ("i-5", "renamed", Some("the key attached to it says")),
        (
            "i-7",
            "web-7_prov1",
            Some("run r2 of ann for web-7, and the key"),
        ),
        ("i-8", "web-8_prov1", Some("the host is missing")),
    ] {
        let server = servers
            .iter()
            .find(|server| server.id.as_str() == id)
            .unwrap();
        assert!(server.name.starts_with(name), "{id} is {}", server.name);
        assert_eq!(server.marks, None, "{id}");
        let refused = OwnedServer::claim(server.clone(), &owner())
            .unwrap_err()
            .to_string();
        match expected {
            None => assert!(server.doubt.is_none(), "{id}: {:?}", server.doubt),
            Some(expected) => {
                let doubt = server.doubt.as_deref().unwrap();
                assert!(doubt.contains(expected), "{id}: {doubt}");
                assert!(refused.contains(doubt), "{refused}");
            }
        }
    }
    let mail = servers
        .iter()
        .find(|server| server.id.as_str() == "i-2")
        .unwrap();
    assert_eq!((mail.ipv4, mail.ipv6, mail.gateway6), (None, None, None));
    assert_eq!(
        mail.server_type, "f-gone",
        "a flavor that is not sold any more"
    );
}

#[tokio::test]
async fn what_is_new_or_missing_fails_no_list() {
    let stub = Stub::new().await;
    let list = json!([
        { "id": "i-1", "name": "x", "status": "TELEPORTING", "created": "yesterday",
          "ipAddresses": [{ "ip": "nowhere", "version": "7" }], "somethingNew": {} },
        { "id": "i-2", "name": "y", "status": null, "ipAddresses": null, "sshKeyId": null },
    ]);
    stub.instead(get("/cloud/project/p1/instance"), ok(list))
        .await;
    let servers = stub.cloud.servers().await.unwrap();
    assert_eq!(
        servers[0].status,
        ServerStatus::Other("teleporting".to_owned())
    );
    assert_eq!(servers[0].created, jiff::Timestamp::UNIX_EPOCH);
    assert_eq!(servers[0].ipv4, None);
    assert_eq!(servers[1].status, ServerStatus::Other(String::new()));
}

#[tokio::test]
async fn any_number_of_tasks_is_one_list() {
    let stub = Stub::new().await;
    let ids = [
        "i-1/active",
        "42",
        "i-6/rescue",
        "i-9/gone",
        "i-1/gone",
        "i-77/active",
    ];
    let ids: Vec<_> = ids.into_iter().map(TaskId::new).collect();
    let found = stub.cloud.poll(&ids).await.unwrap();
    let words: Vec<_> = found
        .iter()
        .map(|progress| match progress {
            Progress::Done => "done".to_owned(),
            Progress::Running(_) => "running".to_owned(),
            Progress::Failed(error) => format!("{:?}", error.kind),
        })
        .collect();
    assert_eq!(
        words,
        ["done", "NotFound", "done", "done", "running", "NotFound"]
    );
    // and a look at each that the list does not show
    let asked = ["GET /instance", "GET /instance/i-77", "GET /instance/i-9"];
    assert_eq!(stub.asked_sorted().await, asked);
    stub.cloud.poll(&[TaskId::new("42")]).await.unwrap();
    assert_eq!(
        stub.asked_sorted().await,
        asked,
        "none of ours needs no look"
    );
    let stub = Stub::new().await;
    stub.cloud.poll(&ids[..3]).await.unwrap();
    assert_eq!(stub.asked().await, ["GET /instance"]);
}

#[tokio::test]
async fn keys_of_ours_are_left_over_and_told_with_who_uses_them() {
    let stub = Stub::new().await;
    let left = stub.cloud.leftovers(&owner()).await.unwrap();
    let told: Vec<_> = left
        .iter()
        .map(|left| {
            let host = left.host.as_ref().map(provision_api::HostName::as_str);
            let user = left.in_use_by.as_ref().map(provision_api::ServerId::as_str);
            (left.id.as_str(), left.kind, host, user)
        })
        .collect();
    assert_eq!(
        told,
        [
            ("key-ann", LeftoverKind::Key, Some("web-1"), Some("i-1")),
            ("key-free", LeftoverKind::Key, Some("old-1"), None),
        ]
    );
    stub.once(delete("/cloud/project/p1/sshkey/key-free"), nothing())
        .await;
    stub.on(
        delete("/cloud/project/p1/sshkey/key-free"),
        problem(404, "Client::NotFound", "no such key"),
    )
    .await;
    for _ in 0..2 {
        let accepted = stub.cloud.remove(&left[1]).await.unwrap();
        assert_eq!(accepted, provision_api::Accepted::default());
    }
}

#[tokio::test]
async fn the_screen_is_an_address() {
    let stub = Stub::new().await;
    let server = stub.ours("ACTIVE").await;
    let console = stub.cloud.console(&server).await.unwrap();
    assert_eq!(console.url, "https://vnc.example/auto?token=0neT1me");
    assert!(console.password.is_none());
}
