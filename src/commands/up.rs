//! `provision up`: plan, ask, bring up, tell.

pub(crate) mod again;
mod outcome;
mod planning;
mod remains;
mod renew;
mod work;

use crate::cli::UpFlags;
use crate::commands::found;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::host::Host;
use crate::preflight;
use crate::report::{self, FailureDocument};
use outcome::Document;
pub(crate) use outcome::HostDocument;
pub(crate) use planning::FORCED;
use provision_api::HostName;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;
use tokio::task::JoinSet;
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
    let at = |name: &str| -> Vec<&Host> {
        let all = hosts.iter();
        all.filter(|h| h.spec.provider_name() == name).collect()
    };
    let mut fitting = at(wanted);
    if fitting.is_empty() && wanted.starts_with("ovh-") {
        // a host of the same vendor will do: the flag says which of its products is meant
        fitting = at("ovh");
    }
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
        .map(|h| format!("{} ({})", h.name, h.spec.provider_name()))
        .collect();
    names.join(", ")
}

/// Brings hosts up.
pub async fn run(context: &Arc<Context>, hosts: &[HostName], flags: &UpFlags) -> Outcome {
    let began = Instant::now();
    let flags = UpFlags {
        stage: preflight::stage(&flags.stage)?,
        ..flags.clone()
    };
    let planned = planning::plan(context, hosts, &flags);
    let groups = context.unless_stopped("nothing was done", planned).await?;
    if !planning::agreed(context, &groups, &flags).await? {
        return Ok(());
    }
    let names: Vec<&str> = groups.iter().map(|g| g.cloud.name()).collect();
    let (run, journal) = found::begin_run(context, "up", &names.join(","), hosts)?;
    let mut works = Vec::new();
    for group in &groups {
        let left = Arc::new(tokio::sync::Mutex::new(group.plans.len()));
        for plan in &group.plans {
            works.push(Work {
                context: Arc::clone(context),
                cloud: Arc::clone(&group.cloud),
                catalog: Arc::clone(&group.catalog),
                plan: plan.clone(),
                run: run.clone(),
                journal: Arc::clone(&journal),
                flags: flags.clone(),
                left: Arc::clone(&left),
                made: tokio::sync::watch::Sender::new(None),
            });
        }
    }
    let (done, failed) = all(works).await;
    let document = Document {
        schema: 1,
        hosts: done,
        failures: failed
            .iter()
            .map(|(name, failure)| FailureDocument::of(failure).named(name))
            .collect(),
        sandbox: context.sandbox.is_some(),
        requests: groups.iter().map(|g| g.cloud.provider.requests()).sum(),
        elapsed_seconds: (began.elapsed().as_secs_f64() * 1000.0).round() / 1000.0,
        run,
    };
    if context.json() {
        report::document(&document);
    } else {
        report::print(&document.text(context));
    }
    report::failures(failed.into_iter().map(|(_, failure)| failure))
}

/// Works on all servers at once, and answers with what came of each, both sorted by name.
async fn all(works: Vec<Work>) -> (Vec<HostDocument>, Vec<(String, Failure)>) {
    let mut names = HashMap::new();
    let mut tasks = JoinSet::new();
    for work in works {
        let name = work.plan.name.clone();
        names.insert(tasks.spawn(work.run()).id(), name);
    }
    let mut done = Vec::new();
    let mut failed = Vec::new();
    while let Some(ended) = tasks.join_next_with_id().await {
        let (id, outcome) = match ended {
            Ok((id, outcome)) => (id, outcome),
            Err(error) => {
                let why = Failure::new(Exit::Other, "a task ended badly", &error);
                (error.id(), Err(why))
            }
        };
        match outcome {
            Ok(host) => done.push(host),
            Err(failure) => failed.push((names.remove(&id).unwrap_or_default(), failure)),
        }
    }
    done.sort_by(|a: &HostDocument, b| a.name.cmp(&b.name));
    failed.sort_by(|a, b| a.0.cmp(&b.0));
    (done, failed)
}
