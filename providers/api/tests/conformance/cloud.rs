//! A cloud in memory, with at most one flaw.

use async_trait::async_trait;
use jiff::Timestamp;
use provision_api::*;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};

/// What is wrong with the cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    Timeless,
    ForNothing,
    KeysTwice,
    UnknownRuns,
    SellsAnything,
    SaysAdopted,
    MakesTwo,
    GivesAway,
    ForgetsExpiry,
    ForgetsDone,
    StaysOff,
    StaysArmed,
    GoesInCircles,
    LosesMarks,
    Blind,
    Undead,
    GoneOnce,
    TellsAll,
    KeepsKeys,
    CountsNothing,
    RescueNext,
    AdoptsTwice,
    Clings,
    RenewsBlindly,
}

#[derive(Debug, Default)]
struct State {
    servers: Vec<Server>,
    keys: BTreeMap<u64, LoginKey>,
    next: u64,
    /// Whether the end of a task was told.
    told: bool,
}

#[derive(Debug)]
pub(crate) struct Cloud {
    able: Capabilities,
    flaw: Option<Flaw>,
    state: Mutex<State>,
    requests: AtomicU64,
}

impl Default for Cloud {
    fn default() -> Self {
        Self {
            able: Capabilities {
                create: true,
                rescue: Rescue::Keys,
                rebuild: true,
                host_key_at_first_boot: true,
                rebuild_key: RebuildKey::Given,
                unique_names: true,
                keeps_keys: true,
                metal: false,
                first_users: &["root"],
            },
            flaw: None,
            state: Mutex::default(),
            requests: AtomicU64::new(0),
        }
    }
}

impl fmt::Display for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("fake")
    }
}

impl Cloud {
    pub(crate) fn with(flaw: Flaw) -> Self {
        Self {
            flaw: Some(flaw),
            ..Self::default()
        }
    }

    pub(crate) fn that_can(self, able: Capabilities) -> Self {
        Self { able, ..self }
    }

    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        if !self.has(Flaw::CountsNothing) {
            self.requests.fetch_add(1, Ordering::Relaxed);
        }
        self.state.lock().unwrap()
    }

    /// A server that exists already, without a mark.
    pub(crate) fn rented(&self) -> Server {
        let server = self.made("rented", "small", "here", None);
        self.state().servers.push(server.clone());
        server
    }

    fn made(&self, name: &str, server_type: &str, location: &str, marks: Option<Marks>) -> Server {
        let mut state = self.state();
        state.next += 1;
        Server {
            id: ServerId::new(state.next.to_string()),
            name: name.to_owned(),
            status: ServerStatus::Off,
            ipv4: Some([203, 0, 113, 1].into()),
            ipv6: None,
            gateway6: None,
            server_type: server_type.to_owned(),
            location: location.to_owned(),
            arch: Arch::X86_64,
            created: Timestamp::now(),
            rescue_armed: false,
            protected: false,
            marks,
            doubt: None,
            labels: BTreeMap::new(),
        }
    }
}

fn error<T>(kind: ErrorKind) -> Result<T> {
    Err(Error::new(kind, "fake", "do it", ""))
}

fn accepted(next: Option<u8>) -> Accepted {
    let task = Task {
        id: TaskId::new("5"),
        what: "it".to_owned(),
    };
    Accepted {
        tasks: vec![task],
        next: next.map(Stage),
    }
}

#[async_trait]
impl Provider for Cloud {
    fn capabilities(&self) -> Capabilities {
        self.able
    }

    fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    fn now(&self) -> Option<jiff::Timestamp> {
        (!self.has(Flaw::Timeless)).then(jiff::Timestamp::now)
    }

    async fn catalog(&self) -> Result<Catalog> {
        let hourly = if self.has(Flaw::ForNothing) {
            "0"
        } else {
            "0.01"
        };
        Ok(Catalog {
            currency: "EUR".to_owned(),
            types: vec![ServerType {
                name: "small".to_owned(),
                arch: Arch::X86_64,
                cores: 1,
                memory_mib: 1024,
                disk_gib: 10,
                offers: vec![Offer {
                    location: "here".to_owned(),
                    hourly: Some(hourly.parse().unwrap()),
                    available: true,
                    deprecated: false,
                }],
            }],
        })
    }

    async fn servers(&self) -> Result<Vec<Server>> {
        Ok(self.state().servers.clone())
    }

    async fn trust(&self, key: &LoginKey) -> Result<KeyId> {
        let twice = self.has(Flaw::KeysTwice);
        let mut state = self.state();
        let known = state
            .keys
            .iter()
            .find(|(_, known)| known.public == key.public);
        if let Some((id, _)) = known.filter(|_| !twice) {
            return Ok(KeyId::new(id.to_string()));
        }
        state.next += 100;
        let id = state.next;
        state.keys.insert(id, key.clone());
        Ok(KeyId::new(id.to_string()))
    }

    async fn create(&self, order: &Order) -> Result<Ordered> {
        let sold =
            order.server_type == "small" && order.location == "here" && order.image == "debian";
        if !sold && !self.has(Flaw::SellsAnything) {
            return error(ErrorKind::Invalid);
        }
        let known = self
            .state()
            .servers
            .iter()
            .find(|server| server.name == order.name)
            .cloned();
        if let Some(server) = known.filter(|_| !self.has(Flaw::MakesTwo)) {
            let marks = server.marks.clone().unwrap();
            let same = marks.owner == order.marks.owner && marks.host == order.marks.host;
            if !same && !self.has(Flaw::GivesAway) {
                return error(ErrorKind::AlreadyExists);
            }
            return Ok(Ordered {
                server: OwnedServer::claim(server, &marks.owner).unwrap(),
                accepted: Accepted::default(),
                adopted: marks.run != order.marks.run,
            });
        }
        let (kind, place) = (&order.server_type, &order.location);
        let server = self.made(&order.name, kind, place, Some(order.marks.clone()));
        self.state().servers.push(server.clone());
        Ok(Ordered {
            server: OwnedServer::claim(server, &order.marks.owner).unwrap(),
            accepted: accepted(None),
            adopted: self.has(Flaw::SaysAdopted),
        })
    }

