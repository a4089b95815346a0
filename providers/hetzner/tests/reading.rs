//! What the adapter makes of what the vendor tells.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod common;

use common::*;
use provision_api::{
    Arch, ErrorKind, LeftoverKind, Phase, Progress, Provider, ServerStatus, TaskId,
};
use secrecy::ExposeSecret;
use wiremock::matchers::query_param;

#[tokio::test]
async fn the_catalog_has_all_pages_and_prices_with_the_address() {
    let stub = Stub::new().await;
    stub.on(get("/pricing"), answer(200, "pricing.json")).await;
    for page in ["1", "2"] {
        let call = get("/server_types")
            .and(query_param("page", page))
            .and(query_param("per_page", "50"));
        stub.on(call, answer(200, &format!("server_types_page{page}.json")))
            .await;
    }
    let catalog = stub.hetzner.catalog().await.unwrap();
    assert_eq!(catalog.currency, "EUR");
    let names: Vec<_> = catalog
        .types
        .iter()
        .map(|kind| (kind.name.as_str(), &kind.arch))
        .collect();
    assert_eq!(names, [("cx23", &Arch::X86_64), ("cax11", &Arch::Aarch64)]);
    let cx23 = catalog.server_type("cx23").unwrap();
    assert_eq!((cx23.cores, cx23.memory_mib, cx23.disk_gib), (2, 4096, 40));
    // gross: 0.005712 + 0.000952
    let offer = cx23.offer("fsn1").unwrap();
    assert_eq!(offer.hourly.unwrap().to_string(), "0.006664");
    assert!(offer.available && !offer.deprecated);
    assert!(!cx23.offer("hel1").unwrap().available);
    let phased_out = cx23.offer("nbg1").unwrap();
    assert!(phased_out.available && phased_out.deprecated);
    let cax11 = catalog.server_type("cax11").unwrap();
    // no price, no offer; and what ended is not to be had, whatever `available` says
    assert!(cax11.offer("sin").is_none());
    assert!(!cax11.offer("ash").unwrap().available);
    // no price for the address there, so the dearest: 0.00714 + 0.00119
    assert_eq!(
        cax11.offer("ash").unwrap().hourly.unwrap().to_string(),
        "0.00833"
    );

    stub.hetzner.catalog().await.unwrap();
    assert_eq!(
        stub.hetzner.requests(),
        3,
        "the second time nothing is asked"
    );
}

#[tokio::test]
async fn every_page_of_servers_is_read() {
    let stub = Stub::new().await;
    for page in ["1", "2"] {
        let call = get("/servers").and(query_param("page", page));
        stub.on(call, answer(200, &format!("servers_page{page}.json")))
            .await;
    }
    let servers = stub.hetzner.servers().await.unwrap();
    assert_eq!(servers.len(), 2);
    let ours = &servers[0];
    assert_eq!((ours.id.as_str(), ours.name.as_str()), ("42", "web-1"));
    assert_eq!(ours.status, ServerStatus::Running);
    assert_eq!(ours.ipv4.unwrap().to_string(), "203.0.113.7");
    assert_eq!(ours.ipv6.unwrap().to_string(), "2001:db8:7::/64");
    assert_eq!(
        (ours.server_type.as_str(), ours.location.as_str()),
        ("cx23", "fsn1")
    );
    assert_eq!(ours.created.to_string(), "2026-07-10T08:15:30Z");
    assert_eq!(ours.labels["env"], "prod");
    let marks = ours.marks.as_ref().unwrap();
    assert_eq!((marks.owner.as_str(), marks.phase), ("ann", Phase::Created));
    assert_eq!(marks.expires.unwrap().as_second(), 1_783_671_330);
    assert!(marks.host_key.is_some());
    assert_eq!(servers[1].marks, None);
    assert_eq!(servers[1].status, ServerStatus::Off);
}

#[tokio::test]
async fn what_is_new_or_odd_does_not_fail_a_list() {
    let stub = Stub::new().await;
    stub.on(get("/servers"), answer(200, "servers_unknown.json"))
        .await;
    let server = stub.hetzner.servers().await.unwrap().remove(0);
    assert_eq!(server.status, ServerStatus::Other("hibernating".to_owned()));
    assert_eq!(server.arch, Arch::Other("riscv64".to_owned()));
    assert_eq!((server.ipv4, server.location.as_str()), (None, ""));
    // spoilt marks are no marks: such a server is not ours to touch
    assert_eq!(server.marks, None);
}

#[tokio::test]
async fn pages_in_a_circle_end() {
    let stub = Stub::new().await;
    stub.on(get("/servers"), answer(200, "servers_page1.json"))
        .await;
    let error = stub.hetzner.servers().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Garbled);
    assert_eq!(stub.hetzner.requests(), 2);
}

