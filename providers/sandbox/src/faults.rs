//! Faults of a vendor's HTTP on demand: which requests they hit, and what they do.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// A fault and the requests that it hits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// `GET`, `POST`, …; any when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The path below the face's base, like `/servers/*/actions/reset`: `*` stands for one
    /// segment, `**` at the end for everything that follows.
    pub path: String,
    /// The first of the matching requests that it hits; 1 when not given.
    #[serde(default = "one")]
    pub nth: u32,
    /// How many requests it hits from there on; 1 when not given, 0 for all.
    #[serde(default = "one")]
    pub times: u32,
    /// What it does.
    pub kind: Kind,
}

fn one() -> u32 {
    1
}

/// What a fault does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Kind {
    /// The answer is this instead.
    Status(Status),
    /// The answer takes longer.
    Delay(Delay),
    /// The connection ends before anything happened.
    DropBefore,
    /// What was asked for happens, and the connection ends without an answer.
    DropAfter,
    /// The same before anything happened, by a reset (RST) instead of an end (FIN).
    ResetBefore,
    /// What was asked for happens, and the connection is reset without an answer.
    ResetAfter,
    /// What was asked for happens, and the answer's body takes so many milliseconds to come.
    SlowBody(u64),
    /// What was asked for happens, and half of the answer's JSON is missing.
    Truncate,
    /// The answer says that it is of this media type, whatever it is.
    ContentType(String),
    /// The action that the request starts ends in an error, and has no effect.
    ActionError(ActionError),
    /// The action that the request starts never ends, and has no effect.
    ActionHangs,
    /// The action that the request starts does its work and cannot be found.
    ActionVanishes,
    /// What the request makes is missing from so many lists that it should be in.
    StaleList(u32),
    /// The list that is asked for does not have what is younger than so many milliseconds.
    StaleListMs(u64),
}

/// An answer that is not the vendor's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// The HTTP status.
    pub status: u16,
    /// The vendor's error code; an error in the vendor's form is made of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The vendor's message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The whole body, instead of code and message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Headers, beside or instead of the vendor's.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// What was asked for happens all the same.
    #[serde(default)]
    pub effect: bool,
}

/// How much longer an answer takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
pub struct Delay {
    /// Milliseconds before anything happens.
    pub before_ms: u64,
    /// Milliseconds between the effect and the answer.
    pub after_ms: u64,
}

/// How an action ends that fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ActionError {
    /// The vendor's code.
    pub code: String,
    /// The vendor's message.
    pub message: String,
}

impl Default for ActionError {
    fn default() -> Self {
        Self {
            code: "action_failed".to_owned(),
            message: "Action failed".to_owned(),
        }
    }
}

/// A rule and what it has met so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Armed {
    pub(crate) id: u64,
    pub(crate) rule: Rule,
    /// Matching requests so far.
    pub(crate) seen: u32,
    /// Of which it hit so many.
    pub(crate) hit: u32,
}

impl Rule {
    /// Whether the rule can do what it says.
    pub(crate) fn check(&self) -> Result<(), String> {
        if !self.path.starts_with('/') {
            return Err(format!(
                "a fault's path begins with a slash, not {:?}",
                self.path
            ));
        }
        if self.nth == 0 {
            return Err("a fault's nth counts from 1".to_owned());
        }
        if let Kind::Status(status) = &self.kind
            && !(200..=599).contains(&status.status)
        {
            return Err(format!(
                "{} is no status that an answer can have",
                status.status
            ));
        }
        Ok(())
    }

    fn fits(&self, method: &str, path: &str) -> bool {
        self.method
            .as_deref()
            .is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && path_fits(&self.path, path)
    }
}

fn path_fits(pattern: &str, path: &str) -> bool {
    let mut segments = path.split('/');
    for wanted in pattern.split('/') {
        if wanted == "**" {
            return true;
        }
        match segments.next() {
            Some(segment) if wanted == "*" || wanted == segment => {}
            _ => return false,
        }
    }
    segments.next().is_none()
}

/// Counts the request on every rule that it fits, and answers what hits it.
pub(crate) fn strike(armed: &mut [Armed], method: &str, path: &str) -> Vec<Kind> {
    let mut hits = Vec::new();
    for one in armed.iter_mut().filter(|one| one.rule.fits(method, path)) {
        one.seen = one.seen.saturating_add(1);
        let spent = one.rule.times != 0 && one.hit >= one.rule.times;
        if one.seen >= one.rule.nth && !spent {
            one.hit = one.hit.saturating_add(1);
            hits.push(one.rule.kind.clone());
        }
    }
    hits
}

/// What hits the action that a request starts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct OnAction {
    pub(crate) error: Option<ActionError>,
    pub(crate) hangs: bool,
    pub(crate) vanishes: bool,
    /// In how many lists the thing that is made does not show.
    pub(crate) stale: u32,
    /// How far the list that is asked for is behind.
    pub(crate) behind: Option<Duration>,
}

