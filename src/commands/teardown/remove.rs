//! The removal itself: each thing begun, journalled, waited for, and looked for again.

use super::choose::Removal;
use super::{RENTED, Removed, Told, described, kind, named, removed};
use crate::cli::Rented;
use crate::clouds::Cloud;
use crate::context::Context;
use crate::event::Step;
use crate::journal::{Journal, Record};
use provision_api::wait::{Attempt, Deadline, WaitError, until};
use provision_api::{
    Accepted, Backoff, Error, ErrorKind, Intent, Leftover, LeftoverKind, Marks, OwnedServer, Phase,
    ServerId, Stage,
};
use std::collections::HashSet;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// No vendor needs more steps than this to let go of a thing.
const REMOVAL_STAGES: usize = 4;

/// What removes things at one provider.
#[derive(Debug, Clone)]
pub(super) struct Remover {
    pub(super) context: Arc<Context>,
    pub(super) cloud: Arc<Cloud>,
    pub(super) journal: Arc<Journal>,
    pub(super) cancel: CancellationToken,
    /// What becomes of a rented server's disk.
    pub(super) rented: Rented,
}

/// What is removed, and how far that is.
#[derive(Debug, Clone, Copy)]
enum Thing<'a> {
    Server(&'a OwnedServer, &'a Intent, Stage),
    Leftover(&'a Leftover),
}

impl Remover {
    /// Removes all of it: the servers together, then what outlives them; and lists again.
    pub(super) async fn all(&self, removal: &Removal, told: &mut Told) {
        let mut tasks = tokio::task::JoinSet::new();
        for server in &removal.servers {
            let (remover, server) = (self.clone(), server.clone());
            tasks.spawn(async move { remover.server(&server).await });
        }
        let (mut gone, mut done) = (HashSet::new(), Vec::new());
        while let Some(ended) = tasks.join_next().await {
            match ended {
                Ok(Ok(one)) => {
                    gone.insert(ServerId::new(one.id.clone()));
                    done.push(one);
                }
                Ok(Err(error)) => told.errors.push(error),
                Err(error) => told.errors.push(error.to_string()),
            }
        }
        done.sort_by(|a: &Removed, b| a.name.cmp(&b.name));
        told.removed.extend(done);
        let is_all = gone.len() == removal.servers.len();
        for leftover in &removal.leftovers {
            // a server that could not be removed keeps its disks, its addresses and its key
            let may_go = match (&leftover.kind, &leftover.in_use_by) {
                (LeftoverKind::Key, _) => is_all,
                (_, Some(server)) => gone.contains(server),
                (_, None) => true,
            };
            if may_go {
                match self.leftover(leftover).await {
                    Ok(one) => told.removed.push(one),
                    Err(error) => told.errors.push(error),
                }
            }
        }
        self.prove(removal, told).await;
    }

    async fn server(&self, server: &OwnedServer) -> Result<Removed, String> {
        let name = server.server().name.as_str();
        let running = self.context.teller.begin(name, Step::Remove);
        self.begin(name, &described(server, None));
        let intent = self.intent();
        let server = &self.unproven(server, &intent).await?;
        let mut next = Some(Stage(0));
        while let Some(stage) = next {
            let thing = Thing::Server(server, &intent, stage);
            next = self.stage(name, thing).await?.next;
        }
        if let Ok(kept) = self.context.state.server(name) {
            kept.forget_server();
        }
        let (kind, what) = match intent {
            Intent::Released { .. } => (RENTED, "is given back; its contract goes on"),
            _ => ("server", "is gone"),
        };
        let what = format!("server {} {what}", server.id());
        self.done(name, &what);
        running.done(what);
        Ok(removed(&self.cloud, kind, name, server.id().as_str()))
    }

    /// What will be wiped is not proven any more; where that cannot be written, nothing is wiped.
    async fn unproven(&self, server: &OwnedServer, intent: &Intent) -> Result<OwnedServer, String> {
        if !matches!(intent, Intent::Released { reset: true }) {
            return Ok(server.clone());
        }
        let marks = Marks {
            phase: Phase::Created,
            host_key: None,
            ..server.marks().clone()
        };
        let marked = self.cloud.provider.mark(server, &marks).await;
        marked.map_err(|error| self.failed(&server.server().name, &error))
    }

    /// What is rented is never cancelled.
    fn intent(&self) -> Intent {
        if self.cloud.is_rented() {
            let reset = self.rented == Rented::Reset;
            Intent::Released { reset }
        } else {
            Intent::Gone
        }
    }

    /// What is still in use is detached first, and then asked for again.
    async fn leftover(&self, leftover: &Leftover) -> Result<Removed, String> {
        let (name, what) = (&leftover.name, named(leftover));
        self.begin(name, &what);
        for _ in 0..REMOVAL_STAGES {
            let accepted = self.stage(&what, Thing::Leftover(leftover)).await?;
            if accepted.next.is_none() {
                self.done(name, &format!("{what} is gone"));
                return Ok(removed(&self.cloud, kind(leftover), name, &leftover.id));
            }
        }
        Err(self.failed(name, &"it stays in use"))
    }

    /// One stage: begun, once the vendor is free for it, and waited for.
    async fn stage(&self, name: &str, thing: Thing<'_>) -> Result<Accepted, String> {
        let deadlines = self.context.deadlines;
        let accepted = until(
            "the vendor to be free for it",
            Deadline::after(deadlines.busy()),
            &Backoff::new(Duration::from_secs(1), Duration::from_secs(10)),
            &self.cancel,
            async || match self.begun(thing).await {
                Ok(accepted) => Ok(Attempt::Ready(accepted)),
                Err(error) if error.kind == ErrorKind::Conflict => {
                    Ok(Attempt::NotYet(error.to_string()))
                }
                Err(error) => Err(error),
            },
        )
        .await
        .map_err(|error: WaitError<Error>| self.failed(name, &error))?;
        let record = Record::Accepted {
            step: Step::Remove,
            accepted: accepted.clone(),
        };
        self.write(name, record);
        self.cloud
            .waiter
            .wait(
                &accepted.tasks,
                Deadline::after(deadlines.task()),
                &self.cancel,
                |_, _| {},
            )
            .await
            .map_err(|error| self.failed(name, &error))?;
        Ok(accepted)
    }

    async fn begun(&self, thing: Thing<'_>) -> provision_api::Result<Accepted> {
        let provider = &self.cloud.provider;
        match thing {
            Thing::Server(server, intent, stage) => provider.drive(server, intent, stage).await,
            Thing::Leftover(leftover) => provider.remove(leftover).await,
        }
    }

    fn begin(&self, name: &str, what: &str) {
        let record = Record::Intent {
            step: Step::Remove,
            what: format!("remove {what}"),
        };
        self.write(name, record);
    }

    fn done(&self, name: &str, what: &str) {
        let record = Record::Done {
            step: Step::Remove,
            what: what.to_owned(),
        };
        self.write(name, record);
    }

    /// A removal that failed, journalled.
    fn failed(&self, name: &str, why: &dyn Display) -> String {
        let error = format!("{name}: {why}");
        let record = Record::Failed {
            step: Step::Remove,
            error: error.clone(),
        };
        self.write(name, record);
        error
    }

    /// A journal that cannot be written keeps nothing from being removed, and hides no failure.
    fn write(&self, name: &str, record: Record) {
        let teller = &self.context.teller;
        self.journal.write_if_possible(teller, name, record);
    }
}
