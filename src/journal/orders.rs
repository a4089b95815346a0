//! Orders whose end nobody wrote down: their run was killed, or the answer was lost. What was
//! ordered may still come to exist, and cost money, although no list shows it yet.

use super::{Line, Record};
use crate::event::Step;
use crate::failure::{Failure, Outcome};
use crate::report;
use crate::state::State;
use jiff::{SignedDuration, Timestamp};
use provision_api::{HostName, OwnedServer, Owner, Role, RunId};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::time::{Duration, SystemTime};

/// The clocks of files and of this computer may differ by so much.
const SLACK: Duration = Duration::from_secs(3600);

/// What is ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The host of the flake.
    pub host: HostName,
    /// A server that stays, or a machine for a test.
    pub role: Role,
    /// Where, as `--provider` names it.
    pub provider: String,
    /// The vendor's name of the type.
    #[serde(rename = "type")]
    pub server_type: String,
    /// The vendor's name of the place.
    pub location: String,
    /// What it costs by the hour; none where the vendor does not tell.
    pub price_hourly: Option<Decimal>,
    /// The currency of that.
    pub currency: Option<String>,
}

impl Order {
    /// The server of that name that it is for, and what that costs.
    pub fn described(&self, name: &str) -> String {
        let price = report::per_hour(self.price_hourly, self.currency.as_deref());
        format!(
            "a server {name} ({} in {}, {price})",
            self.server_type, self.location
        )
    }
}

/// An order that may still be carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Open {
    /// The server's name.
    pub name: String,
    /// What was ordered.
    #[serde(flatten)]
    pub order: Order,
    /// Who ordered it: the marks of what comes of it bear that run.
    pub run: RunId,
    /// When, by this computer's clock.
    pub ordered_at: Timestamp,
    /// From then on it cannot come any more.
    pub until: Timestamp,
}

impl Open {
    /// Whether this is what came of it.
    pub fn is(&self, server: &OwnedServer) -> bool {
        let marks = server.marks();
        marks.run == self.run && marks.host == self.order.host && marks.role == self.order.role
    }
}

/// The owner's orders that nobody has heard the end of, as far as they are not older than an order
/// may take.
pub fn open(state: &State, owner: &Owner, within: Duration) -> Outcome<Vec<Open>> {
    let since = SystemTime::now().checked_sub(within.saturating_add(SLACK));
    let journals = state
        .journals(since.unwrap_or(SystemTime::UNIX_EPOCH))
        .map_err(|(path, error)| Failure::state(&path, &error))?;
    let within = SignedDuration::try_from(within).unwrap_or(SignedDuration::MAX);
    let now = Timestamp::now();
    let mut open = Vec::new();
    for path in journals {
        let text = std::fs::read(&path).map_err(|e| Failure::state(&path, &e))?;
        open.extend(of_run(&super::lines(&text), owner, within, now));
    }
    Ok(open)
}

/// Those of one run's journal.
fn of_run(lines: &[Line], owner: &Owner, within: SignedDuration, now: Timestamp) -> Vec<Open> {
    let begun = lines.iter().find_map(|line| match &line.record {
        Record::Run { run, owner, .. } => Some((run, owner)),
        _ => None,
    });
    let Some((run, _)) = begun.filter(|(_, whose)| *whose == owner) else {
        return Vec::new();
    };
    let mut open: Vec<Open> = Vec::new();
    for line in lines {
        let Some(name) = &line.name else { continue };
        match &line.record {
            Record::Order { order } => open.push(Open {
                name: name.clone(),
                order: order.clone(),
                run: run.clone(),
                ordered_at: line.at,
                // a clock that was set back does not make it last for ever
                until: line.at.min(now).saturating_add(within).unwrap_or(now),
            }),
            Record::Server { .. }
            | Record::Done {
                step: Step::Acquire,
                ..
            }
            | Record::Failed {
                step: Step::Acquire,
                ..
            } => open.retain(|order| order.name != *name),
            _ => {}
        }
    }
    open.retain(|order| order.until > now);
    open
}

#[cfg(test)]
mod tests {
    use super::*;
    use provision_api::ServerId;

    const NOW: i64 = 1_783_670_400;

    fn line(name: &str, seconds: i64, record: Record) -> Line {
        Line {
            schema: super::super::SCHEMA,
            at: Timestamp::from_second(NOW + seconds).unwrap(),
            name: Some(name.to_owned()),
            record,
        }
    }

