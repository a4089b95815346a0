//! What has to be true after a run was killed, whenever that was.

use super::place::{Loss, Place};
use super::product::Verb;
use super::truth::Truth;
use crate::lab::Ran;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// The vendor goes on with what it has accepted, and a list may be older than the next one.
const SETTLES: Duration = Duration::from_secs(20);
/// More ways than these are not shown to anybody.
const WAYS: usize = 6;

/// What is done after the kill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// `up` until it is proven, then `teardown`.
    Up,
    /// `teardown` at once.
    Teardown,
}

impl Then {
    /// As it is shown.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Up => "up, teardown",
            Self::Teardown => "teardown",
        }
    }
}

/// Looks, loses, goes on, removes; in a few words what came of it.
pub(crate) fn judge(place: &Place, loss: Loss, then: Then) -> String {
    let listed = seen(place);
    place.lose(loss);
    if then == Then::Teardown {
        let came = removed(place);
        return format!("{listed} listed; {came}");
    }
    let came = went_on(place);
    one_is_proven(place);
    format!("{listed} listed; {came}; {}", removed(place))
}

/// `list` tells what there is, all of it and nothing else; how many servers.
pub(crate) fn as_listed(place: &Place) -> usize {
    agreed(place).0
}

/// The same in words, with what may come to exist.
fn seen(place: &Place) -> String {
    match agreed(place) {
        (servers, 0) => servers.to_string(),
        (servers, perhaps) => format!("{servers} and perhaps {perhaps}"),
    }
}

fn agreed(place: &Place) -> (usize, usize) {
    let end = Instant::now() + SETTLES;
    loop {
        let (listed, perhaps) = listed(place);
        let ids: BTreeSet<String> = listed.iter().map(|(id, _)| id.clone()).collect();
        let truth = Truth::of(place);
        if ids == truth.servers {
            return (ids.len(), perhaps);
        }
        assert!(
            Instant::now() < end,
            "listed: {listed:?}; there is: {truth:?}"
        );
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Ids and phases; and how many more may come to exist, which is no success.
pub(crate) fn listed(place: &Place) -> (Vec<(String, String)>, usize) {
    let ran = super::place::to_its_end(place.command("list --output json").spawn().unwrap());
    let list = ran.json();
    let perhaps = list["perhaps"].as_array().map_or(0, Vec::len);
    assert_eq!(ran.code, if perhaps == 0 { 0 } else { 16 }, "{ran}");
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let servers = list["servers"].as_array().unwrap().iter();
    let servers = servers.map(|server| (text(&server["server_id"]), text(&server["phase"])));
    (servers.collect(), perhaps)
}

/// `up` ends proven, by the way that its errors name where it does not do so at once.
pub(crate) fn went_on(place: &Place) -> String {
    let mut ways = Vec::new();
    let mut verb = Verb::Up;
    for _ in 0..WAYS {
        let ran = free(place, verb);
        if ran.code == 0 && verb == Verb::Up {
            ways.push("proven".to_owned());
            return ways.join(", then ");
        }
        // where nothing is installed, what booted from the disk cannot be proven
        let is_done = ran.code == 0 || verb == Verb::Off && ran.code == 12;
        verb = if is_done {
            Verb::Up
        } else {
            way_on(place, &ran)
        };
        if !is_done {
            ways.push(format!("exit {}: {}", ran.code, verb.name()));
        }
    }
    panic!("it is not proven: {}", ways.join(", then "));
}

/// Runs it, once nobody else is said to be at work there.
fn free(place: &Place, verb: Verb) -> Ran {
    let end = Instant::now() + SETTLES * 3;
    loop {
        let ran = place.run(&verb.words(place.product));
        if ran.code != 13 || Instant::now() > end {
            return ran;
        }
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// The way that one clear error names.
fn way_on(place: &Place, ran: &Ran) -> Verb {
    assert!(!ran.stderr.contains("panicked"), "{ran}");
    let errors = ran
        .stderr
        .lines()
        .filter(|line| line.starts_with("error: "));
    assert_eq!(errors.count(), 1, "{ran}");
    let host = place.product.host;
    let off = format!("provision rescue {host} --off");
    let anew = format!("provision up {host} --reinstall");
    let remove = format!("provision teardown {host}");
    if ran.stderr.contains(&off) {
        Verb::Off
    } else if ran.stderr.contains(&anew) {
        Verb::Reinstall
    } else if ran.code == 5 && place.has_another_key() && ran.stderr.contains(&remove) {
        // nobody can log in to it any more
        Verb::Teardown
    } else {
        panic!("it names no way on: {ran}")
    }
}

/// There is one server, it is proven, and of the installation nothing lies about.
pub(crate) fn one_is_proven(place: &Place) {
    assert_eq!(as_listed(place), 1, "one server");
    let (listed, _) = listed(place);
    assert_eq!(listed[0].1, "proven", "{listed:?}");
    let runs = std::fs::read_dir(place.kept().join("runs")).unwrap();
    for run in runs.flatten() {
        for folder in std::fs::read_dir(run.path()).unwrap().flatten() {
            let extra = folder.path().join("extra");
            assert!(!extra.exists(), "a private key lies in {}", extra.display());
        }
    }
    for server in std::fs::read_dir(place.kept().join("servers"))
        .unwrap()
        .flatten()
    {
        let key = server.path().join("first-boot");
        assert!(!key.exists(), "{} is of no use any more", key.display());
    }
}

/// `teardown` leaves nothing: asked of the vendor, not of `list`.
pub(crate) fn removed(place: &Place) -> String {
    let ran = place.run(&Verb::Teardown.words(place.product)).succeeded();
    let truth = Truth::of(place);
    assert!(truth.is_nothing(), "{truth:?} is left by {ran}");
    "nothing left".to_owned()
}
