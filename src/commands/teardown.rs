//! `provision teardown`: removes what is ours, all of it, and lists again to prove it.
//!
//! It works from what the cloud says is ours. The whole list is shown and confirmed before
//! anything is touched; then every deletion is tried, and the errors are told together.

mod choose;
mod judge;
mod known;
mod locks;
mod of_run;
mod ordered;
mod prove;
mod remove;
mod still;

pub(crate) use of_run::{OfRun, keys_left, of_run, remove};

use crate::cli::{Rented, Teardown};
use crate::clouds::Cloud;
use crate::commands::found::{self, hourly};
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::journal::Journal;
use crate::report;
use choose::Removal;
use judge::Kept;
use provision_api::{Catalog, HostName, Leftover, LeftoverKind, OwnedServer};
use remove::Remover;
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The kind of a thing that is given back, not removed.
const RENTED: &str = "rented server";

/// What was removed, as JSON.
#[derive(Debug, Default, Serialize)]
struct Document {
    schema: u32,
    removed: Vec<Removed>,
    remaining: Vec<String>,
    /// What stays although it is meant, or may be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    kept: Vec<Kept>,
}

#[derive(Debug, Serialize)]
struct Removed {
    kind: &'static str,
    name: String,
    provider: String,
    id: String,
}

/// What came of a removal.
#[derive(Debug, Default)]
struct Told {
    removed: Vec<Removed>,
    remaining: Vec<String>,
    errors: Vec<String>,
    kept: Vec<Kept>,
}

/// Removes what the flags choose.
pub async fn run(context: &Arc<Context>, flags: &Teardown) -> Outcome {
    let ordered = ordered::over(context, flags).await?;
    let asked = choose::all(context, flags, &ordered);
    let chosen = context.unless_stopped("nothing was removed", asked).await;
    let chosen =
        chosen.map_err(|failure| ordered::or_perhaps(context, flags, failure, &ordered))?;
    let mut removals = chosen.removals;
    let mut told = Told {
        kept: chosen.kept,
        errors: chosen.unseen.iter().map(ToString::to_string).collect(),
        ..Told::default()
    };
    ordered::came(context, &ordered, &chosen.asked, &mut told);
    if removals.iter().any(|removal| !removal.is_empty()) {
        ask(context, flags, &removals).await?;
        let _locks = if flags.expired {
            locks::each(context, &mut removals, &mut told)
        } else {
            locks::all(context, flags, &removals)?
        };
        let journal = journal(context, &removals)?;
        for removal in &mut removals {
            still::still(context, flags, removal, &mut told).await;
            let remover = Remover {
                context: Arc::clone(context),
                cloud: Arc::clone(&removal.cloud),
                journal: Arc::clone(&journal),
                cancel: context.cancel.clone(),
                rented: flags.rented,
            };
            remover.all(removal, &mut told).await;
        }
    }
    tell(context, flags, told)
}

/// The run's journal; none where nothing can be written down, which keeps no server running.
fn journal(context: &Context, removals: &[Removal]) -> Outcome<Arc<Journal>> {
    if !context.state.is_writable() {
        return Ok(Arc::new(Journal::nowhere()));
    }
    let providers: Vec<&str> = removals.iter().map(|r| r.cloud.name()).collect();
    match found::begin_run(context, "teardown", &providers.join(","), &hosts(removals)) {
        Ok((_, journal)) => Ok(journal),
        Err(failure) if failure.exit == Exit::State => {
            let text = format!("{failure}; it is removed without being written down");
            context.teller.warn(text);
            Ok(Arc::new(Journal::nowhere()))
        }
        Err(failure) => Err(failure),
    }
}

fn hosts(removals: &[Removal]) -> Vec<HostName> {
    let servers = removals.iter().flat_map(|r| &r.servers);
    let leftovers = removals.iter().flat_map(|r| &r.leftovers);
    let hosts: BTreeSet<HostName> = servers
        .map(|server| server.marks().host.clone())
        .chain(leftovers.filter_map(|leftover| leftover.host.clone()))
        .collect();
    hosts.into_iter().collect()
}