    fn run(owner: &str) -> Line {
        let record = Record::Run {
            run: "r1".parse().unwrap(),
            command: "up".to_owned(),
            owner: owner.parse().unwrap(),
            provider: "hetzner".to_owned(),
            hosts: Vec::new(),
        };
        Line {
            name: None,
            ..line("", -400, record)
        }
    }

    fn order(name: &str, seconds: i64) -> Line {
        let order = Order {
            host: name.parse().unwrap(),
            role: Role::Server,
            provider: "hetzner".to_owned(),
            server_type: "cx23".to_owned(),
            location: "nbg1".to_owned(),
            price_hourly: Some(Decimal::new(66, 4)),
            currency: Some("EUR".to_owned()),
        };
        line(name, seconds, Record::Order { order })
    }

    fn ended(name: &str, how: &str) -> Line {
        let (step, text) = (Step::Acquire, String::new());
        let record = match how {
            "server" => Record::Server {
                id: ServerId::new("7"),
                adopted: false,
            },
            "done" => Record::Done { step, what: text },
            "failed" => Record::Failed { step, error: text },
            _ => Record::Failed {
                step: Step::Install,
                error: text,
            },
        };
        line(name, -1, record)
    }

    #[test]
    fn an_order_is_open_until_its_end_is_written_or_it_is_too_old() {
        let mine = || run("me");
        let cases: Vec<(Vec<Line>, &[&str])> = vec![
            (vec![mine()], &[]),
            (vec![mine(), order("web-1", -10)], &["web-1"]),
            (vec![mine(), order("web-1", -299)], &["web-1"]),
            (vec![mine(), order("web-1", -300)], &[]),
            // the clock was set back since
            (vec![mine(), order("web-1", 5000)], &["web-1"]),
            (vec![run("them"), order("web-1", -10)], &[]),
            (vec![order("web-1", -10)], &[]),
            (
                vec![mine(), order("web-1", -10), ended("web-1", "server")],
                &[],
            ),
            (
                vec![mine(), order("web-1", -10), ended("web-1", "done")],
                &[],
            ),
            (
                vec![mine(), order("web-1", -10), ended("web-1", "failed")],
                &[],
            ),
            (
                vec![mine(), order("web-1", -10), ended("web-1", "install")],
                &["web-1"],
            ),
            // of several hosts each has its own end
            (
                vec![
                    mine(),
                    order("web-1", -10),
                    order("web-2", -9),
                    ended("web-1", "server"),
                ],
                &["web-2"],
            ),
            // the second choice of a host
            (
                vec![
                    mine(),
                    order("web-1", -10),
                    ended("web-1", "failed"),
                    order("web-1", -1),
                ],
                &["web-1"],
            ),
        ];
        let now = Timestamp::from_second(NOW).unwrap();
        for (lines, expected) in cases {
            let me = "me".parse().unwrap();
            let found = of_run(&lines, &me, SignedDuration::from_secs(300), now);
            let names: Vec<&str> = found.iter().map(|open| open.name.as_str()).collect();
            assert_eq!(names, expected, "{lines:?}");
            for open in found {
                assert!(open.until > now && open.until <= now + SignedDuration::from_secs(300));
                assert_eq!(
                    open.order.described(&open.name),
                    "a server web-1 (cx23 in nbg1, 0.0066 EUR/h)".replace("web-1", &open.name)
                );
            }
        }
    }

    #[test]
    fn the_journals_of_the_state_folder_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let state = State::open(dir.path()).unwrap();
        let (me, within) = ("me".parse().unwrap(), Duration::from_secs(300));
        assert!(open(&state, &me, within).unwrap().is_empty());
        let folder = state.run(&"r1".parse().unwrap()).unwrap();
        let journal = super::super::Journal::open(&folder).unwrap();
        journal.write(None, run("me").record).unwrap();
        journal
            .write(Some("web-1"), order("web-1", 0).record)
            .unwrap();
        // a run that was killed before it wrote a line
        state.run(&"r2".parse().unwrap()).unwrap();
        assert_eq!(open(&state, &me, within).unwrap().len(), 1);
        let file = folder.join("journal.jsonl");
        let old = SystemTime::now() - Duration::from_secs(86_400);
        let opened = std::fs::OpenOptions::new().append(true).open(&file);
        opened.unwrap().set_modified(old).unwrap();
        assert!(open(&state, &me, within).unwrap().is_empty(), "not read");
        std::fs::remove_file(&file).unwrap();
        std::fs::create_dir(&file).unwrap();
        assert!(open(&state, &me, within).is_err(), "it cannot be known");
    }
}
