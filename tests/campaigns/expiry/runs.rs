//! Runs that are at work on a server whose time is over, and what the timer, another computer
//! and a teardown do meanwhile.

use super::paused;
use super::place::{DAY, HOUR, Place, Product};
use crate::lab::Ran;
use serde_json::json;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// Leases of six seconds, renewed every two.
pub(super) const HURRIED: &str = "lease=6";

/// What happens while a run is at work on a server whose time is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alive {
    /// The timer comes by while it lives, and after it was killed.
    Killed,
    /// It ends by itself, badly.
    Failed,
    /// Somebody removes the server, or gives it back.
    Removed,
    /// A run on another computer wants the same server.
    Twice,
    /// It boots the rescue system.
    Rescue,
    /// It sleeps through its lease, and another computer's ends proven.
    Paused,
    /// The same, and what it made would be removed if it failed.
    PausedRemoving,
}

impl Alive {
    pub(super) const ALL: [Self; 7] = [
        Self::Killed,
        Self::Failed,
        Self::Removed,
        Self::Twice,
        Self::Rescue,
        Self::Paused,
        Self::PausedRemoving,
    ];

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Killed => "at work, then killed",
            Self::Failed => "at work, then failed",
            Self::Removed => "at work, its server is removed under it",
            Self::Twice => "at work, another computer's begins as well",
            Self::Rescue => "at work in the rescue system, then killed",
            Self::Paused => "at work, paused while another computer's proves it",
            Self::PausedRemoving => "the same, with --on-failure teardown",
        }
    }

    pub(super) fn judged(self, product: Product, skew: i64) -> String {
        match self {
            Self::Paused => return paused::judged(product, skew, ""),
            Self::PausedRemoving => {
                return paused::judged(product, skew, "--on-failure teardown");
            }
            _ => {}
        }
        let place = Place::new(product, skew);
        place.up("--ttl 1h").succeeded();
        place.later(DAY);
        // whoever works on it waits for ever
        place.machines(&json!({ "ssh": "hang" }));
        let _served = place.lab.serve();
        let verb = match self {
            Self::Rescue => place.line("rescue", ""),
            _ => place.up_line("--reinstall"),
        };
        let scale = match self {
            Self::Failed => "0.02,lease=6",
            _ => HURRIED,
        };
        let run = Run::of(
            place
                .lab
                .command(&verb)
                .env("PROVISION_DEADLINE_SCALE", scale),
        );
        match self {
            Self::Killed | Self::Rescue => killed(&place, run),
            Self::Failed => failed(&place, run),
            Self::Removed => removed(&place, run),
            Self::Twice => twice(&place, run),
            Self::Paused | Self::PausedRemoving => unreachable!("they are judged elsewhere"),
        }
    }
}

/// A run that is killed if the test ends before it does.
pub(super) struct Run(Option<Child>);

impl Run {
    pub(super) fn of(command: &mut Command) -> Self {
        Self(Some(command.spawn().unwrap()))
    }

    /// It stands still, and its word with it.
    pub(super) fn pause(&self) {
        self.signal(rustix::process::Signal::STOP);
    }

    pub(super) fn go_on(&self) {
        self.signal(rustix::process::Signal::CONT);
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let id = i32::try_from(self.0.as_ref().unwrap().id()).unwrap();
        let id = rustix::process::Pid::from_raw(id).unwrap();
        rustix::process::kill_process(id, signal).unwrap();
    }

    fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        if let Some(mut child) = self.0.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// How it ended by itself.
    pub(super) fn ended(mut self) -> Ran {
        Ran::of(self.0.take().unwrap().wait_with_output().unwrap())
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.end();
    }
}

/// Waits until it is so.
#[track_caller]
pub(super) fn wait(what: &str, mut is_so: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < until, "{what}: not within a minute");
        std::thread::sleep(Duration::from_millis(50));
    }
}

pub(super) fn at_work(place: &Place) -> i64 {
    wait("the lease is written", || place.leased_until().is_some());
    place.leased_until().unwrap()
}

#[track_caller]
fn stays(place: &Place) {
    let ran = place.expire().succeeded();
    assert_eq!(ran.json()["removed"], json!([]), "{ran}");
    assert!(ran.stderr.contains("is at work on it until"), "{ran}");
    assert!(place.is_marked(), "{ran}");
}

#[track_caller]
fn goes(place: &Place) {
    let ran = place.expire().succeeded();
    assert!(!place.is_marked(), "{ran}");
    assert!(place.lab.servers().is_empty(), "{ran}");
}

fn killed(place: &Place, run: Run) -> String {
    let first = at_work(place);
    stays(place);
    wait("the lease is renewed", || {
        place.leased_until().is_some_and(|until| until > first)
    });
    stays(place);
    run.kill();
    let until = place.leased_until().unwrap();
    wait("the lease is over", || place.vendors(DAY) > until);
    goes(place);
    "stays while it lives, renewed; goes once the lease is over".to_owned()
}

fn failed(place: &Place, run: Run) -> String {
    at_work(place);
    let ran = run.ended();
    assert_ne!(ran.code, 0, "{ran}");
    assert_eq!(place.leased_until(), None, "{ran}");
    goes(place);
    "gives its lease up, and goes at once".to_owned()
}

fn removed(place: &Place, run: Run) -> String {
    at_work(place);
    let mut command = place.lab.command(&place.line("teardown", ""));
    let gone = Ran::of(place.elsewhere(&mut command).output().unwrap()).succeeded();
    assert!(gone.stderr.contains("is at work on it until"), "{gone}");
    let words = match place.product.service() {
        None => "was removed under it",
        Some(_) => "is not this run's any more",
    };
    run.ended().failed(13, &[words]);
    assert!(!place.is_marked());
    assert!(place.lab.servers().is_empty());
    format!("says that it {words}")
}

fn twice(place: &Place, run: Run) -> String {
    at_work(place);
    let other = || {
        let mut command = place.lab.command(&place.up_line("--reinstall"));
        command.env("PROVISION_DEADLINE_SCALE", "0.02,lease=6");
        Ran::of(place.elsewhere(&mut command).output().unwrap())
    };
    other().failed(13, &["another run"]);
    run.kill();
    // the first one's is waited for, and then it is this one's
    let ran = other();
    assert!(![0, 13].contains(&ran.code), "{ran}");
    assert!(
        ran.stderr.contains("whether it lives will be seen"),
        "{ran}"
    );
    place.later(DAY + HOUR);
    goes(place);
    "refused while the first lives, taken over once it is dead".to_owned()
}
