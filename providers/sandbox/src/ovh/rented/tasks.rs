//! Tasks: one at a time for each service, done when their time is over.

use super::machine::{failed, machine, start, write};
use super::{Effect, Product, Service, service, service_mut};
use crate::faults::ActionError;
use crate::latency::Work;
use crate::ovh::error::ApiError;
use crate::ovh::later;
use crate::world::Held;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Something that the vendor does. No `Debug`: user data may be in it.
#[derive(Clone, Serialize, Deserialize)]
pub(in crate::ovh) struct Task {
    pub(in crate::ovh) id: u64,
    /// The vendor's word for what it does.
    pub(in crate::ovh) function: String,
    pub(in crate::ovh) started: Timestamp,
    /// When it is over; never, if it hangs.
    pub(in crate::ovh) due: Option<Timestamp>,
    pub(in crate::ovh) finished: Option<Timestamp>,
    pub(in crate::ovh) error: Option<ActionError>,
    effect: Effect,
    /// It cannot be found.
    pub(in crate::ovh) hidden: bool,
}

impl Task {
    /// Whether it is not over.
    pub(in crate::ovh) fn running(&self) -> bool {
        self.finished.is_none()
    }

    /// How much of it is done, in percent.
    pub(in crate::ovh) fn progress(&self, now: Timestamp) -> i64 {
        let Some(due) = self.due.filter(|_| self.running()) else {
            return if self.running() { 0 } else { 100 };
        };
        let whole = due.as_millisecond() - self.started.as_millisecond();
        let done = now.as_millisecond() - self.started.as_millisecond();
        if whole <= 0 {
            0
        } else {
            (done * 100 / whole).clamp(0, 99)
        }
    }
}

/// Begins a task, unless the service has one already.
pub(in crate::ovh) fn begin<P: Product>(
    held: &mut Held<'_>,
    name: &str,
    function: &str,
    work: Work,
    effect: Effect,
) -> Result<Task, ApiError> {
    if let Some(other) = service::<P>(held, name)?.busy() {
        return Err(ApiError::conflict(format!(
            "A task is already running on this service: {} ({})",
            other.function, other.id
        )));
    }
    // a request starts one task of its own; what follows from it is not hit as well
    let fault = std::mem::take(&mut held.on_action);
    let takes = held.settings.latency.of(work);
    let task = Task {
        id: held.ovh.next_number() + 100_000,
        function: function.to_owned(),
        started: held.now,
        due: (!fault.hangs).then(|| later(held.now, takes)),
        finished: None,
        error: None,
        effect: fault.error.map_or(effect, Effect::Fail),
        hidden: fault.vanishes,
    };
    let service = service_mut::<P>(held, name)?;
    service.tasks.insert(task.id, task.clone());
    Ok(task)
}

/// The tasks of a service that can be found.
pub(in crate::ovh) fn listed<P>(service: &Service<P>) -> impl Iterator<Item = &Task> {
    service.tasks.values().filter(|task| !task.hidden)
}

/// One of them.
pub(in crate::ovh) fn task<'a, P>(service: &'a Service<P>, id: &str) -> Result<&'a Task, ApiError> {
    let id: Option<u64> = id.parse().ok();
    listed(service)
        .find(|task| Some(task.id) == id)
        .ok_or_else(|| ApiError::not_found("This task does not exist"))
}

/// Lets everything happen that is due; whether anything did.
pub(in crate::ovh) async fn settle<P: Product>(held: &mut Held<'_>) -> bool {
    let mut changed = false;
    while let Some((name, task)) = next::<P>(held) {
        changed = true;
        let outcome = happen::<P>(held, &name, &task.effect).await;
        let now = held.now;
        if let Ok(service) = service_mut::<P>(held, &name)
            && let Some(over) = service.tasks.get_mut(&task.id)
        {
            over.finished = Some(task.due.unwrap_or(now));
            over.error = outcome.err();
            over.effect = Effect::None;
        }
    }
    changed
}

/// Tasks that hang go on: a service does one at a time, so one without end would keep it for ever.
pub(in crate::ovh) fn go_on<P: Product>(held: &mut Held<'_>) {
    let now = held.now;
    let services = P::book_mut(&mut held.ovh).services.values_mut();
    for task in services.flat_map(|service| service.tasks.values_mut()) {
        task.due.get_or_insert(now);
    }
}

/// The task that is due first.
fn next<P: Product>(held: &Held<'_>) -> Option<(String, Task)> {
    let services = P::book(&held.ovh).services.iter();
    services
        .flat_map(|(name, service)| service.tasks.values().map(move |task| (name, task)))
        .filter(|(_, task)| task.running())
        .filter_map(|(name, task)| Some((task.due.filter(|due| *due <= held.now)?, name, task)))
        .min_by_key(|(due, _, task)| (*due, task.id))
        .map(|(_, name, task)| (name.clone(), task.clone()))
}

async fn happen<P: Product>(
    held: &mut Held<'_>,
    name: &str,
    effect: &Effect,
) -> Result<(), ActionError> {
    match effect {
        Effect::None => Ok(()),
        Effect::Fail(error) => Err(error.clone()),
        Effect::Netboot { reboot, .. } => {
            change::<P>(held, name, effect)?;
            super::tell_boot::<P>(held, name).await;
            if *reboot {
                cycle::<P>(held, name).await
            } else {
                Ok(())
            }
        }
        Effect::Cycle => cycle::<P>(held, name).await,
        Effect::Start => start::<P>(held, name).await,
        Effect::Stop => Ok(machine::<P>(held, name).await?.power_off().await?),
        Effect::Write(writing) => {
            write::<P>(held, name, writing).await?;
            change::<P>(held, name, effect)?;
            start::<P>(held, name).await
        }
    }
}

fn change<P: Product>(held: &mut Held<'_>, name: &str, effect: &Effect) -> Result<(), ActionError> {
    let service = service_mut::<P>(held, name).map_err(|_| failed("the service is gone"))?;
    P::change(service, effect);
    Ok(())
}

async fn cycle<P: Product>(held: &mut Held<'_>, name: &str) -> Result<(), ActionError> {
    machine::<P>(held, name).await?.power_off().await?;
    start::<P>(held, name).await
}
