//! Orders of runs that did not live to hear of them: waited for until they cannot be carried out
//! any more, or told of as what may exist.
//!
//! Only the journals in this state folder tell of them: where that is lost, or on another computer,
//! such a server is seen as soon as the vendor lists it, and not before.

use crate::clouds::Cloud;
use crate::context::Context;
use crate::event::Step;
use crate::failure::{Exit, Failure, Outcome};
use crate::journal::orders::{self, Open};
use crate::steps::acquire::PERHAPS;
use jiff::Timestamp;
use provision_api::Role;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How often it is looked whether a run has heard of its order.
const PAUSE: Duration = Duration::from_millis(500);
/// How often the vendor is asked whether it has come.
const LOOK: Duration = Duration::from_secs(3);

/// Those that may still be carried out, at the provider that is named or anywhere. Journals that
/// cannot be read are said: then nobody knows.
pub(crate) fn open(context: &Context) -> Vec<Open> {
    let within = context.deadlines.order();
    let mut open = match orders::open(&context.state, &context.owner, within) {
        Ok(open) => open,
        Err(failure) => {
            context.teller.warn(format!(
                "{failure}; whether a run that was killed has just ordered a server is not known"
            ));
            return Vec::new();
        }
    };
    let named = context.global.provider.as_deref();
    open.retain(|order| named.is_none_or(|name| order.order.provider == name));
    open
}

/// One of them in words: what may exist, what it costs, and why nobody knows.
pub(crate) fn told(open: &Open) -> String {
    format!(
        "{PERHAPS} {}: run {} ordered it at {}, and what came of that is not known; it may come to \
         exist until {}",
        open.order.described(&open.name),
        open.run,
        clock(open.ordered_at),
        clock(open.until)
    )
}

/// The failure, with what may exist.
pub(crate) fn perhaps(mut failure: Failure, open: &[Open]) -> Failure {
    failure.remains.extend(open.iter().map(told));
    failure
}

/// Before anything is removed: waits until none of those that are meant can be carried out any
/// more, or its run has heard of it; answers with all that were waited for.
///
/// That one is listed already does not end the wait: its order may have been sent twice.
pub(crate) async fn over(context: &Context, meant: impl Fn(&Open) -> bool) -> Outcome<Vec<Open>> {
    let meant = || open(context).into_iter().filter(&meant).collect();
    wait(context, Step::Remove, PAUSE, meant, async |_| Ok(false)).await
}

/// Before a server is bought where a second one of its name can come to exist: waits until what an
/// earlier run has ordered for it is there, or cannot come any more.
pub(crate) async fn arrived(context: &Context, cloud: &Cloud, names: &[String]) -> Outcome {
    let meant = || of_names(context, cloud, names);
    let are_there = async |open: &[Open]| {
        let ours = cloud.ours(&context.owner).await?;
        let is_there = |order: &Open| ours.iter().any(|server| order.is(server));
        Ok(open.iter().all(is_there))
    };
    let pause = LOOK.mul_f64(context.deadlines.scale().clamp(0.1, 1.0));
    wait(context, Step::Acquire, pause, meant, are_there)
        .await
        .map(drop)
}

/// Before a server is said to be the only one of its name: waits until what an earlier run has
/// ordered for it, and may have sent twice, cannot come any more.
pub(crate) async fn all_here(context: &Context, cloud: &Cloud, name: &str) -> Outcome {
    let names = [name.to_owned()];
    let meant = || of_names(context, cloud, &names);
    wait(context, Step::Prove, PAUSE, meant, async |_| Ok(false))
        .await
        .map(drop)
}

/// The last look before an order, by whoever holds the server's lock.
pub(crate) fn none(context: &Context, cloud: &Cloud, name: &str) -> Outcome {
    let names = [name.to_owned()];
    let Some(first) = of_names(context, cloud, &names).into_iter().next() else {
        return Ok(());
    };
    Err(Failure::new(
        Exit::Busy,
        format!("{name}: another run has just ordered it"),
        told(&first),
    )
    .mend("run the command again; it goes on with what has come, or waits until nothing can"))
}

/// Those of these servers, where a second one of the same name can come to exist.
fn of_names(context: &Context, cloud: &Cloud, names: &[String]) -> Vec<Open> {
    if cloud.provider.capabilities().unique_names {
        return Vec::new();
    }
    let mut all = open(context);
    all.retain(|order| order.order.provider == cloud.name() && names.contains(&order.name));
    all
}

/// Waits until none is left, or all that are left have come.
async fn wait(
    context: &Context,
    step: Step,
    pause: Duration,
    left: impl Fn() -> Vec<Open>,
    have_come: impl AsyncFn(&[Open]) -> Outcome<bool>,
) -> Outcome<Vec<Open>> {
    let (mut waited, mut shown) = (Vec::<Open>::new(), Vec::new());
    let end = Instant::now() + context.deadlines.order() + PAUSE;
    loop {
        let left = left();
        if left.is_empty() || Instant::now() >= end || have_come(&left).await? {
            break;
        }
        for order in left {
            let is_same = |other: &Open| (&other.run, &other.name) == (&order.run, &order.name);
            if !waited.iter().any(is_same) {
                context.teller.note(told(&order));
                let running = context.teller.begin(&order.name, step);
                running.doing(format!("wait for it until {}", clock(order.until)));
                shown.push(running);
                waited.push(order);
            }
        }
        let paused = async {
            sleep(pause).await;
            Ok(())
        };
        let paused = context.unless_stopped("nothing was done", paused).await;
        paused.map_err(|failure| perhaps(failure, &waited))?;
    }
    for running in shown {
        running.done("what was ordered is there, or cannot come any more");
    }
    Ok(waited)
}

/// What `teardown` waits for it by.
pub(crate) fn removal(open: &Open) -> String {
    match open.order.role {
        Role::Server => open.order.host.to_string(),
        Role::Test => format!("{} --test", open.order.host),
    }
}

/// A time of this day.
pub(crate) fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%SZ").to_string()
}
