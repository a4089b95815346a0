//! The suite itself: a cloud without flaws passes, and each flaw is found.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod cloud;

use cloud::{Cloud, Flaw};
use provision_api::conformance::{Bench, Failure, run};
use provision_api::{Backoff, Capabilities, LoginKey, Provider, RebuildKey, Rescue};
use std::sync::Arc;
use std::time::Duration;

fn bench() -> Bench {
    Bench {
        name: "fake",
        owner: "ann".parse().unwrap(),
        stranger: "bob".parse().unwrap(),
        key: LoginKey {
            name: "laptop".to_owned(),
            public: "ssh-ed25519 AAAA".to_owned(),
            owner: "ann".parse().unwrap(),
        },
        server_type: "small".to_owned(),
        location: "here".to_owned(),
        image: "debian".to_owned(),
        server: None,
        patience: Duration::from_secs(60),
        pace: Backoff::new(Duration::from_secs(1), Duration::from_secs(1)),
    }
}

async fn failure(flaw: Flaw) -> (Failure, Arc<Cloud>) {
    let cloud = Arc::new(Cloud::with(flaw));
    (run(cloud.clone(), &bench()).await.unwrap_err(), cloud)
}

/// A product whose servers are rented elsewhere, and a bench with one of them.
fn rented(cloud: Cloud) -> (Arc<Cloud>, Bench) {
    let cloud = Arc::new(cloud.that_can(Capabilities {
        create: false,
        rescue: Rescue::Elsewhere("in a mail"),
        rebuild: false,
        host_key_at_first_boot: false,
        rebuild_key: RebuildKey::Unknown,
        unique_names: false,
        keeps_keys: false,
        metal: false,
        first_users: &["root"],
    }));
    let server = Some(cloud.rented());
    (cloud, Bench { server, ..bench() })
}

#[tokio::test(start_paused = true)]
async fn a_cloud_without_flaws_passes_and_is_left_empty() {
    let cloud = Arc::new(Cloud::default());
    let passed = run(cloud.clone(), &bench()).await.unwrap();
    assert_eq!(passed.len(), 21, "{passed:#?}");
    assert!(cloud.servers().await.unwrap().is_empty());
    assert!(cloud.leftovers(&bench().owner).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn each_flaw_is_found_by_its_check() {
    for (flaw, check) in [
        (Flaw::ForNothing, "the catalog has what is ordered"),
        (Flaw::KeysTwice, "a key is known once"),
        (Flaw::UnknownRuns, "an unknown task has failed"),
        (Flaw::SellsAnything, "what is not sold is refused"),
        (Flaw::SaysAdopted, "a server is ordered"),
        (Flaw::MakesTwo, "a second order finds the first server"),
        (Flaw::GivesAway, "a taken name is refused"),
        (Flaw::ForgetsExpiry, "marks come back as they were written"),
        (Flaw::RenewsBlindly, "a lease that was lost is not renewed"),
        (Flaw::ForgetsDone, "tasks that are done stay done"),
        (Flaw::StaysOff, "into the rescue system"),
        (
            Flaw::StaysArmed,
            "a rescue system that is armed is disarmed",
        ),
        (Flaw::GoesInCircles, "from the rescue system to the disk"),
        (Flaw::LosesMarks, "back to the vendor's image"),
        (Flaw::RescueNext, "the disk comes next"),
        (Flaw::Blind, "a way to the screen"),
        (Flaw::Undead, "gone, and twice is a success"),
        (Flaw::GoneOnce, "gone, and twice is a success"),
        (Flaw::TellsAll, "leftovers are told and removed"),
        (Flaw::KeepsKeys, "leftovers are told and removed"),
        (Flaw::CountsNothing, "requests are counted"),
        (Flaw::Timeless, "the vendor's time is known"),
    ] {
        let (failure, cloud) = failure(flaw).await;
        assert_eq!(failure.check, check, "{flaw:?}: {failure}");
        // whatever was found, the suite cleans up, or says that it could not
        let left = cloud.servers().await.unwrap().len();
        let silent = failure.remains.is_empty();
        assert!(
            left == 0 || !silent,
            "{flaw:?} leaves {left} servers: {failure}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_removed_is_named() {
    let (failure, _) = failure(Flaw::Undead).await;
    assert_eq!(failure.remains, ["server 101"]);
    assert!(
        failure.to_string().ends_with("; this remains: server 101"),
        "{failure}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_a_product_cannot_do_is_left_out() {
    let (cloud, bench) = rented(Cloud::default());
    let passed = run(cloud.clone(), &bench).await.unwrap();
    assert_eq!(
        passed,
        [
            "a key is known once",
            "an unknown task has failed",
            "a server that is rented is adopted",
            "marks come back as they were written",
            "a lease that was lost is not renewed",
            "a server of ours is not another's",
            "into the rescue system",
            "from the rescue system to the disk",
            "a rescue system that is armed is disarmed",
            "the disk comes next",
            "a way to the screen",
            "released, and there all the same",
            "requests are counted",
            "the vendor's time is known",
        ]
    );
    assert_eq!(cloud.servers().await.unwrap().len(), 1, "it stays");
}

#[tokio::test(start_paused = true)]
async fn flaws_of_what_is_rented_are_found() {
    for (flaw, check) in [
        (Flaw::AdoptsTwice, "a server that is rented is adopted"),
        (Flaw::Clings, "released, and there all the same"),
    ] {
        let (cloud, bench) = rented(Cloud::with(flaw));
        let failure = run(cloud, &bench).await.unwrap_err();
        assert_eq!(failure.check, check, "{flaw:?}: {failure}");
    }
}
