//! What a server may be when the timer comes by, and what must become of it.

use super::place::{DAY, HOUR, MINUTE, Place, Product};
use crate::lab::{Ran, misbehaving};
use serde_json::{Value, json};

/// What a server is when the timer comes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Alive,
    JustOver,
    Dead,
    LongDead,
    NoEnd,
    Test,
    Renewed,
    AtWork,
    Killed,
    EndlessLease,
    GoneOnWith,
    OtherOwner,
    NotOurs,
    Unreadable,
    HalfMarked,
    AnotherVersion,
    Timeless,
}

impl State {
    pub(super) const ALL: [Self; 17] = [
        Self::Alive,
        Self::JustOver,
        Self::Dead,
        Self::LongDead,
        Self::NoEnd,
        Self::Test,
        Self::Renewed,
        Self::AtWork,
        Self::Killed,
        Self::EndlessLease,
        Self::GoneOnWith,
        Self::OtherOwner,
        Self::NotOurs,
        Self::Unreadable,
        Self::HalfMarked,
        Self::AnotherVersion,
        Self::Timeless,
    ];

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Alive => "alive, an hour left",
            Self::JustOver => "over since half a minute",
            Self::Dead => "over since two minutes",
            Self::LongDead => "over since a month",
            Self::NoEnd => "without an end, a month old",
            Self::Test => "for tests, no time named",
            Self::Renewed => "given a new end before the old one",
            Self::AtWork => "over, a run elsewhere is at work on it",
            Self::Killed => "over, the run at work on it is dead",
            Self::EndlessLease => "over, a lease for ten years on it",
            Self::GoneOnWith => "failed, and brought up by another run with another end",
            Self::OtherOwner => "over, another owner's",
            Self::NotOurs => "nobody's",
            Self::Unreadable => "over, a mark is spoilt",
            Self::HalfMarked => "over, half of the marks are lost",
            Self::AnotherVersion => "over, marks of a version to come",
            Self::Timeless => "over, answers tell no time",
        }
    }

    /// Brings the server into that state, lets the timer come by, and says what came of it.
    pub(super) fn judged(self, product: Product, skew: i64) -> String {
        let place = Place::new(product, skew);
        match self {
            Self::Alive => {
                place.up("--ttl 2h").succeeded();
                place.later(HOUR);
                stays(&place, None)
            }
            Self::JustOver => {
                place.up("--ttl 1h").succeeded();
                place.later(HOUR + MINUTE / 2 - 15);
                stays(&place, None)
            }
            Self::Dead | Self::LongDead => {
                place.up("--ttl 1h").succeeded();
                let over = if self == Self::Dead {
                    2 * MINUTE
                } else {
                    30 * DAY
                };
                place.later(HOUR + over);
                goes(&place)
            }
            Self::NoEnd => {
                place.up("").succeeded();
                place.later(30 * DAY);
                stays(&place, None)
            }
            Self::Test => {
                place.up("--test").succeeded();
                place.later(HOUR);
                stays(&place, None);
                place.later(2 * HOUR + 2 * MINUTE);
                goes(&place)
            }
            Self::Renewed => {
                place.up("--ttl 1h").succeeded();
                place.later(50 * MINUTE);
                place.up("--ttl 3h").succeeded();
                place.later(2 * HOUR);
                stays(&place, None);
                place.later(4 * HOUR);
                goes(&place)
            }
            Self::AtWork | Self::Killed | Self::EndlessLease => self.leased(&place),
            Self::GoneOnWith => gone_on_with(product, skew),
            Self::OtherOwner => {
                place.up("--ttl 1h --owner somebody").succeeded();
                place.later(DAY);
                stays(&place, None)
            }
            Self::NotOurs | Self::Unreadable | Self::HalfMarked | Self::AnotherVersion => {
                self.strange(&place)
            }
            Self::Timeless => timeless(&place),
        }
    }

    fn leased(self, place: &Place) -> String {
        place.up("--ttl 1h").succeeded();
        place.later(DAY);
        let left = match self {
            Self::AtWork => 200,
            Self::Killed => -1,
            _ => 3650 * DAY,
        };
        place.lease(place.vendors(DAY) + left, "20200101t000000z-00000");
        if self != Self::AtWork {
            return goes(place);
        }
        stays(place, Some("run 20200101t000000z-00000 is at work on it"));
        // it did not renew
        place.later(DAY + 10 * MINUTE);
        format!("stays while it is held, then {}", goes(place))
    }

    fn strange(self, place: &Place) -> String {
        place.up("--ttl 1h").succeeded();
        place.later(DAY);
        let is_cloud = place.product == Product::Cloud;
        place.rewrite(|server| match (self, is_cloud) {
            (Self::NotOurs, true) => {
                server["name"] = json!("web-1");
                server["key"] = Value::Null;
            }
            (Self::NotOurs, false) => server["labels"] = json!({}),
            (Self::Unreadable, true) => renamed(server, |parts| "sx1".clone_into(&mut parts[5])),
            (Self::Unreadable, false) => server["labels"]["provision-expires"] = json!("soon"),
            // the key that is attached says the other half
            (Self::HalfMarked, true) => server["name"] = json!("web-1"),
            (Self::HalfMarked, false) => {
                let labels = server["labels"].as_object_mut().unwrap();
                labels.remove("provision-owner").unwrap();
            }
            (_, true) => renamed(server, |parts| "prov2".clone_into(&mut parts[1])),
            (_, false) => server["labels"]["provision-phase"] = json!("polished"),
        });
        let before = place.server();
        let named = (self != Self::NotOurs).then_some("is left alone and may cost money");
        let ran = place.expire().succeeded();
        assert_eq!(ran.json()["removed"], json!([]), "{ran}");
        if let Some(named) = named {
            assert!(ran.stderr.contains(named), "{ran}");
            assert_eq!(ran.json()["kept"].as_array().unwrap().len(), 1, "{ran}");
        }
        let after = place.server();
        let same = |server: &Option<Value>| {
            let server = server.as_ref().expect("it exists");
            (server["name"].clone(), server["labels"].clone())
        };
        assert_eq!(same(&before), same(&after));
        match named {
            Some(_) => "stays, named".to_owned(),
            None => "stays".to_owned(),
        }
    }
}

