//! `provision show`: everything that is known of a host's server.

use crate::cli::Show;
use crate::clouds::Cloud;
use crate::commands::found;
use crate::commands::list::Listed;
use crate::context::Context;
use crate::event::Step;
use crate::failure::{Exit, Failure, Outcome};
use crate::identity::KeyFile;
use crate::journal::{self, Record};
use crate::plan::server_name;
use crate::post_mortem;
use crate::report;
use jiff::Timestamp;
use provision_api::{Fingerprint, Role, RunId};
use serde::Serialize;

/// `show --output json`: the keys of `list`, and what only this machine knows.
#[derive(Debug, Serialize)]
struct Document {
    schema: u32,
    #[serde(flatten)]
    listed: Listed,
    /// The host key that the cloud's marks tell.
    host_key: Option<Fingerprint>,
    /// Whether its private half is kept here.
    identity_kept: bool,
    facts: Option<crate::facts::Facts>,
    /// What the journals kept here tell, newest run last.
    history: Vec<Entry>,
}

#[derive(Debug, Serialize)]
struct Entry {
    run: RunId,
    at: Timestamp,
    step: Step,
    outcome: &'static str,
    what: String,
}

/// Shows a host's server.
pub async fn run(context: &Context, flags: &Show) -> Outcome {
    if flags.post_mortem {
        return of_failure(context, flags);
    }
    let flake = context.flake()?;
    let host = found::host(&flake, &flags.host)?;
    let cloud = Cloud::open(context, found::provider_of(context, &host))?;
    let server = found::server(context, &cloud, &host.name, Role::of(flags.test)).await?;
    let catalog = cloud.provider.catalog().await.ok();
    let name = server.server().name.clone();
    let document = Document {
        schema: 1,
        listed: Listed::of(&cloud, catalog.as_ref(), &server),
        host_key: server.marks().host_key,
        identity_kept: KeyFile::read(&context.state.server(&name)?.identity()).is_ok(),
        facts: host.facts_for(server.id()).cloned(),
        history: history(context, &name),
    };
    if context.json() {
        report::document(&document);
    } else {
        text(&document);
    }
    Ok(())
}

/// What was found out about the host's last failure. No cloud is asked: the server may be gone.
fn of_failure(context: &Context, flags: &Show) -> Outcome {
    let role = Role::of(flags.test);
    let Some((found, file)) = post_mortem::last(&context.state, &flags.host, role) else {
        return Err(Failure::new(
            Exit::Refused,
            format!(
                "{}: there is no post-mortem",
                server_name(&flags.host, role)
            ),
            "no installation of its has failed here once something was wiped, as far as is kept",
        )
        .mend(format!(
            "provision show {} tells what its runs did",
            found::naming(context, &flags.host, role)
        )));
    };
    if context.json() {
        report::document(&found);
    } else {
        report::print(&post_mortem::text(&found, &file));
    }
    Ok(())
}

fn history(context: &Context, name: &str) -> Vec<Entry> {
    let mut entries = Vec::new();
    for run in context.state.runs() {
        let Ok(dir) = context.state.run(&run) else {
            continue;
        };
        for line in journal::read(&dir) {
            if line.name.as_deref() != Some(name) {
                continue;
            }
            let (step, outcome, what) = match line.record {
                Record::Done { step, what } => (step, "done", what),
                Record::Failed { step, error } => (step, "failed", error),
                _ => continue,
            };
            entries.push(Entry {
                run: run.clone(),
                at: line.at,
                step,
                outcome,
                what,
            });
        }
    }
    entries
}

fn text(document: &Document) {
    let value = serde_json::to_value(&document.listed).unwrap_or_default();
    let mut text = String::new();
    for (key, value) in value.as_object().into_iter().flatten() {
        let shown = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        text.push_str(&format!("{key:<14}{}\n", report::one_line(&shown)));
    }
    if let Some(key) = document.host_key {
        let kept = if document.identity_kept {
            "kept here"
        } else {
            "not kept here"
        };
        text.push_str(&format!("{:<14}{key} (private half {kept})\n", "host_key"));
    }
    if let Some(facts) = &document.facts {
        text.push_str(&format!(
            "{:<14}{} firmware, layout {}, {}\n",
            "facts", facts.firmware, facts.layout, facts.boot_disk
        ));
    }
    for entry in &document.history {
        let at = entry.at.strftime("%Y-%m-%d %H:%M:%SZ");
        text.push_str(&format!(
            "{at}  {:<8} {:<7} {}\n",
            entry.step, entry.outcome, entry.what
        ));
    }
    report::print(&text);
}
