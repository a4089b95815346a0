//! What an `up` will do for each host: asked of each provider, shown, and agreed to.

use crate::cli::UpFlags;
use crate::clouds::Cloud;
use crate::commands::found;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::host::Host;
use crate::orders;
use crate::plan::{Action, HostPlan, Known, server_name};
use crate::preflight;
use crate::report;
use provision_api::{Catalog, HostName, Role};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is known of one provider, and the plans for its hosts.
pub(super) struct Group {
    pub(super) cloud: Arc<Cloud>,
    pub(super) catalog: Arc<Catalog>,
    pub(super) plans: Vec<HostPlan>,
}

/// Looks at everything that can be looked at before money is spent or data is lost, says what will
/// be done, and asks. Answers whether it is to be done: not if only that was asked.
pub(super) async fn agreed(context: &Context, groups: &[Group], flags: &UpFlags) -> Outcome<bool> {
    for group in groups {
        for plan in &group.plans {
            let line = plan.line(&group.catalog.currency);
            context.teller.note(format!("{}: {line}", plan.name));
        }
    }
    let is_work = groups.iter().flat_map(|g| &g.plans).any(HostPlan::is_work);
    if is_work {
        preflight::programs(context.machines())?;
    }
    if flags.dry_run {
        dry_run(context, groups);
        return Ok(false);
    }
    if is_work {
        let plans: Vec<&HostPlan> = groups.iter().flat_map(|g| &g.plans).collect();
        // one that is taken over is wiped for good, and one that is forced may not come up again:
        // its name is typed
        let wanted = match plans.as_slice() {
            [one] if matches!(one.action, Action::Adopt(_)) || one.force_layout => {
                Some(&one.host.name)
            }
            _ => None,
        };
        context
            .confirm(flags.yes, &question(&plans), wanted)
            .await?;
    }
    Ok(true)
}

/// Two hosts cannot have one server.
fn each_its_own(plans: &[HostPlan]) -> Outcome {
    let mut taken = BTreeMap::new();
    for plan in plans {
        let Action::Adopt(server) = &plan.action else {
            continue;
        };
        if let Some(other) = taken.insert(&server.id, &plan.name) {
            return Err(Failure::new(
                Exit::Config,
                format!("{} and {other} are to have the same server", plan.name),
                format!("both name {}", server.id),
            )
            .mend("name one for each: service under [ovh] in its host.toml"));
        }
    }
    Ok(())
}

/// What `--force-layout` may come to.
pub(crate) const FORCED: &str = "A layout that does not fit the firmware is installed all the \
                                 same (--force-layout): the machine will probably not boot.";

/// What cannot be undone, in words.
fn question(plans: &[&HostPlan]) -> String {
    let names = |those: &dyn Fn(&HostPlan) -> bool| -> Vec<String> {
        let those = plans.iter().filter(|plan| those(plan));
        those.map(|plan| plan.shown()).collect()
    };
    let wiped = names(&HostPlan::wipes);
    let bought = names(&|plan| matches!(plan.action, Action::Create(_)));
    let mut question = match (wiped.is_empty(), bought.is_empty()) {
        (true, _) => "This costs money.".to_owned(),
        (false, true) => format!("This WIPES {}.", wiped.join(", ")),
        (false, false) => format!(
            "This WIPES {}, and costs money ({}).",
            wiped.join(", "),
            bought.join(", ")
        ),
    };
    if plans.iter().any(|plan| plan.force_layout) {
        question.push(' ');
        question.push_str(FORCED);
    }
    let unknown = names(&HostPlan::trusts_first_use);
    if !unknown.is_empty() {
        question.push_str(&format!(
            " The host key of {} cannot be known beforehand: the first one that is shown is \
             trusted, and the host's own private key goes over that connection.",
            unknown.join(", ")
        ));
    }
    question
}

/// A failure of what only looks.
fn untouched(mut failure: Failure) -> Failure {
    let remains = "what was there before: nothing was created or changed";
    failure.remains.push(remains.to_owned());
    failure
}

/// Asks each provider what there is, and decides what has to be done for each host.
pub(super) async fn plan(
    context: &Arc<Context>,
    hosts: &[HostName],
    flags: &UpFlags,
) -> Outcome<Vec<Group>> {
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
        if !flags.dry_run {
            let names = hosts
                .keys()
                .map(|host| server_name(host, Role::of(flags.test)));
            let names: Vec<String> = names.collect();
            orders::arrived(context, &cloud, &names).await?;
        }
        let (catalog, servers) = tokio::join!(cloud.provider.catalog(), cloud.servers());
        let catalog = catalog
            .map_err(|e| untouched(Failure::provider("cannot read the vendor's prices", &e)))?;
        let servers = servers.map_err(untouched)?;
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
        let plans = plans?;
        each_its_own(&plans)?;
        groups.push(Group {
            plans,
            catalog: Arc::new(catalog),
            cloud,
        });
    }
    Ok(groups)
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
                    "server_id": plan.server_id(),
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