fn renamed(server: &mut Value, change: impl FnOnce(&mut Vec<String>)) {
    let name = server["name"].as_str().unwrap();
    let mut parts = name.splitn(7, '_').map(str::to_owned).collect();
    change(&mut parts);
    server["name"] = json!(parts.join("_"));
}

/// The timer comes by, and the server stays as it is.
fn stays(place: &Place, because: Option<&str>) -> String {
    let ran = place.expire().succeeded();
    assert_eq!(ran.json()["removed"], json!([]), "{ran}");
    match because {
        Some(because) => {
            assert!(ran.stderr.contains(because), "{ran}");
            let kept = &ran.json()["kept"];
            assert_eq!(kept.as_array().unwrap().len(), 1, "{ran}");
        }
        None => assert_eq!(ran.json().get("kept"), None, "{ran}"),
    }
    assert!(place.is_marked(), "{ran}");
    "stays".to_owned()
}

/// The timer comes by, and nothing is left.
fn goes(place: &Place) -> String {
    let ran = place.expire().succeeded();
    let removed = ran.json()["removed"].clone();
    let is_server = |one: &&Value| one["kind"].as_str().unwrap().ends_with("server");
    let servers = removed.as_array().unwrap().iter().filter(is_server);
    assert_eq!(servers.count(), 1, "{ran}");
    assert!(!place.is_marked(), "{ran}");
    let left = place.lab.servers();
    assert!(left.is_empty(), "{left:?}");
    match place.product.service() {
        None => {
            assert!(place.server().is_none(), "{ran}");
            "goes".to_owned()
        }
        Some(_) => "is given back".to_owned(),
    }
}

/// A run fails, another one goes on with what it has made, and says how long it may live.
fn gone_on_with(product: Product, skew: i64) -> String {
    let fails = json!({ "phase_fails": "disko" });
    let place = Place::with(product, skew, &misbehaving("*", &fails));
    let failed = place.up("--ttl 1h");
    assert_ne!(failed.code, 0, "{failed}");
    let healed = json!({ "machine_faults": [] });
    place.settings(30 * MINUTE, &healed);
    place.machines(&json!({}));
    place.up("--ttl 2h").succeeded();
    place.later(2 * HOUR);
    stays(&place, None);
    place.later(3 * HOUR);
    goes(&place)
}

/// Where nobody tells the time nothing is removed, and that is an error: nothing ever would be.
fn timeless(place: &Place) -> String {
    place.up("--ttl 1h").succeeded();
    place.settings(DAY, &json!({ "tells_time": false }));
    if place.product != Product::Hetzner {
        // its clock can be asked
        return goes(place);
    }
    let ran: Ran = place.expire().failed(16, &["do not tell the time"]);
    assert_eq!(ran.json()["removed"], json!([]), "{ran}");
    assert!(place.is_marked(), "{ran}");
    let up = place.line("up", "--test --ttl 1h");
    place
        .lab
        .run(&up)
        .failed(6, &["cannot be said when its time is over"]);
    let left = place.lab.servers();
    assert_eq!(left.len(), 1, "{left:?}");
    "stays, an error".to_owned()
}
