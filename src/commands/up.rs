//! `provision up`: plan, ask, bring up, tell.

mod again;
mod outcome;
mod work;

use crate::cli::UpFlags;
use crate::clouds::Cloud;
use crate::commands::found;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::host::Host;
use crate::installer::Installer;
use crate::plan::{HostPlan, Known};
use crate::report;
use outcome::Document;
pub(crate) use outcome::HostDocument;
use provision_api::{Catalog, HostName};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;
use work::Work;

/// The bare form: one host, found by the provider if it is not named.
pub async fn bare(context: &Arc<Context>, host: Option<HostName>, flags: &UpFlags) -> Outcome {
    let host = match host {
        Some(host) => host,
        None => only_host(context)?,
    };
    run(context, &[host], flags).await
}

/// The one host whose `host.toml` names the provider.
fn only_host(context: &Context) -> Outcome<HostName> {
    let wanted = context.global.provider.as_deref().ok_or_else(|| {
        Failure::new(Exit::Usage, "neither a command nor a provider is named", "")
            .mend("provision --provider NAME, or provision --help")
    })?;
    let flake = context.flake()?;
    let hosts = flake
        .hosts()
        .map_err(|e| Failure::new(Exit::Config, "the flake's hosts cannot be read", e))?;
    let fitting: Vec<&Host> = hosts
        .iter()
        .filter(|h| h.spec.provider.as_str() == wanted)
        .collect();
    match fitting.as_slice() {
        [one] => Ok(one.name.clone()),
        [] => Err(Failure::new(
            Exit::Config,
            format!("no host of the flake names the provider {wanted:?}"),
            format!("there are {}", named(&hosts.iter().collect::<Vec<_>>())),
        )
        .mend(format!(
            "provider = \"{wanted}\" in a host.toml, or --host NAME"
        ))),
        several => Err(Failure::new(
            Exit::Usage,
            format!("{} hosts name the provider {wanted:?}", several.len()),
            named(several),
        )
        .mend("say which: --host NAME")),
    }
}

fn named(hosts: &[&Host]) -> String {
    let names: Vec<String> = hosts
        .iter()
        .map(|h| format!("{} ({})", h.name, h.spec.provider))
        .collect();
    names.join(", ")
}

/// What is known of one provider, and the plans for its hosts.
struct Group {
    cloud: Arc<Cloud>,
    catalog: Arc<Catalog>,
    plans: Vec<HostPlan>,
}

/// Brings hosts up.
pub async fn run(context: &Arc<Context>, hosts: &[HostName], flags: &UpFlags) -> Outcome {
    let began = Instant::now();
    let planned = plan(context, hosts, flags);
    let groups = context.unless_stopped("nothing was done", planned).await?;
    for group in &groups {
        for plan in &group.plans {
            let line = plan.line(&group.catalog.currency);
            context.teller.note(format!("{}: {line}", plan.name));
        }
    }
    if flags.dry_run {
        dry_run(context, &groups);
        return Ok(());
    }
    if groups.iter().flat_map(|g| &g.plans).any(HostPlan::is_work) {
        Installer::kind(context.sandbox.is_some())?;
        let wiped = wiped(&groups);
        let question = if wiped.is_empty() {
            "This costs money.".to_owned()
        } else {
            format!("This WIPES {}.", wiped.join(", "))
        };
        context.confirm(flags.yes, &question, None).await?;
    }
    let names: Vec<&str> = groups.iter().map(|g| g.cloud.name()).collect();
    let (run, journal) = found::begin_run(context, "up", &names.join(","), hosts)?;
    let mut tasks = tokio::task::JoinSet::new();
    for group in &groups {
        for plan in &group.plans {
            let work = Work {
                context: Arc::clone(context),
                cloud: Arc::clone(&group.cloud),
                catalog: Arc::clone(&group.catalog),
                plan: plan.clone(),
                run: run.clone(),
                journal: Arc::clone(&journal),
                flags: flags.clone(),
            };
            tasks.spawn(work.run());
        }
    }
    let mut done: Vec<HostDocument> = Vec::new();
    let mut failures: Vec<Failure> = Vec::new();
    while let Some(ended) = tasks.join_next().await {
        match ended {
            Ok(Ok(host)) => done.push(host),
            Ok(Err(failure)) => failures.push(failure),
            Err(error) => failures.push(Failure::new(Exit::Other, "a task ended badly", error)),
        }
    }
    done.sort_by(|a, b| a.name.cmp(&b.name));
    let document = Document {
        schema: 1,
        hosts: done,
        failures: failures.iter().map(report::FailureDocument::of).collect(),
        sandbox: context.sandbox.is_some(),
        requests: groups.iter().map(|g| g.cloud.provider.requests()).sum(),
        elapsed_seconds: (began.elapsed().as_secs_f64() * 1000.0).round() / 1000.0,
        run: run.clone(),
    };
    if context.json() {
        report::document(&document);
    } else {
        report::print(&document.text(context));
    }
    match failures.pop() {
        None => Ok(()),
        Some(last) => {
            for failure in &failures {
                report::complain(report::failure(failure).trim_end());
            }
            Err(last)
        }
    }
}

/// Asks each provider what there is, and decides what has to be done for each host.
async fn plan(context: &Arc<Context>, hosts: &[HostName], flags: &UpFlags) -> Outcome<Vec<Group>> {
    let flake = context.flake()?;
    let mut by_provider: BTreeMap<String, BTreeMap<HostName, Host>> = BTreeMap::new();
    for name in hosts {
        let host = found::host(&flake, name)?;
        let provider = found::provider_of(context, &host).to_owned();
        by_provider
            .entry(provider)
            .or_default()
            .insert(name.clone(), host);
    }
    let mut groups = Vec::new();
    for (provider, hosts) in by_provider {
        let cloud = Cloud::open(context, &provider)?;
        let (catalog, servers) = tokio::join!(cloud.provider.catalog(), cloud.servers());
        let catalog =
            catalog.map_err(|e| Failure::provider("cannot read the vendor's prices", &e))?;
        let servers = servers?;
        let known = Known {
            owner: &context.owner,
            provider: cloud.name(),
            capabilities: cloud.provider.capabilities(),
            catalog: &catalog,
            servers: &servers,
        };
        let plans: Outcome<Vec<HostPlan>> = hosts
            .into_values()
            .map(|host| HostPlan::make(host, flags, known))
            .collect();
        groups.push(Group {
            plans: plans?,
            catalog: Arc::new(catalog),
            cloud,
        });
    }
    Ok(groups)
}

fn wiped(groups: &[Group]) -> Vec<String> {
    let plans = groups.iter().flat_map(|g| &g.plans);
    plans
        .filter(|p| p.is_work() && p.server().is_some())
        .map(|p| p.name.clone())
        .collect()
}

fn dry_run(context: &Context, groups: &[Group]) {
    let plans: Vec<serde_json::Value> = groups
        .iter()
        .flat_map(|group| {
            group.plans.iter().map(|plan| {
                serde_json::json!({
                    "name": plan.name,
                    "host": plan.host.name,
                    "provider": group.cloud.name(),
                    "will": plan.line(&group.catalog.currency),
                    "server_id": plan.server().map(provision_api::OwnedServer::id),
                })
            })
        })
        .collect();
    if context.json() {
        report::document(&serde_json::json!({ "schema": 1, "plans": plans }));
    } else {
        for group in groups {
            for plan in &group.plans {
                let line = plan.line(&group.catalog.currency);
                report::print(&format!("{}: would {line}", plan.name));
            }
        }
    }
}