impl OnAction {
    /// Whether the action does what it is for.
    pub(crate) fn works(&self) -> bool {
        self.error.is_none() && !self.hangs
    }

    /// Whether a list that is asked for has a thing of that age.
    pub(crate) fn lists(&self, made: Timestamp, now: Timestamp) -> bool {
        let age = Duration::try_from(now.duration_since(made)).unwrap_or(Duration::ZERO);
        self.behind.is_none_or(|behind| age >= behind)
    }

    pub(crate) fn of(hits: &[Kind]) -> Self {
        let mut found = Self::default();
        for kind in hits {
            match kind {
                Kind::ActionError(error) => found.error = Some(error.clone()),
                Kind::ActionHangs => found.hangs = true,
                Kind::ActionVanishes => found.vanishes = true,
                Kind::StaleList(requests) => found.stale = *requests,
                Kind::StaleListMs(ms) => found.behind = Some(Duration::from_millis(*ms)),
                _ => {}
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> Rule {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn paths_fit_by_segment() {
        for (pattern, path, fits) in [
            ("/servers", "/servers", true),
            ("/servers", "/servers/1", false),
            ("/servers/*", "/servers/1", true),
            ("/servers/*", "/servers", false),
            ("/servers/*", "/servers/1/actions", false),
            ("/servers/*/actions/reset", "/servers/1/actions/reset", true),
            ("/servers/**", "/servers/1/actions/reset", true),
            ("/**", "/anything/at/all", true),
        ] {
            assert_eq!(path_fits(pattern, path), fits, "{pattern} {path}");
        }
    }

    #[test]
    fn hits_from_the_nth_so_many_times() {
        let hits = |nth: u32, times: u32| {
            let rule = Rule {
                nth,
                times,
                ..rule(r#"{"method":"get","path":"/a","kind":"drop-before"}"#)
            };
            let mut armed = [Armed {
                id: 1,
                rule,
                seen: 0,
                hit: 0,
            }];
            (1..=5)
                .map(|_| strike(&mut armed, "GET", "/a").len())
                .collect::<Vec<_>>()
        };
        assert_eq!(hits(1, 1), [1, 0, 0, 0, 0]);
        assert_eq!(hits(2, 2), [0, 1, 1, 0, 0]);
        assert_eq!(hits(3, 0), [0, 0, 1, 1, 1]);
    }

    #[test]
    fn other_requests_are_not_counted() {
        let rule = rule(r#"{"method":"POST","path":"/a","nth":2,"kind":"truncate"}"#);
        let mut armed = [Armed {
            id: 1,
            rule,
            seen: 0,
            hit: 0,
        }];
        assert!(strike(&mut armed, "GET", "/a").is_empty());
        assert!(strike(&mut armed, "POST", "/b").is_empty());
        assert!(strike(&mut armed, "POST", "/a").is_empty());
        assert_eq!(strike(&mut armed, "POST", "/a"), [Kind::Truncate]);
    }

    #[test]
    fn a_list_that_is_behind_has_no_young_things() {
        let at = |ms: i64| Timestamp::from_millisecond(1_000_000 + ms).unwrap();
        let behind = OnAction::of(&[Kind::StaleListMs(50)]);
        for (age, listed) in [(0, false), (49, false), (50, true), (-1, false)] {
            assert_eq!(behind.lists(at(0), at(age)), listed, "{age}");
            assert!(OnAction::default().lists(at(0), at(age)));
        }
    }

    #[test]
    fn each_kind_has_its_form_and_what_is_senseless_is_refused() {
        for kind in [
            r#"{"status":{"status":503,"code":"unavailable","headers":{"retry-after":"1"}}}"#,
            r#"{"status":{"status":502,"body":"<html>","effect":true}}"#,
            r#"{"delay":{"after_ms":5}}"#,
            r#""drop-after""#,
            r#""reset-before""#,
            r#""reset-after""#,
            r#"{"slow-body":200}"#,
            r#"{"content-type":"text/html"}"#,
            r#"{"action-error":{}}"#,
            r#""action-hangs""#,
            r#""action-vanishes""#,
            r#"{"stale-list":2}"#,
            r#"{"stale-list-ms":1500}"#,
        ] {
            rule(&format!(r#"{{"path":"/a","kind":{kind}}}"#))
                .check()
                .unwrap();
        }
        assert!(rule(r#"{"path":"a","kind":"truncate"}"#).check().is_err());
        assert!(
            rule(r#"{"path":"/a","nth":0,"kind":"truncate"}"#)
                .check()
                .is_err()
        );
        assert!(
            rule(r#"{"path":"/a","kind":{"status":{"status":99}}}"#)
                .check()
                .is_err()
        );
        assert!(serde_json::from_str::<Rule>(r#"{"path":"/a","kind":"burn"}"#).is_err());
    }
}
