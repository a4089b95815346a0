//! Why it failed: what can still be found out, gathered before anything is removed.
//!
//! Bounded in time, each part by itself, and never in the way of the failure that it is about:
//! that one stays the one that is told, with its exit code.

mod dead;
mod entry;
mod finding;
mod gather;
mod kept;
mod script;
mod text;
mod through;
#[cfg(any(test, feature = "fuzz"))]
pub(crate) mod untrusted;

pub use kept::last;
pub use text::text;

use crate::clouds::Cloud;
use crate::event::Step;
use crate::failure::{Exit, Failure, Outcome};
use crate::job::Job;
use crate::journal::Record;
use jiff::Timestamp;
use provision_api::{HostName, Role, ServerId};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The version of the document: `docs/json.md`.
const SCHEMA: u32 = 1;

/// The console's last lines that are told with the failure itself.
const TOLD_LINES: usize = 15;

/// All that was found out about a failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostMortem {
    /// Its version, 1.
    pub schema: u32,
    /// When it was begun.
    pub at: Timestamp,
    /// The server's name.
    pub name: String,
    /// The host of the flake.
    pub host: HostName,
    /// A server that stays, or a machine for a test.
    pub role: Role,
    /// The step that failed.
    pub step: Step,
    /// How the process ended.
    pub exit_code: u8,
    /// What could not be done, and why.
    pub error: String,
    /// What it comes to, where that can be told.
    pub finding: Option<String>,
    /// How the machine was looked at.
    pub through: Through,
    /// Where all that the installer printed is.
    pub installer_log: Option<PathBuf>,
    /// What was gathered, or why not.
    pub parts: Vec<Part>,
}

/// How the machine was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Through {
    /// By the installer, which still runs in its memory.
    Installer,
    /// By the installed system, as its admin.
    Admin,
    /// By the vendor's rescue system, which was booted for it.
    Rescue,
    /// Not at all: a part says why.
    Nothing,
}

/// A part of it: lines, or why there are none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// What it is about (`console`, `partitions of /dev/sda`).
    pub name: String,
    /// What was seen, without control characters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<String>,
    /// Why nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
}

impl PostMortem {
    /// Why the machine may still be in rescue, and the command that mends it, if it may.
    fn not_back(&self) -> Option<&str> {
        let part = self
            .parts
            .iter()
            .find(|part| part.name == through::WAY_BACK);
        part?.missing.as_deref()
    }
}

impl Part {
    fn seen(name: impl Into<String>, lines: Vec<String>) -> Self {
        Self {
            name: name.into(),
            lines,
            missing: None,
        }
    }

    fn missing(name: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            lines: Vec::new(),
            missing: Some(why.into()),
        }
    }
}

/// Where the machine that failed is.
#[derive(Debug, Clone, Copy)]
pub enum Scene<'a> {
    /// In a cloud.
    Cloud {
        /// Which one.
        cloud: &'a Cloud,
        /// A server that stays, or a machine for a test.
        role: Role,
        /// The server that this run has installed or taken up again; without one it is looked at
        /// as it is, and never reset.
        worked_on: Option<&'a ServerId>,
    },
    /// At this address and SSH port, wherever that is.
    At(&'a str, u16),
}

/// The same failure, once all that can be found out about it is kept.
pub async fn after(job: &Job, scene: Scene<'_>, failure: Failure) -> Failure {
    let Some(step) = due(&failure) else {
        return failure;
    };
    if job.context.cancel.is_cancelled() {
        return failure;
    }
    match examine(job, scene, step, &failure).await {
        Ok(found) => return tell(job, &found, failure),
        Err(error) => job.context.teller.warn(format!(
            "{}: why it failed could not be kept: {error}",
            job.name
        )),
    }
    failure
}

