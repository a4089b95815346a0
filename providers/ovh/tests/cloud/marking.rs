//! Marks are written as a name.

use crate::stub::*;
use crate::things::*;
use provision_api::{ErrorKind, Fingerprint, Marks, Phase, Provider, Role};
use serde_json::json;

#[tokio::test]
async fn marks_are_written_as_a_name_and_read_back() {
    let stub = Stub::new().await;
    let server = stub.ours_new().await;
    let wanted = Marks {
        role: Role::Test,
        phase: Phase::Installed,
        expires: None,
        host_key: Some(Fingerprint::of_wire(b"a key")),
        ..marks()
    };
    let name =
        "web-1_prov1_ann_20260710t081500-1_web-1_ti_j6Oqsvqpt54KA5jaW1q9B4AUJEKlvoC5pkYI1xjLH80";
    let before = said("GET /cloud/project/p1/instance/i-1");
    let mut after = before.clone();
    after["name"] = json!(name);
    for detail in [before, after] {
        stub.once(get(INSTANCE), ok(detail)).await;
    }
    let marked = stub.cloud.mark(&server, &wanted).await.unwrap();
    assert_eq!(*marked.marks(), wanted);
    assert_eq!(marked.server().name, "web-1");
    let body = stub.body_of("PUT /instance/i-1").await;
    assert_eq!(body, json!({ "instanceName": name }));
}

#[tokio::test]
async fn what_the_key_says_cannot_be_changed() {
    let stub = Stub::new().await;
    let server = stub.ours_new().await;
    let others = [
        Marks {
            owner: "bob".parse().unwrap(),
            ..marks()
        },
        Marks {
            run: "r2".parse().unwrap(),
            ..marks()
        },
        Marks {
            host: "web-2".parse().unwrap(),
            ..marks()
        },
    ];
    for other in others {
        let error = stub.cloud.mark(&server, &other).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unsupported, "{other:?}");
    }
    assert!(
        !stub
            .asked()
            .await
            .iter()
            .any(|call| call.starts_with("PUT"))
    );
}

#[tokio::test]
async fn old_marks_are_no_answer_to_new_ones() {
    let wanted = Marks {
        phase: Phase::Installed,
        ..marks()
    };
    let renamed = RAW.replace("_sc", "_si");
    for late in [0, 1, 3, 99] {
        let stub = Stub::new().await;
        let server = stub.ours_new().await;
        let old = said("GET /cloud/project/p1/instance/i-1");
        let mut new = old.clone();
        new["name"] = json!(renamed);
        let fresh = get(INSTANCE).respond_with(ok(new)).with_priority(2);
        fresh.mount(&stub.vendor).await;
        let stale = get(INSTANCE).respond_with(ok(old)).with_priority(1);
        let stale = stale.up_to_n_times(late.max(1));
        if late > 0 {
            stale.mount(&stub.vendor).await;
        }
        match stub.cloud.mark(&server, &wanted).await {
            Ok(marked) => {
                assert!(late < 99);
                assert_eq!(*marked.marks(), wanted);
            }
            Err(error) => {
                assert_eq!((late, error.kind), (99, ErrorKind::Conflict), "{error}");
                assert!(error.to_string().contains("still called"), "{error}");
            }
        }
        stub.body_of("PUT /instance/i-1").await;
    }
}
