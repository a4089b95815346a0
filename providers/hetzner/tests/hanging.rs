//! What hangs on a server when it goes: ours goes with it, what is not ours stays.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod common;
mod pair;
mod schema;

use common::{marks, order, owner};
use pair::Pair;
use provision_api::wait::{Deadline, TaskWaiter};
use provision_api::{
    Accepted, Backoff, ErrorKind, Intent, Marks, Order, OwnedServer, Phase, Provider, ServerId,
    Stage,
};
use provision_sandbox::Settings;
use provision_sandbox::faults::{Kind, Rule};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

impl Pair {
    async fn wait(&self, accepted: &Accepted) {
        let provider: Arc<dyn Provider> = self.hetzner.clone();
        let pace = Backoff::new(Duration::from_millis(10), Duration::from_millis(100));
        let waiter = TaskWaiter::new("hetzner", provider, pace);
        let deadline = Deadline::after(Duration::from_secs(30));
        let cancel = CancellationToken::new();
        waiter
            .wait(&accepted.tasks, deadline, &cancel, |_, _| {})
            .await
            .unwrap();
    }

    /// A server of ours, off, with the marks that a run writes first.
    async fn ordered(&self) -> OwnedServer {
        let bench = self.bench().await;
        let order = Order {
            server_type: bench.server_type,
            location: bench.location,
            keys: Vec::new(),
            powered_off: true,
            ..order()
        };
        let ordered = self.hetzner.create(&order).await.unwrap();
        self.wait(&ordered.accepted).await;
        let next = Marks {
            phase: Phase::Installing,
            ..marks()
        };
        self.hetzner.mark(&ordered.server, &next).await.unwrap()
    }

