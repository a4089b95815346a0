//! `provision teardown`: removes what is ours, all of it, and lists again to prove it.
//!
//! It works from what the cloud says is ours. Every deletion is tried; the errors are told
//! together.

use crate::cli::Teardown;
use crate::clouds::Cloud;
use crate::commands::found::hourly;
use crate::context::Context;
use crate::event::Step;
use crate::failure::{Exit, Failure, Outcome};
use crate::report;
use jiff::{SignedDuration, Timestamp};
use provision_api::wait::Deadline;
use provision_api::{
    Accepted, Catalog, HostName, Intent, Leftover, OwnedServer, Role, ServerId, Stage,
};
use serde::Serialize;
use std::sync::Arc;

/// A server counts as expired this long after its time, so that two clocks that differ a little
/// do not remove what still lives.
const SKEW: SignedDuration = SignedDuration::from_secs(60);

/// No vendor needs more steps than this to let go of a thing.
const REMOVAL_STAGES: usize = 4;

/// What is to be removed.
#[derive(Debug)]
struct Removal {
    cloud: Arc<Cloud>,
    servers: Vec<OwnedServer>,
    /// Whether no server of ours will be left, so that our keys can go as well.
    last: bool,
}

/// What was removed, as JSON.
#[derive(Debug, Default, Serialize)]
struct Document {
    schema: u32,
    removed: Vec<Removed>,
    remaining: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Removed {
    kind: &'static str,
    name: String,
    provider: String,
    id: String,
}

/// Removes what the flags choose.
pub async fn run(context: &Arc<Context>, flags: &Teardown) -> Outcome {
    let mut removals = Vec::new();
    let clouds = Cloud::all(context)?;
    for cloud in clouds {
        let ours = cloud.ours(&context.owner).await?;
        let now = Timestamp::now();
        let (servers, others): (Vec<_>, Vec<_>) = ours
            .into_iter()
            .partition(|server| chosen(flags, server, now));
        hint_at_tests(context, flags, &others);
        removals.push(Removal {
            last: others.is_empty(),
            servers,
            cloud,
        });
    }
    ask(context, flags, &removals).await?;
    let mut document = Document {
        schema: 1,
        ..Document::default()
    };
    let mut errors = Vec::new();
    for removal in &removals {
        remove(context, removal, &mut document, &mut errors).await;
    }
    tell(context, &document);
    if errors.is_empty() && document.remaining.is_empty() {
        return Ok(());
    }
    let mut failure = Failure::new(
        Exit::Remains,
        "not everything could be removed",
        errors.join("\n"),
    )
    .mend("run the same command again; what is protected has to be unprotected at the vendor");
    failure.remains = document.remaining;
    Err(failure)
}

/// Removes the server that a failed run has just made.
pub async fn host_of_run(
    context: &Arc<Context>,
    cloud: &Arc<Cloud>,
    host: &HostName,
    role: Role,
) -> Outcome {
    let ours = cloud.ours(&context.owner).await?;
    let (servers, others): (Vec<_>, Vec<_>) = ours
        .into_iter()
        .partition(|s| s.marks().host == *host && s.marks().role == role);
    let removal = Removal {
        cloud: Arc::clone(cloud),
        servers,
        last: others.is_empty(),
    };
    let (mut document, mut errors) = (Document::default(), Vec::new());
    remove(context, &removal, &mut document, &mut errors).await;
    errors.extend(document.remaining);
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Failure::new(
            Exit::Remains,
            "not everything could be removed",
            errors.join("\n"),
        ))
    }
}

fn chosen(flags: &Teardown, server: &OwnedServer, now: Timestamp) -> bool {
    let marks = server.marks();
    if flags.test {
        let named = flags.hosts.is_empty() || flags.hosts.contains(&marks.host);
        return named && marks.role == Role::Test;
    }
    if flags.expired {
        let over = marks.expires.and_then(|at| at.checked_add(SKEW).ok());
        return over.is_some_and(|over| over < now);
    }
    match &flags.run {
        Some(run) => marks.run == *run,
        None => marks.role == Role::Server && flags.hosts.contains(&marks.host),
    }
}

fn hint_at_tests(context: &Context, flags: &Teardown, others: &[OwnedServer]) {
    for server in others {
        if server.marks().role == Role::Test && flags.hosts.contains(&server.marks().host) {
            let name = &server.server().name;
            context.teller.note(format!(
                "{name} is a machine for tests and stays; --test removes it"
            ));
        }
    }
}

async fn ask(context: &Context, flags: &Teardown, removals: &[Removal]) -> Outcome {
    let mut names = Vec::new();
    for removal in removals {
        let catalog = removal.cloud.provider.catalog().await.ok();
        for server in &removal.servers {
            let line = described(server, catalog.as_ref());
            context.teller.note(format!("remove {line}"));
            names.push(server.server().name.clone());
        }
    }
    if names.is_empty() {
        return Ok(());
    }
    let question = format!("This removes {} with all data.", names.join(", "));
    let wanted = match flags.hosts.as_slice() {
        [one] => Some(one),
        _ => None,
    };
    context.confirm(flags.yes, &question, wanted)
}

fn described(server: &OwnedServer, catalog: Option<&Catalog>) -> String {
    let price = catalog
        .and_then(|c| Some((hourly(c, server.server())?, &c.currency)))
        .map(|(p, currency)| format!(", {} {currency}/h", p.normalize()))
        .unwrap_or_default();
    format!("{} (server {}{price})", server.server().name, server.id())
}