#[tokio::test]
async fn many_tasks_are_polled_in_chunks_and_answered_in_order() {
    let stub = Stub::new().await;
    stub.on(get("/actions"), answer(200, "actions.json")).await;
    let ids = |range: std::ops::RangeInclusive<u64>| -> Vec<TaskId> {
        range.rev().map(|id| TaskId::new(id.to_string())).collect()
    };
    let mut tasks = ids(1..=26);
    tasks.push(TaskId::new("not-a-number"));
    let answers = stub.hetzner.poll(&tasks).await.unwrap();
    assert_eq!(answers.len(), 27);
    assert!(matches!(answers[25], Progress::Done), "{:?}", answers[25]);
    assert!(matches!(answers[24], Progress::Running(Some(40))));
    let Progress::Failed(error) = &answers[23] else {
        panic!("{:?}", answers[23])
    };
    assert_eq!(
        (error.kind, error.operation.as_str()),
        (ErrorKind::SoldOut, "create_server")
    );
    for gone in [&answers[0], &answers[26]] {
        assert!(matches!(gone, Progress::Failed(error) if error.kind == ErrorKind::NotFound));
    }
    let requests = stub.vendor.received_requests().await.unwrap();
    let counts: Vec<_> = requests
        .iter()
        .map(|request| request.url.query_pairs().count())
        .collect();
    assert_eq!(counts, [25, 1]);
    assert!(stub.hetzner.poll(&[]).await.unwrap().is_empty());
    assert_eq!(stub.hetzner.requests(), 2);
}

#[tokio::test]
async fn one_unknown_task_does_not_hide_the_others() {
    let stub = Stub::new().await;
    stub.on(get("/actions"), problem("not_found")).await;
    stub.on(get("/actions/1005"), answer(200, "action_done.json"))
        .await;
    stub.on(get("/actions/6"), problem("not_found")).await;
    let answers = stub
        .hetzner
        .poll(&[TaskId::new("1005"), TaskId::new("6")])
        .await
        .unwrap();
    assert!(matches!(answers[0], Progress::Done));
    assert!(matches!(&answers[1], Progress::Failed(error) if error.kind == ErrorKind::NotFound));
}

#[tokio::test]
async fn a_status_that_is_not_known_counts_as_running() {
    let stub = Stub::new().await;
    stub.on(get("/actions"), answer(200, "actions_unknown.json"))
        .await;
    let answers = stub.hetzner.poll(&[TaskId::new("1")]).await.unwrap();
    assert!(
        matches!(answers[0], Progress::Running(Some(12))),
        "{answers:?}"
    );
}

#[tokio::test]
async fn leftovers_are_what_bears_the_owners_label() {
    let stub = Stub::new().await;
    let selected = |call| {
        wiremock::MockBuilder::and(call, query_param("label_selector", "provision-owner==ann"))
    };
    stub.on(selected(get("/ssh_keys")), answer(200, "ssh_keys.json"))
        .await;
    stub.on(
        selected(get("/primary_ips")),
        answer(200, "primary_ips.json"),
    )
    .await;
    stub.on(selected(get("/volumes")), answer(200, "volumes.json"))
        .await;
    let all = stub.hetzner.leftovers(&owner()).await.unwrap();
    let told: Vec<_> = all
        .iter()
        .map(|left| {
            (
                left.kind,
                left.id.as_str(),
                left.host.as_ref().map(provision_api::HostName::as_str),
                left.in_use_by.as_ref().map(provision_api::ServerId::as_str),
            )
        })
        .collect();
    // the fixture of addresses holds foreign ones too, as if the selector had been ignored
    assert_eq!(
        told,
        [
            (LeftoverKind::Key, "7", None, None),
            (LeftoverKind::Address, "901", None, Some("42")),
            (LeftoverKind::Volume, "5", Some("web-1"), Some("42")),
            (LeftoverKind::Volume, "6", Some("web-1"), None),
        ]
    );
}

#[tokio::test]
async fn the_console_has_an_address_and_a_password_that_is_not_shown() {
    let stub = Stub::new().await;
    let server = stub.ours().await;
    stub.on(
        post("/servers/42/actions/request_console"),
        answer(201, "console.json"),
    )
    .await;
    let console = stub.hetzner.console(&server).await.unwrap();
    assert!(console.url.starts_with("wss://console.example/"));
    assert!(!format!("{console:?}").contains("9MQaTg"));
    assert_eq!(console.password.unwrap().expose_secret(), "vncpw-9MQaTg");
}

#[tokio::test]
async fn every_request_bears_the_token_and_a_name() {
    let stub = Stub::new().await;
    stub.on(get("/servers"), answer(200, "servers_none.json"))
        .await;
    assert!(stub.hetzner.servers().await.unwrap().is_empty());
    let request = stub.vendor.received_requests().await.unwrap().remove(0);
    assert_eq!(request.headers["authorization"], format!("Bearer {TOKEN}"));
    assert!(
        request.headers["user-agent"]
            .to_str()
            .unwrap()
            .starts_with("provision/")
    );
    assert!(!format!("{:?}", stub.hetzner).contains(TOKEN));
    assert_eq!(stub.hetzner.to_string(), "hetzner");
}