/// Shows the whole list, and asks.
async fn ask(context: &Context, flags: &Teardown, removals: &[Removal]) -> Outcome {
    for line in removals.iter().flat_map(Removal::lines) {
        context.teller.note(format!("remove {line}"));
    }
    let servers = removals.iter().flat_map(|r| &r.servers);
    let servers = servers.map(|s| s.server().name.clone());
    let leftovers = removals.iter().flat_map(|r| &r.leftovers);
    let leftovers = leftovers.map(|l| format!("{} {}", kind(l), l.name));
    let names: Vec<String> = servers.chain(leftovers).collect();
    let question = question(flags, removals, &names.join(", "));
    if flags.rented == Rented::Reset
        && removals
            .iter()
            .any(|r| r.cloud.is_rented() && !r.servers.is_empty())
    {
        context
            .teller
            .note("the disks of what is rented are WIPED with the vendor's image");
    }
    let wanted = match flags.hosts.as_slice() {
        [one] => Some(one),
        _ => None,
    };
    context.confirm(flags.yes, &question, wanted).await
}

fn question(flags: &Teardown, removals: &[Removal], names: &str) -> String {
    let rented = removals.iter().filter(|r| r.cloud.is_rented());
    let rented: Vec<&str> = rented
        .flat_map(|r| &r.servers)
        .map(|s| s.id().as_str())
        .collect();
    if rented.is_empty() {
        return format!("This removes {names} with all data.");
    }
    let disk = match flags.rented {
        Rented::Leave => "their disks stay as they are",
        Rented::Reset => "their disks are WIPED with the vendor's image",
    };
    let rented = rented.join(", ");
    format!(
        "This removes {names}. What is rented ({rented}) is given back: {disk}, their contracts go on."
    )
}

/// The same command once more.
fn again(context: &Context, flags: &Teardown) -> String {
    let mut what: Vec<String> = flags.hosts.iter().map(ToString::to_string).collect();
    if flags.test {
        what.push("--test".to_owned());
    }
    if flags.expired {
        what.push("--expired".to_owned());
    }
    if let Some(run) = &flags.run {
        what.push(format!("--run {run}"));
    }
    if flags.rented == Rented::Reset {
        what.push("--rented reset".to_owned());
    }
    format!("provision teardown {}{}", what.join(" "), context.flags())
}

fn described(server: &OwnedServer, catalog: Option<&Catalog>) -> String {
    let price = catalog
        .and_then(|c| Some((hourly(c, server.server())?, &c.currency)))
        .map(|(p, currency)| format!(", {} {currency}/h", p.normalize()))
        .unwrap_or_default();
    format!("{} (server {}{price})", server.server().name, server.id())
}

fn named(leftover: &Leftover) -> String {
    format!("{} {} ({})", kind(leftover), leftover.name, leftover.id)
}

fn kind(leftover: &Leftover) -> &'static str {
    match leftover.kind {
        LeftoverKind::Key => "key",
        LeftoverKind::Address => "address",
        LeftoverKind::Volume => "volume",
    }
}

fn removed(cloud: &Cloud, kind: &'static str, name: &str, id: &str) -> Removed {
    Removed {
        kind,
        name: name.to_owned(),
        provider: cloud.name().to_owned(),
        id: id.to_owned(),
    }
}

fn tell(context: &Context, flags: &Teardown, told: Told) -> Outcome {
    let document = Document {
        schema: 1,
        removed: told.removed,
        remaining: told.remaining,
        kept: told.kept,
    };
    let is_clean = told.errors.is_empty() && document.remaining.is_empty();
    if context.json() {
        report::document(&document);
    } else {
        for Removed { kind, name, id, .. } in &document.removed {
            let what = match *kind {
                RENTED => format!("gave back {name} ({id}); its contract goes on"),
                kind => format!("removed {kind} {name} ({id})"),
            };
            report::print(&what);
        }
        let is_rented = |removed: &Removed| removed.kind == RENTED;
        match (is_clean, document.removed.is_empty()) {
            (true, true) => report::print("nothing to remove"),
            (true, false) if document.removed.iter().all(is_rented) => {
                report::print("listed again: nothing of it bears our marks");
            }
            (true, false) => report::print("listed again: nothing of it is left"),
            (false, _) => {}
        }
    }
    if is_clean {
        return Ok(());
    }
    let what = "not everything could be removed";
    let why = told.errors.join("\n");
    let mut failure = if context.cancel.is_cancelled() {
        Failure::new(Exit::Interrupted, what, why)
    } else {
        Failure::new(Exit::Remains, what, why).mend(
            "run the same command again; what is protected has to be unprotected at the vendor",
        )
    };
    failure.remains = document.remaining;
    failure.remove = Some(again(context, flags));
    Err(failure)
}
