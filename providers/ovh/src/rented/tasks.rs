//! What the vendor does to a service in the background: begun once, looked at by id.

use super::{Rental, Task, gather};
use provision_api::http::{Guarded, Request};
use provision_api::numbers::percent;
use provision_api::{self as api, Error, ErrorKind, Progress, Result, TaskId};
use serde::Serialize;
use std::collections::BTreeSet;

/// What a disk is written by, as the paths have it.
const WIPES: [&str; 2] = ["rebuild", "reinstall"];

/// Leave to begin a task of one kind: nothing grave was under way, and what had been done by
/// then is known, so that a new task can be told from an old one.
#[derive(Debug)]
pub(crate) struct Turn {
    kind: &'static str,
    before: BTreeSet<u64>,
}

impl Rental {
    /// Waits for no one: while something grave is under way this is
    /// [`ErrorKind::Conflict`].
    pub(crate) async fn turn(&self, service: &str, kind: &'static str) -> Result<Turn> {
        let of_kind = [(self.product.kind, kind)];
        let (before, open) =
            tokio::try_join!(self.task_ids(service, &of_kind), self.open_tasks(service))?;
        let in_the_way = |task: &&Task| self.product.grave.contains(&task.kind.as_str());
        if let Some(task) = open.iter().find(in_the_way) {
            let message = format!(
                "the vendor's task {} ({}) is {}; wait for its end",
                task.id, task.kind, task.state
            );
            let operation = format!("begin {kind} on {service}");
            return Err(self.error(ErrorKind::Conflict, operation, message));
        }
        Ok(Turn {
            kind,
            before: before.into_iter().collect(),
        })
    }

    /// Begins it, once: after a lost answer, a task that was not there before is the one.
    pub(crate) async fn act(
        &self,
        service: &str,
        turn: &Turn,
        verb: &str,
        body: Option<&(impl Serialize + Sync)>,
    ) -> Result<Vec<api::Task>> {
        let operation = format!("{verb} {service}");
        let path = self.path(service, &format!("/{verb}"));
        let v1 = self.client.v1();
        let mut request = Request::post(path, operation);
        if WIPES.contains(&verb) {
            request = request.destructive();
        }
        if let Some(body) = body {
            request = v1.with_body(request, body)?;
        }
        let look = || self.new_task(service, turn);
        let task = match v1.guarded::<Task, _, _, _>(request, look).await? {
            Guarded::Answered(task) | Guarded::Found(task) => task,
        };
        self.pending(service, verb, task)
    }

    /// What of it has to be waited for: a task that is done needs no poll, one that failed is
    /// an error.
    fn pending(&self, service: &str, verb: &str, task: Task) -> Result<Vec<api::Task>> {
        match self.progress(service, &task) {
            Progress::Done => Ok(Vec::new()),
            Progress::Failed(error) => Err(error),
            Progress::Running(_) => Ok(vec![named(service, verb, task)]),
        }
    }

    /// What was begun of that kind in this turn by a call that answers no task.
    pub(crate) async fn begun(&self, service: &str, turn: &Turn) -> Result<Vec<api::Task>> {
        match self.new_task(service, turn).await? {
            Some(task) => self.pending(service, turn.kind, task),
            None => Ok(Vec::new()),
        }
    }

    async fn new_task(&self, service: &str, turn: &Turn) -> Result<Option<Task>> {
        let of_kind = [(self.product.kind, turn.kind)];
        let ids = self.task_ids(service, &of_kind).await?;
        let newest = ids.into_iter().filter(|id| !turn.before.contains(id)).max();
        match newest {
            Some(id) => self.task(service, id).await,
            None => Ok(None),
        }
    }

    /// Everything that is under way on a service.
    async fn open_tasks(&self, service: &str) -> Result<Vec<Task>> {
        let filters = self.product.open.iter();
        let filters: Vec<_> = filters
            .map(|state| [(self.product.state, *state)])
            .collect();
        let listed = gather(filters.iter().map(|filter| self.task_ids(service, filter))).await;
        let mut ids = BTreeSet::new();
        for some in listed {
            ids.extend(some?);
        }
        let looked = gather(ids.iter().map(|id| self.task(service, *id))).await;
        let mut open = Vec::new();
        for task in looked {
            // one that ended or vanished between the list and the look is not open
            open.extend(task?.filter(|task| self.product.open.contains(&task.state.as_str())));
        }
        Ok(open)
    }

    async fn task_ids(&self, service: &str, filter: &[(&str, &str)]) -> Result<Vec<u64>> {
        let path = self.path(service, &format!("/{}", self.product.tasks));
        let mut request = Request::get(path, format!("list tasks of {service}"));
        for (name, value) in filter {
            request = request.query(*name, value);
        }
        self.client.v1().call(request).await
    }

    /// The task, unless the vendor does not know it (any more).
    async fn task(&self, service: &str, id: u64) -> Result<Option<Task>> {
        let below = format!("/{}/{id}", self.product.tasks);
        match self.read(service, &below, &format!("task {id}")).await {
            Ok(task) => Ok(Some(task)),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// One answer for each task, in order. The vendor has no list of several, so each is asked
    /// for by itself; what concerns one service only is that task's end, not the others'.
    pub(crate) async fn poll(&self, ids: &[TaskId]) -> Result<Vec<Progress>> {
        let looked = gather(ids.iter().map(|id| self.look_at(id))).await;
        looked.into_iter().collect()
    }

    async fn look_at(&self, id: &TaskId) -> Result<Progress> {
        let split = id.as_str().rsplit_once('/');
        let split = split.and_then(|(service, id)| Some((service, id.parse().ok()?)));
        let Some((service, number)) = split.filter(|(service, _)| !service.is_empty()) else {
            return Ok(Progress::Failed(self.vanished(id)));
        };
        match self.task(service, number).await {
            Ok(Some(task)) => Ok(self.progress(service, &task)),
            Ok(None) => Ok(Progress::Failed(self.vanished(id))),
            Err(error) if error.kind == ErrorKind::Suspended => Ok(Progress::Failed(error)),
            Err(error) => Err(error),
        }
    }

    /// How far a task is. A state that is not known counts as running: it will change.
    fn progress(&self, service: &str, task: &Task) -> Progress {
        match task.state.as_str() {
            "done" => Progress::Done,
            "error" | "cancelled" | "customerError" | "ovhError" => {
                Progress::Failed(self.failure(service, task))
            }
            _ => Progress::Running(task.progress.map(percent)),
        }
    }

    fn failure(&self, service: &str, task: &Task) -> Error {
        let reason = match task.comment.trim() {
            "" => "the vendor gives no reason",
            comment => comment,
        };
        let message = format!(
            "{} ended as {}: {reason} (task {})",
            task.kind, task.state, task.id
        );
        let operation = format!("wait for {} on {service}", task.kind);
        let mut error = self.error(ErrorKind::Unknown, operation, message);
        error.code = Some(task.state.clone());
        error
    }

    fn vanished(&self, id: &TaskId) -> Error {
        let message = "the vendor does not know it any more";
        self.error(ErrorKind::NotFound, format!("look at task {id}"), message)
    }
}

/// Ids are unique within a service only.
fn named(service: &str, verb: &str, task: Task) -> api::Task {
    let what = if task.kind.is_empty() {
        verb.to_owned()
    } else {
        task.kind
    };
    api::Task {
        id: TaskId::new(format!("{service}/{}", task.id)),
        what,
    }
}
