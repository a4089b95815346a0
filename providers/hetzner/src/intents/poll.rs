//! How far actions are, many in one request.

use crate::dialect::PROVIDER;
use crate::wire::{ActionAnswer, Actions, Page};
use crate::{Hetzner, convert};
use provision_api::http::Request;
use provision_api::{Error, ErrorKind, Progress, Result, TaskId};
use std::collections::BTreeMap;

/// As many fit on a page of the vendor's usual size.
const CHUNK: usize = 25;

impl Hetzner {
    /// One answer for each task, in order.
    pub(crate) async fn look_at(&self, tasks: &[TaskId]) -> Result<Vec<Progress>> {
        // an id that is no number is none of the vendor's, and would spoil the whole request
        let numbers: Vec<Option<u64>> = tasks
            .iter()
            .map(|task| task.as_str().parse().ok())
            .collect();
        let mut wanted: Vec<u64> = numbers.iter().copied().flatten().collect();
        wanted.sort_unstable();
        wanted.dedup();
        let mut known = BTreeMap::new();
        for chunk in wanted.chunks(CHUNK) {
            self.look_at_some(chunk, &mut known).await?;
        }
        let answer = |(task, number): (&TaskId, &Option<u64>)| {
            let found = number.and_then(|number| known.get(&number)).cloned();
            found.unwrap_or_else(|| Progress::Failed(vanished(task)))
        };
        Ok(tasks.iter().zip(&numbers).map(answer).collect())
    }

    async fn look_at_some(&self, ids: &[u64], known: &mut BTreeMap<u64, Progress>) -> Result<()> {
        let request = ids.iter().fold(
            Request::get("/actions", "look at actions"),
            |request, id| request.query("id", id),
        );
        match self.http.call::<Actions>(&request).await {
            Ok(actions) => {
                let actions = actions.turn().0;
                known.extend(
                    actions
                        .iter()
                        .map(|action| (action.id, convert::progress(action))),
                );
                Ok(())
            }
            // one unknown id may hide the others
            Err(error) if error.kind == ErrorKind::NotFound => self.look_at_each(ids, known).await,
            Err(error) => Err(error),
        }
    }

    async fn look_at_each(&self, ids: &[u64], known: &mut BTreeMap<u64, Progress>) -> Result<()> {
        for id in ids {
            let request = Request::get(format!("/actions/{id}"), format!("look at action {id}"));
            match self.http.call::<ActionAnswer>(&request).await {
                Ok(answer) => {
                    known.extend(
                        answer
                            .action
                            .map(|action| (*id, convert::progress(&action))),
                    );
                }
                Err(error) if error.kind == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn vanished(task: &TaskId) -> Error {
    let message = "the vendor does not know it any more";
    Error::new(
        ErrorKind::NotFound,
        PROVIDER,
        format!("look at action {task}"),
        message,
    )
}