    async fn drive(&self, server: &OwnedServer, intent: &Intent, stage: Stage) -> Result<Accepted> {
        let mut world = self.state();
        let Some(at) = world
            .servers
            .iter()
            .position(|known| known.id == *server.id())
        else {
            let found = matches!(intent, Intent::Gone) && !self.has(Flaw::GoneOnce);
            return if found {
                Ok(Accepted::default())
            } else {
                error(ErrorKind::NotFound)
            };
        };
        let known = &mut world.servers[at];
        match (intent, stage) {
            (Intent::InRescue { .. }, Stage(0)) => {
                known.rescue_armed = true;
                return Ok(accepted(Some(1)));
            }
            (Intent::InRescue { .. }, _) if self.has(Flaw::StaysOff) => {}
            (Intent::InRescue { .. }, _) => {
                known.rescue_armed = false;
                known.status = ServerStatus::Running;
            }
            (Intent::DiskNext, _) if self.has(Flaw::RescueNext) => {}
            (Intent::DiskNext, _) => known.rescue_armed = false,
            (Intent::Released { .. }, _) if self.has(Flaw::Clings) => {}
            (Intent::Released { .. }, _) => known.marks = None,
            (Intent::FromDisk, _) if self.has(Flaw::GoesInCircles) => return Ok(accepted(Some(0))),
            (Intent::FromDisk, _) => {
                known.rescue_armed &= self.has(Flaw::StaysArmed);
                known.status = ServerStatus::Running;
            }
            (Intent::Rebuilt { .. }, _) if self.has(Flaw::LosesMarks) => {
                known.marks.as_mut().unwrap().phase = Phase::Proven;
            }
            (Intent::Rebuilt { .. }, _) => known.status = ServerStatus::Running,
            (Intent::Gone, _) if self.has(Flaw::Undead) => {}
            (Intent::Gone, _) => drop(world.servers.remove(at)),
        }
        Ok(accepted(None))
    }

    async fn adopt(&self, server: &Server, marks: &Marks) -> Result<OwnedServer> {
        let mut state = self.state();
        let known = state.servers.iter_mut().find(|s| s.id == server.id);
        let Some(known) = known else {
            return error(ErrorKind::NotFound);
        };
        if known.marks.is_some() && !self.has(Flaw::AdoptsTwice) {
            return error(ErrorKind::AlreadyExists);
        }
        known.marks = Some(marks.clone());
        Ok(OwnedServer::claim(known.clone(), &marks.owner).unwrap())
    }

    async fn mark(&self, server: &OwnedServer, marks: &Marks) -> Result<OwnedServer> {
        let mut state = self.state();
        let Some(known) = state
            .servers
            .iter_mut()
            .find(|known| known.id == *server.id())
        else {
            return error(ErrorKind::NotFound);
        };
        if !self.has(Flaw::RenewsBlindly) {
            let fit = server.may_bear(marks, known.clone(), Some(Timestamp::now()));
            if fit.is_err() {
                return error(ErrorKind::NotOurs);
            }
        }
        let mut written = marks.clone();
        if self.has(Flaw::ForgetsExpiry) {
            written.expires = None;
        }
        known.marks = Some(written);
        Ok(OwnedServer::claim(known.clone(), &marks.owner).unwrap())
    }

    async fn poll(&self, tasks: &[TaskId]) -> Result<Vec<Progress>> {
        let mut state = self.state();
        let answer = |task: &TaskId| {
            // the one task there ever is
            let known = task.as_str() == "5" && !(self.has(Flaw::ForgetsDone) && state.told);
            if known || self.has(Flaw::UnknownRuns) {
                return Progress::Done;
            }
            Progress::Failed(Error::new(ErrorKind::NotFound, "fake", "poll", ""))
        };
        let answers = tasks.iter().map(answer).collect();
        state.told |= tasks.iter().any(|task| task.as_str() == "5");
        Ok(answers)
    }

    async fn leftovers(&self, owner: &Owner) -> Result<Vec<Leftover>> {
        let all = self.has(Flaw::TellsAll);
        let state = self.state();
        let ours = state
            .keys
            .iter()
            .filter(|(_, key)| all || key.owner == *owner);
        Ok(ours
            .map(|(id, key)| Leftover {
                kind: LeftoverKind::Key,
                id: id.to_string(),
                name: key.name.clone(),
                owner: key.owner.clone(),
                host: None,
                in_use_by: None,
            })
            .collect())
    }

    async fn remove(&self, leftover: &Leftover) -> Result<Accepted> {
        if !self.has(Flaw::KeepsKeys) {
            self.state().keys.remove(&leftover.id.parse().unwrap());
        }
        Ok(Accepted::default())
    }

    async fn console(&self, _server: &OwnedServer) -> Result<Console> {
        let url = if self.has(Flaw::Blind) {
            ""
        } else {
            "wss://fake.example/"
        };
        Ok(Console {
            url: url.to_owned(),
            password: None,
        })
    }
}
