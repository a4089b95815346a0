//! A list that is older than what is in it: nobody takes it for gone.

use crate::stub::*;
use crate::things::*;
use provision_api::{ErrorKind, Progress, Provider, TaskId};
use serde_json::json;

#[tokio::test]
async fn what_the_list_does_not_show_is_asked_for_before_it_counts_as_gone() {
    let (done, running) = (Some(Ok(())), None);
    let not_found = Some(Err(ErrorKind::NotFound));
    for (goal, status, expected) in [
        ("made", Some("BUILD"), running),
        ("made", Some("ACTIVE"), done),
        ("made", Some("ERROR"), Some(Err(ErrorKind::SoldOut))),
        ("made", Some("DELETING"), not_found),
        ("made", None, not_found),
        ("active", Some("REBOOT"), running),
        ("active", None, not_found),
        ("rescue", Some("RESCUE"), done),
        ("rescue", None, not_found),
        ("gone", Some("ACTIVE"), running),
        ("gone", Some("ERROR"), running),
        ("gone", Some("DELETING"), done),
        ("gone", Some("DELETED"), done),
        ("gone", None, done),
    ] {
        let stub = Stub::new().await;
        stub.is_empty().await;
        if let Some(status) = status {
            stub.is(status).await;
        } else {
            let gone = problem(404, "Client::NotFound", "no such instance");
            stub.instead(get(INSTANCE), gone).await;
        }
        let task = TaskId::new(format!("i-1/{goal}"));
        let found = stub.cloud.poll(&[task]).await.unwrap();
        let found = match &found[..] {
            [Progress::Running(None)] => None,
            [Progress::Done] => Some(Ok(())),
            [Progress::Failed(error)] => Some(Err(error.kind)),
            other => panic!("{other:?}"),
        };
        assert_eq!(found, expected, "{goal} {status:?}");
        let asked = stub.asked().await;
        assert_eq!(asked, ["GET /instance", "GET /instance/i-1"]);
    }
}

#[tokio::test]
async fn what_cannot_be_looked_at_is_neither_gone_nor_done() {
    let stub = Stub::new().await;
    stub.is_empty().await;
    let refused = problem(403, "Client::Forbidden", "no");
    stub.instead(get(INSTANCE), refused).await;
    for goal in ["made", "gone"] {
        let task = TaskId::new(format!("i-1/{goal}"));
        let error = stub.cloud.poll(&[task]).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Denied, "{goal}");
    }
}

#[tokio::test]
async fn what_was_just_ordered_is_there_whatever_the_list_shows() {
    let stub = Stub::new().await;
    stub.is_empty().await;
    stub.is("BUILD").await;
    let made = stub.cloud.create(&order()).await.unwrap();
    let seen = stub.cloud.servers().await.unwrap();
    let ids: Vec<_> = seen.iter().map(|server| &server.id).collect();
    assert_eq!(ids, [made.server.id()]);
    assert_eq!(seen[0].marks, Some(marks()));
    // nor is a second one made of it
    let again = stub.cloud.create(&order()).await.unwrap();
    assert_eq!(again.server.id(), made.server.id());
    stub.body_of("POST /instance").await;

    // a list that shows it is enough
    stub.once(get(INSTANCES), ok(json!([listed(|_| {})]))).await;
    let before = stub.asked().await.len();
    assert_eq!(stub.cloud.servers().await.unwrap().len(), 1);
    let asked = stub.asked().await.split_off(before);
    assert!(
        !asked.contains(&"GET /instance/i-1".to_owned()),
        "{asked:?}"
    );

    // and once it is gone, nobody asks for it any more
    stub.once(get(INSTANCE), problem(404, "Client::NotFound", "no"))
        .await;
    assert!(stub.cloud.servers().await.unwrap().is_empty());
    let before = stub.asked().await.len();
    assert!(stub.cloud.servers().await.unwrap().is_empty());
    assert_eq!(stub.asked().await.len(), before + 2);
}
