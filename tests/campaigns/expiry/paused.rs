//! A run that sleeps through its lease, as on a computer whose lid is closed: another one brings the
//! server up meanwhile, and what it has proven stays.

use super::place::{Place, Product};
use super::runs::{HURRIED, Run, at_work, wait};
use crate::lab::{Ran, misbehaving};
use crate::misbehave;
use serde_json::{Value, json};

/// The sleeper is called with these flags, too.
pub(super) fn judged(product: Product, skew: i64, flags: &str) -> String {
    let place = Place::with(product, skew, &misbehaving("*", &json!({ "ssh": "hang" })));
    let served = place.lab.serve();
    let mut sleeper = place.lab.command(&place.up_line(flags));
    let sleeper = Run::of(sleeper.env("PROVISION_DEADLINE_SCALE", HURRIED));
    let first = at_work(&place);
    // while it waits for the machine, and not for an answer of the vendor: what is sent already
    // nobody can take back
    let (mut until, mut noted) = (first, 0);
    wait("the lease is renewed, and nothing else happens", || {
        let Some(renewed) = place.leased_until().filter(|now| *now > until) else {
            return false;
        };
        until = renewed;
        let lines = place.lab.journals().concat().lines().count();
        let before = std::mem::replace(&mut noted, lines);
        before == noted
    });
    sleeper.pause();
    misbehave::none(&served);
    let other = || {
        let mut command = place.lab.command(&place.up_line("--output json"));
        command.env("PROVISION_DEADLINE_SCALE", HURRIED);
        let up = Ran::of(place.elsewhere(&mut command).output().unwrap()).succeeded();
        assert_eq!(up.json()["hosts"][0]["proven"], true, "{up}");
        up
    };
    let proven = other();
    let then = place.server().expect("it exists");
    assert_eq!(place.leased_until(), None, "{proven}");
    sleeper.go_on();
    let lost = sleeper.ended().failed(13, &["is not this run's any more"]);
    assert!(lost.stderr.contains("proven"), "whose it is by now: {lost}");
    assert_eq!(marks(&place), marks_of(&then), "{lost}");
    assert_eq!(place.lab.servers()[0]["phase"], "proven", "{lost}");
    // it answers with the same host key, and runs what was installed
    other();
    assert_eq!(marks(&place), marks_of(&then), "{lost}");
    "ends, the other's proof and disk stay".to_owned()
}

fn marks(place: &Place) -> (Value, Value) {
    marks_of(&place.server().expect("it exists"))
}

/// What is written on it: labels, or its name.
fn marks_of(server: &Value) -> (Value, Value) {
    (server["name"].clone(), server["labels"].clone())
}