/// The step of a failure that something can be found out about: not one that was refused before
/// anything was done, nor one that is the user's own wish.
fn due(failure: &Failure) -> Option<Step> {
    let of_machine = matches!(
        failure.exit,
        Exit::Install | Exit::Unreachable | Exit::Unproven | Exit::Trust | Exit::Denied
    );
    let step = failure.step?;
    let is_of_it = matches!(
        step,
        Step::Reach | Step::Kexec | Step::Install | Step::Boot | Step::Prove
    );
    (of_machine && is_of_it).then_some(step)
}

async fn examine(
    job: &Job,
    scene: Scene<'_>,
    step: Step,
    failure: &Failure,
) -> Outcome<PostMortem> {
    let running = job.begin(Step::Examine, "find out why")?;
    let at = Timestamp::now();
    let gathered = gather::gather(job, &running, scene, step, failure.exit).await;
    let log = job.dir.join("installer.log");
    let found = PostMortem {
        schema: SCHEMA,
        at,
        name: job.name.clone(),
        host: job.host.name.clone(),
        role: match scene {
            Scene::Cloud { role, .. } => role,
            Scene::At(..) => Role::Server,
        },
        step,
        exit_code: failure.code(),
        error: failure.to_string(),
        finding: finding::of(gathered.firmware, &gathered.parts),
        through: gathered.through,
        installer_log: log.exists().then_some(log),
        parts: gathered.parts,
    };
    let file = kept::keep(&job.dir, &found)?;
    job.write(Record::PostMortem {
        step,
        file: file.clone(),
    })?;
    job.done(
        running,
        Step::Examine,
        format!("kept in {}", file.display()),
    )?;
    Ok(found)
}

/// The clearest of it goes with the failure itself.
fn tell(job: &Job, found: &PostMortem, mut failure: Failure) -> Failure {
    if let Some(finding) = &found.finding {
        failure.why.push_str(&format!("\nfound out: {finding}"));
    }
    let is_dark = matches!(found.through, Through::Rescue | Through::Nothing);
    if is_dark && let Some(console) = found.parts.iter().find(|p| p.name == gather::CONSOLE) {
        let from = console.lines.len().saturating_sub(TOLD_LINES);
        if !console.lines.is_empty() {
            failure.why.push_str("\nits console's last lines:");
        }
        for line in &console.lines[from..] {
            failure.why.push_str(&format!("\n| {line}"));
        }
    }
    let test = if found.role == Role::Test {
        " --test"
    } else {
        ""
    };
    failure.look.get_or_insert_with(|| {
        format!(
            "provision show {}{test} --post-mortem{}",
            found.host,
            job.context.flags()
        )
    });
    match found.not_back() {
        Some(why) => failure.or_mend(why),
        None => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_failed_on_the_machine_is_looked_into() {
        for (exit, step, is_due) in [
            (Exit::Install, Some(Step::Install), true),
            (Exit::Install, Some(Step::Kexec), true),
            (Exit::Unreachable, Some(Step::Boot), true),
            (Exit::Trust, Some(Step::Boot), true),
            (Exit::Unproven, Some(Step::Prove), true),
            (Exit::Install, Some(Step::Build), false),
            (Exit::Gate, Some(Step::Gate), false),
            (Exit::Gate, Some(Step::Kexec), false),
            (Exit::Unreachable, Some(Step::Reach), true),
            (Exit::Provider, Some(Step::Reach), false),
            (Exit::Unreachable, None, false),
            (Exit::Interrupted, Some(Step::Boot), false),
            (Exit::Refused, Some(Step::Boot), false),
            (Exit::Provider, Some(Step::Boot), false),
        ] {
            let mut failure = Failure::new(exit, "x", "y");
            if let Some(step) = step {
                failure = failure.at(step);
            }
            assert_eq!(due(&failure), step.filter(|_| is_due), "{exit:?} {step:?}");
        }
    }

    #[test]
    fn the_innermost_step_counts() {
        let failure = Failure::new(Exit::Unproven, "x", "y").at(Step::Prove);
        assert_eq!(failure.at(Step::Boot).step, Some(Step::Prove));
    }
}
