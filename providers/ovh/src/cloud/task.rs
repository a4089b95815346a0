//! Tasks where the vendor has none: a status of an instance that is waited for.
//!
//! The vendor's cloud (`OpenStack`) sets the passing status (`HARD_REBOOT`, `REBUILD`, …) before
//! it answers the request, so a look after the answer does not see the status of before.

use super::convert;
use super::wire::Instance;
use provision_api::{Accepted, Error, ErrorKind, Progress, Stage, Task, TaskId};

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    /// Made for the first time.
    Made,
    /// On, from its own disk.
    Active,
    /// In the rescue system.
    Rescue,
    /// Not there any more.
    Gone,
}

const GOALS: [(Goal, &str, &str); 4] = [
    (Goal::Made, "made", "create instance"),
    (Goal::Active, "active", "boot from disk"),
    (Goal::Rescue, "rescue", "boot into rescue"),
    (Goal::Gone, "gone", "delete instance"),
];

impl Goal {
    fn words(self) -> (&'static str, &'static str) {
        let known = GOALS.iter().find(|(goal, _, _)| *goal == self);
        known.map_or(("", ""), |(_, id, what)| (*id, *what))
    }

    /// The task of waiting for it.
    pub(super) fn of(self, instance: &str) -> Task {
        let (id, what) = self.words();
        Task {
            id: TaskId::new(format!("{instance}/{id}")),
            what: what.to_owned(),
        }
    }

    /// Waiting for it, and nothing after that.
    pub(super) fn last(self, instance: &str) -> Accepted {
        Accepted {
            tasks: vec![self.of(instance)],
            next: None,
        }
    }

    /// Waiting for it, and then the next stage.
    pub(super) fn then(self, instance: &str, stage: u8) -> Accepted {
        Accepted {
            next: Some(Stage(stage)),
            ..self.last(instance)
        }
    }
}

/// The instance and the goal that a task stands for; none if it is not one of ours.
pub(super) fn read(task: &TaskId) -> Option<(&str, Goal)> {
    let (instance, goal) = task.as_str().rsplit_once('/')?;
    let (goal, _, _) = GOALS.iter().find(|(_, id, _)| *id == goal)?;
    (!instance.is_empty()).then_some((instance, *goal))
}

/// How far it is, when this is known of the instances: one that is not among them is gone.
pub(super) fn progress(provider: &'static str, task: &TaskId, instances: &[Instance]) -> Progress {
    let failed = |kind, operation: &str, why: String| {
        Progress::Failed(Error::new(kind, provider, operation, why))
    };
    let Some((id, goal)) = read(task) else {
        let why = format!("{task} is no task of this product");
        return failed(ErrorKind::NotFound, "look at a task", why);
    };
    let (_, what) = goal.words();
    let found = instances.iter().find(|instance| instance.id == id);
    let status = found.map_or("DELETED", |instance| instance.status.as_str());
    match (goal, status) {
        (Goal::Gone, status) if status != "DELETED" => Progress::Running(None),
        (Goal::Made | Goal::Active | Goal::Rescue, "DELETED" | "DELETING" | "SOFT_DELETED") => {
            let why = format!("instance {id} is not there any more");
            failed(ErrorKind::NotFound, what, why)
        }
        (Goal::Made, "ERROR") => {
            // the list has no reason; at birth there is hardly another one
            let why = format!(
                "instance {id} ended in ERROR, as it does where no room is left; it is still \
                 there, and has to be removed"
            );
            failed(ErrorKind::SoldOut, what, why)
        }
        (_, "ERROR") => {
            let why = format!("instance {id} is in ERROR; the vendor's support can tell why");
            failed(ErrorKind::Unknown, what, why)
        }
        (Goal::Gone, _) | (Goal::Rescue, "RESCUE" | "RESCUED") | (Goal::Active, "ACTIVE") => {
            Progress::Done
        }
        (Goal::Made, status)
            if status == "ACTIVE" || convert::is_off(status) || convert::in_rescue(status) =>
        {
            Progress::Done
        }
        _ => Progress::Running(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_how_far_a_task_is() {
        let cases = [
            (Goal::Made, "BUILD", None),
            (Goal::Made, "ACTIVE", Some(Ok(()))),
            (Goal::Made, "SHUTOFF", Some(Ok(()))),
            (Goal::Made, "ERROR", Some(Err(ErrorKind::SoldOut))),
            (Goal::Made, "DELETED", Some(Err(ErrorKind::NotFound))),
            (Goal::Active, "HARD_REBOOT", None),
            (Goal::Active, "REBUILD", None),
            (Goal::Active, "UNRESCUING", None),
            (Goal::Active, "SOMETHING_NEW", None),
            (Goal::Active, "ACTIVE", Some(Ok(()))),
            (Goal::Active, "ERROR", Some(Err(ErrorKind::Unknown))),
            (Goal::Rescue, "ACTIVE", None),
            (Goal::Rescue, "RESCUE", Some(Ok(()))),
            (Goal::Gone, "DELETING", None),
            (Goal::Gone, "ERROR", None),
            (Goal::Gone, "DELETED", Some(Ok(()))),
        ];
        for (goal, status, expected) in cases {
            let list = format!(r#"[{{"id":"i-1","name":"x","status":"{status}"}}]"#);
            let list: Vec<Instance> = serde_json::from_str(&list).unwrap();
            let found = match progress("ovh", &goal.of("i-1").id, &list) {
                Progress::Running(None) => None,
                Progress::Running(Some(_)) => unreachable!(),
                Progress::Done => Some(Ok(())),
                Progress::Failed(error) => Some(Err(error.kind)),
            };
            assert_eq!(found, expected, "{goal:?} {status}");
        }
    }

    #[test]
    fn what_is_unknown_has_failed() {
        for id in ["9007199254740991", "i-1/finished", "/gone", ""] {
            match progress("ovh", &TaskId::new(id), &[]) {
                Progress::Failed(error) => assert_eq!(error.kind, ErrorKind::NotFound, "{id}"),
                other => panic!("{id}: {other:?}"),
            }
        }
        assert!(matches!(
            progress("ovh", &Goal::Gone.of("i-1").id, &[]),
            Progress::Done
        ));
    }
}