async fn remove(
    context: &Arc<Context>,
    removal: &Removal,
    document: &mut Document,
    errors: &mut Vec<String>,
) {
    let mut tasks = tokio::task::JoinSet::new();
    for server in &removal.servers {
        let (context, cloud) = (Arc::clone(context), Arc::clone(&removal.cloud));
        tasks.spawn(remove_server(context, cloud, server.clone()));
    }
    while let Some(ended) = tasks.join_next().await {
        match ended {
            Ok(Ok(removed)) => document.removed.push(removed),
            Ok(Err(error)) => errors.push(error),
            Err(error) => errors.push(error.to_string()),
        }
    }
    if removal.last {
        remove_leftovers(context, removal, document, errors).await;
    }
    prove(context, removal, document, errors).await;
}

async fn remove_server(
    context: Arc<Context>,
    cloud: Arc<Cloud>,
    server: OwnedServer,
) -> Result<Removed, String> {
    let name = server.server().name.clone();
    let running = context.teller.begin(&name, Step::Remove);
    let mut stage = Stage(0);
    loop {
        let accepted = cloud
            .provider
            .drive(&server, &Intent::Gone, stage)
            .await
            .map_err(|e| format!("{name}: {e}"))?;
        wait(&context, &cloud, &accepted)
            .await
            .map_err(|e| format!("{name}: {e}"))?;
        match accepted.next {
            Some(next) => stage = next,
            None => break,
        }
    }
    if let Ok(kept) = context.state.server(&name) {
        kept.forget_server();
    }
    running.done(format!("server {} is gone", server.id()));
    Ok(Removed {
        kind: "server",
        name,
        provider: cloud.name().to_owned(),
        id: server.id().to_string(),
    })
}

async fn wait(context: &Context, cloud: &Cloud, accepted: &Accepted) -> provision_api::Result<()> {
    let deadline = Deadline::after(context.deadlines.task());
    let silent = |_: &_, _: &_| {};
    cloud
        .waiter
        .wait(&accepted.tasks, deadline, &context.cancel, silent)
        .await
}

/// Keys, addresses and volumes that bear our mark, once none of our servers is left.
async fn remove_leftovers(
    context: &Arc<Context>,
    removal: &Removal,
    document: &mut Document,
    errors: &mut Vec<String>,
) {
    let cloud = &removal.cloud;
    let leftovers = match cloud.provider.leftovers(&context.owner).await {
        Ok(leftovers) => leftovers,
        Err(error) => return errors.push(error.to_string()),
    };
    for leftover in leftovers {
        match remove_leftover(context, cloud, &leftover).await {
            Ok(()) => document.removed.push(Removed {
                kind: kind(&leftover),
                name: leftover.name.clone(),
                provider: cloud.name().to_owned(),
                id: leftover.id.clone(),
            }),
            Err(error) => errors.push(format!("{} {}: {error}", kind(&leftover), leftover.name)),
        }
    }
}

/// What is still in use is detached first, and then asked for again.
async fn remove_leftover(
    context: &Context,
    cloud: &Cloud,
    leftover: &Leftover,
) -> provision_api::Result<()> {
    for _ in 0..REMOVAL_STAGES {
        let accepted = cloud.provider.remove(leftover).await?;
        wait(context, cloud, &accepted).await?;
        if accepted.next.is_none() {
            return Ok(());
        }
    }
    Err(provision_api::Error::new(
        provision_api::ErrorKind::Conflict,
        cloud.name(),
        format!("remove {}", leftover.name),
        "it stays in use",
    ))
}

/// Lists again: what should be gone has to be gone.
async fn prove(
    context: &Arc<Context>,
    removal: &Removal,
    document: &mut Document,
    errors: &mut Vec<String>,
) {
    let cloud = &removal.cloud;
    let ids: Vec<&ServerId> = removal.servers.iter().map(OwnedServer::id).collect();
    match cloud.ours(&context.owner).await {
        Ok(ours) => {
            for server in ours.iter().filter(|s| ids.contains(&s.id())) {
                document.remaining.push(described(server, None));
            }
        }
        Err(error) => errors.push(format!("what is left cannot be listed: {error}")),
    }
    if removal.last {
        match cloud.provider.leftovers(&context.owner).await {
            Ok(left) => {
                for leftover in &left {
                    let line = format!("{} {} ({})", kind(leftover), leftover.name, leftover.id);
                    document.remaining.push(line);
                }
            }
            Err(error) => errors.push(format!("what is left cannot be listed: {error}")),
        }
    }
}

fn kind(leftover: &Leftover) -> &'static str {
    match leftover.kind {
        provision_api::LeftoverKind::Key => "key",
        provision_api::LeftoverKind::Address => "address",
        provision_api::LeftoverKind::Volume => "volume",
    }
}

fn tell(context: &Context, document: &Document) {
    if context.json() {
        return report::document(document);
    }
    for removed in &document.removed {
        report::print(&format!(
            "removed {} {} ({})",
            removed.kind, removed.name, removed.id
        ));
    }
    if document.removed.is_empty() {
        report::print("nothing to remove");
    }
    if document.remaining.is_empty() {
        report::print("listed again: nothing of it is left");
    }
}
