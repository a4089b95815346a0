//! A provider whose tasks do what a script says.

use crate::wait::{Deadline, TaskWaiter};
use crate::*;
use async_trait::async_trait;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

/// Answers polls from a function of (task, seconds since the start, how many polls before).
pub(super) type Script = Box<dyn Fn(&str, u64, usize) -> Result<Progress> + Send + Sync>;

pub(super) struct Fake {
    start: Instant,
    script: Script,
    polls: Mutex<Vec<(u64, Vec<String>)>>,
}

impl Fake {
    pub(super) fn new(
        script: impl Fn(&str, u64, usize) -> Result<Progress> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            start: Instant::now(),
            script: Box::new(script),
            polls: Mutex::default(),
        })
    }

    /// Each poll: milliseconds since the start, and the tasks.
    pub(super) fn polls(&self) -> Vec<(u64, Vec<String>)> {
        self.polls.lock().unwrap().clone()
    }
}

impl std::fmt::Debug for Fake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fake")
    }
}

impl std::fmt::Display for Fake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("fake")
    }
}

#[async_trait]
impl Provider for Fake {
    fn capabilities(&self) -> Capabilities {
        unreachable!()
    }
    fn requests(&self) -> u64 {
        unreachable!()
    }
    fn now(&self) -> Option<jiff::Timestamp> {
        unreachable!()
    }
    async fn catalog(&self) -> Result<Catalog> {
        unreachable!()
    }
    async fn servers(&self) -> Result<Vec<Server>> {
        unreachable!()
    }
    async fn trust(&self, _: &LoginKey) -> Result<KeyId> {
        unreachable!()
    }
    async fn create(&self, _: &Order) -> Result<Ordered> {
        unreachable!()
    }
    async fn drive(&self, _: &OwnedServer, _: &Intent, _: Stage) -> Result<Accepted> {
        unreachable!()
    }
    async fn adopt(&self, _: &Server, _: &Marks) -> Result<OwnedServer> {
        unreachable!()
    }
    async fn mark(&self, _: &OwnedServer, _: &Marks) -> Result<OwnedServer> {
        unreachable!()
    }
    async fn poll(&self, tasks: &[TaskId]) -> Result<Vec<Progress>> {
        let at = u64::try_from(self.start.elapsed().as_millis()).unwrap();
        let before = {
            let mut polls = self.polls.lock().unwrap();
            polls.push((
                at,
                tasks.iter().map(|task| task.as_str().to_owned()).collect(),
            ));
            polls.len() - 1
        };
        tasks
            .iter()
            .map(|task| (self.script)(task.as_str(), at / 1000, before))
            .collect()
    }
    async fn leftovers(&self, _: &Owner) -> Result<Vec<Leftover>> {
        unreachable!()
    }
    async fn remove(&self, _: &Leftover) -> Result<Accepted> {
        unreachable!()
    }
    async fn console(&self, _: &OwnedServer) -> Result<Console> {
        unreachable!()
    }
}

pub(super) fn pace() -> Backoff {
    Backoff {
        jitter: 0.0,
        ..TaskWaiter::PACE
    }
}

pub(super) fn task(id: &str) -> Task {
    Task {
        id: TaskId::new(id),
        what: format!("do_{id}"),
    }
}

pub(super) fn after(seconds: u64) -> Deadline {
    Deadline::after(Duration::from_secs(seconds))
}

pub(super) fn error(kind: ErrorKind) -> Error {
    Error::new(kind, "fake", "poll", "as the script says")
}