    async fn be_gone(&self, server: &OwnedServer) {
        let mut stage = Some(Stage(0));
        while let Some(now) = stage {
            let accepted = self
                .hetzner
                .drive(server, &Intent::Gone, now)
                .await
                .unwrap();
            self.wait(&accepted).await;
            stage = accepted.next;
        }
        assert!(self.hetzner.servers().await.unwrap().is_empty());
        let wrong = self.inspector.wrong();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    /// A raw call that begins something, and the end of that.
    async fn raw_and_wait(&self, path: &str, body: Value) {
        let answer = self.raw("POST", path, body).await;
        let task = provision_api::Task {
            id: provision_api::TaskId::new(answer["action"]["id"].to_string()),
            what: path.to_owned(),
        };
        self.wait(&Accepted {
            tasks: vec![task],
            next: None,
        })
        .await;
    }

    /// The names of what is there.
    async fn names(&self, what: &str) -> Vec<String> {
        let all = self.raw("GET", &format!("/{what}"), json!(null)).await;
        let all = all[what].as_array().unwrap().iter();
        all.map(|one| one["name"].as_str().unwrap().to_owned())
            .collect()
    }

    async fn volume(&self, name: &str, server: &OwnedServer, labels: Value) -> u64 {
        let body = json!({ "name": name, "size": 10, "labels": labels, "location": server.server().location });
        let made = self.raw("POST", "/volumes", body).await;
        let id = made["volume"]["id"].as_u64().unwrap();
        let server: u64 = server.id().as_str().parse().unwrap();
        self.raw_and_wait(
            &format!("/volumes/{id}/actions/attach"),
            json!({ "server": server, "automount": false }),
        )
        .await;
        id
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_is_not_ours_outlives_the_server_and_the_vendors_does_not() {
    let pair = Pair::new(&Settings::default()).await;
    let server = pair.ordered().await;
    let born = pair.names("primary_ips").await;
    assert_eq!(born.len(), 2);
    // somebody puts an address of their own in the place of the vendor's, seconds later
    let raw = pair
        .raw("GET", &format!("/servers/{}", server.id()), json!(null))
        .await;
    let vendors = raw["server"]["public_net"]["ipv6"]["id"].as_u64().unwrap();
    pair.raw_and_wait(
        &format!("/primary_ips/{vendors}/actions/unassign"),
        json!({}),
    )
    .await;
    pair.raw("DELETE", &format!("/primary_ips/{vendors}"), json!(null))
        .await;
    let body = json!({
        "name": "the-mail-address", "type": "ipv6", "assignee_type": "server", "auto_delete": true,
        "location": server.server().location,
    });
    let theirs = pair.raw("POST", "/primary_ips", body).await["primary_ip"]["id"]
        .as_u64()
        .unwrap();
    let id: u64 = server.id().as_str().parse().unwrap();
    let body = json!({ "assignee_id": id, "assignee_type": "server" });
    pair.raw_and_wait(&format!("/primary_ips/{theirs}/actions/assign"), body)
        .await;

    pair.be_gone(&server).await;
    assert_eq!(pair.names("primary_ips").await, ["the-mail-address"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_volume_that_is_not_ours_outlives_the_server_and_ours_does_not() {
    let pair = Pair::new(&Settings::default()).await;
    let server = pair.ordered().await;
    let ours = json!({ "provision-owner": "ann", "provision-host": "web-1" });
    let other_host = json!({ "provision-owner": "ann", "provision-host": "web-2" });
    pair.volume("ours", &server, ours).await;
    pair.volume("of-another-host", &server, other_host).await;
    pair.volume("theirs", &server, json!({ "env": "prod" }))
        .await;
    // the same host's, and on no server
    let body = json!({
        "name": "kept-apart", "size": 10, "location": server.server().location,
        "labels": { "provision-owner": "ann", "provision-host": "web-1" },
    });
    pair.raw("POST", "/volumes", body).await;
    pair.be_gone(&server).await;
    assert_eq!(
        pair.names("volumes").await,
        ["of-another-host", "theirs", "kept-apart"]
    );

    let left = pair.hetzner.leftovers(&owner()).await.unwrap();
    let names: Vec<_> = left.iter().map(|left| left.name.as_str()).collect();
    assert_eq!(names, ["of-another-host", "kept-apart"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leftover_in_use_is_taken_off_and_removed() {
    let pair = Pair::new(&Settings::default()).await;
    let server = pair.ordered().await;
    pair.volume("ours", &server, json!({ "provision-owner": "ann" }))
        .await;
    let left = pair.hetzner.leftovers(&owner()).await.unwrap().remove(0);
    assert_eq!(left.in_use_by.as_ref(), Some(server.id()));
    let first = pair.hetzner.remove(&left).await.unwrap();
    assert_eq!(first.next, Some(Stage(1)));
    pair.wait(&first).await;
    let second = pair.hetzner.remove(&left).await.unwrap();
    assert_eq!(second, Accepted::default());
    assert!(pair.names("volumes").await.is_empty());
    let wrong = pair.inspector.wrong();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_protected_server_stays_and_the_mend_is_told() {
    let pair = Pair::new(&Settings::default()).await;
    let server = pair.ordered().await;
    let path = format!("/servers/{}/actions/change_protection", server.id());
    pair.raw_and_wait(&path, json!({ "delete": true, "rebuild": true }))
        .await;
    let error = pair
        .hetzner
        .drive(&server, &Intent::Gone, Stage(0))
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Protected);
    assert!(
        error.message.contains("disable-protection web-1"),
        "{error}"
    );
    assert_eq!(pair.hetzner.servers().await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_servers_than_a_page_holds_are_all_seen() {
    let settings = Settings {
        quota_servers: 200,
        ..Settings::default()
    };
    let pair = Pair::new(&settings).await;
    let bench = pair.bench().await;
    for number in 0..60 {
        let body = json!({
            "name": format!("crowd-{number}"), "server_type": bench.server_type,
            "location": bench.location, "image": bench.image, "start_after_create": false,
        });
        pair.raw("POST", "/servers", body).await;
    }
    let servers = pair.hetzner.servers().await.unwrap();
    assert_eq!(servers.len(), 60);
    assert!(servers.iter().all(|server| server.marks.is_none()));
}

/// The answer to the order is lost, and the list does not show the server yet: the vendor's
/// rule that names are unique keeps it one server, and the second look finds it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_lags_behind_makes_no_second_server() {
    let rule = |kind| Rule {
        method: Some("POST".to_owned()),
        path: "/servers".to_owned(),
        nth: 1,
        times: 1,
        kind,
    };
    let settings = Settings {
        faults: vec![rule(Kind::StaleList(1)), rule(Kind::DropAfter)],
        ..Settings::default()
    };
    let pair = Pair::new(&settings).await;
    let server = pair.ordered().await;
    let servers = pair.hetzner.servers().await.unwrap();
    assert_eq!(servers.len(), 1);
    assert_eq!(servers[0].id, ServerId::new(server.id().as_str()));
}
