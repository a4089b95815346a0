//! What several commands need: the job for a server that exists, and what remains of one.

use crate::cli::Stage;
use crate::clouds::Cloud;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::flake::Flake;
use crate::host::Host;
use crate::job::Job;
use crate::journal::{Journal, Record};
use crate::lease::Keeper;
use crate::plan::{self, server_name};
use crate::report;
use crate::state::plain_name;
use provision_api::{Catalog, HostName, OwnedServer, Owner, Role, RunId, Server};
use rust_decimal::Decimal;
use std::sync::Arc;
use tokio::sync::watch;

/// A host's configuration; a host that does not exist is answered with those that do.
pub(crate) fn host(flake: &Flake, name: &HostName) -> Outcome<Host> {
    flake
        .host(name)
        .map_err(|e| Failure::new(Exit::Config, format!("{name}: cannot be used"), e))
}

/// The provider of a host: the flag wins over its `host.toml`.
pub(crate) fn provider_of<'a>(context: &'a Context, host: &'a Host) -> &'a str {
    context
        .global
        .provider
        .as_deref()
        .unwrap_or(host.spec.provider_name())
}

/// The host's server of that role, found in the cloud.
pub(crate) async fn server(
    context: &Context,
    cloud: &Cloud,
    host: &HostName,
    role: Role,
) -> Outcome<OwnedServer> {
    let ours = context
        .unless_stopped("nothing was done", cloud.ours(&context.owner))
        .await?;
    let meant = ours
        .into_iter()
        .filter(|s| s.marks().host == *host && s.marks().role == role);
    meant.min_by_key(plan::rank).ok_or_else(|| {
        Failure::new(
            Exit::Refused,
            format!("{}: has no server", server_name(host, role)),
            format!(
                "none at {} bears the marks of {} for it",
                cloud.provider, context.owner
            ),
        )
        .mend(format!("provision up {}", naming(context, host, role)))
    })
}

/// Begins a run, and journals what it is for.
pub(crate) fn begin_run(
    context: &Context,
    command: &str,
    provider: &str,
    hosts: &[HostName],
) -> Outcome<(RunId, Arc<Journal>)> {
    let run = plan::new_run()?;
    let journal = Arc::new(Journal::open(&context.state.run(&run)?)?);
    let record = Record::Run {
        run: run.clone(),
        command: command.to_owned(),
        owner: context.owner.clone(),
        provider: provider.to_owned(),
        hosts: hosts.to_vec(),
    };
    journal.write(None, record)?;
    Ok((run, journal))
}

/// A job on a server of that name.
pub(crate) fn job(
    context: &Arc<Context>,
    cloud: Option<&Arc<Cloud>>,
    host: Host,
    name: String,
    run: &RunId,
    journal: &Arc<Journal>,
    stage: Stage,
) -> Outcome<Job> {
    let dir = context.state.run(run)?.join(&*plain_name(&name));
    crate::state::private_dir(&dir)?;
    let login = context.login_key()?;
    let (flake, host) = if context.sandbox.is_some() {
        work_copy(context, &dir, &host, &login.public_line())?
    } else {
        (context.flake()?, host)
    };
    Ok(Job {
        kept: context.state.server(&name)?,
        cloud: cloud.cloned(),
        context: Arc::clone(context),
        journal: Arc::clone(journal),
        host,
        name,
        flake,
        dir,
        login,
        stage,
        under_way: watch::Sender::new(None),
        made: watch::Sender::new(None),
        lease: Keeper::new(run, context.deadlines),
    })
}

/// The sandbox works on a copy, so that the user's tree stays clean; the login key counts as an
/// admin's there.
fn work_copy(
    context: &Context,
    dir: &std::path::Path,
    host: &Host,
    login: &str,
) -> Outcome<(Flake, Host)> {
    let copy = dir.join("flake");
    let unusable = |e: &dyn std::fmt::Display| {
        Failure::new(Exit::State, "the flake cannot be copied for the sandbox", e)
    };
    context.flake()?.copy_to(&copy).map_err(|e| unusable(&e))?;
    let keys = copy.join("hosts/keys");
    std::fs::create_dir_all(&keys).map_err(|e| unusable(&e))?;
    std::fs::write(
        keys.join("sandbox.pub"),
        format!("{login} provision sandbox\n"),
    )
    .map_err(|e| unusable(&e))?;
    let flake = Flake::open(&copy).map_err(|e| unusable(&e))?;
    let host = self::host(&flake, &host.name)?;
    Ok((flake, host))
}

/// Says what bears half a mark of ours: it is not touched, and may cost money.
pub(crate) fn doubts(context: &Context, cloud: &Cloud, servers: &[Server]) {
    for server in servers {
        if let Some(doubt) = &server.doubt {
            context.teller.warn(format!(
                "{}: server {} ({}) is left alone and may cost money: {doubt}",
                cloud.name(),
                server.id,
                server.name
            ));
        }
    }
}

/// What a server costs by the hour.
pub(crate) fn hourly(catalog: &Catalog, server: &Server) -> Option<Decimal> {
    let offer = catalog
        .server_type(&server.server_type)?
        .offer(&server.location)?;
    offer.hourly
}

/// One line for each server of that name that exists now, with what it costs.
pub(crate) async fn remains(
    cloud: &Cloud,
    catalog: Option<&Catalog>,
    owner: &Owner,
    host: &HostName,
    role: Role,
) -> Vec<String> {
    let Ok(ours) = cloud.ours(owner).await else {
        return vec![format!(
            "unknown: {} cannot be asked what exists; a server named {} may cost money",
            cloud.provider,
            server_name(host, role)
        )];
    };
    let now = cloud.provider.now();
    ours.iter()
        .filter(|s| s.marks().host == *host && s.marks().role == role)
        .map(|s| {
            let lease = s.marks().lease_at(now);
            let at_work = lease.map_or_else(String::new, |lease| format!("; {lease}"));
            let price = catalog.and_then(|c| hourly(c, s.server()));
            let price = if price.is_none() && cloud.is_rented() {
                "rented: its contract goes on".to_owned()
            } else {
                report::per_hour(price, catalog.map(|c| &*c.currency))
            };
            format!(
                "server {} ({}, {}), {price}{at_work}",
                s.id(),
                s.server().name,
                s.marks().phase
            )
        })
        .collect()
}

/// The host and the flags that a command shown to the user names it with.
pub(crate) fn naming(context: &Context, host: &HostName, role: Role) -> String {
    let test = if role == Role::Test { " --test" } else { "" };
    format!("{host}{test}{}", context.flags())
}

/// What exists now and what it costs, the command that goes on, the one that removes.
pub(crate) async fn with_remains(
    context: &Context,
    cloud: &Cloud,
    (host, role): (&HostName, Role),
    mut failure: Failure,
    resume: String,
) -> Failure {
    let catalog = cloud.provider.catalog().await.ok();
    let owner = &context.owner;
    let remains = remains(cloud, catalog.as_ref(), owner, host, role).await;
    failure.remains.extend(remains);
    failure.resume.get_or_insert(resume);
    let remove = format!("provision teardown {}", naming(context, host, role));
    failure.remove.get_or_insert(remove);
    failure
}
