//! Whether it is what was installed. Only then is it "up".

use crate::event::Running;
use crate::failure::{Exit, Failure, Outcome};
use crate::found::{Found, RunningSystem};
use crate::job::Job;
use crate::ssh::{SshError, Target};
use provision_api::Backoff;
use provision_api::wait::{Attempt, Deadline, until};
use std::convert::Infallible;
use std::time::Duration;

/// Checks the running system: the closure, its units, the admin's rights, and that root is kept
/// out. Everything that is wrong is told at once.
pub async fn prove(
    job: &Job,
    running: &Running,
    admin: &Target,
    found: &Found,
    closure: Option<&str>,
) -> Outcome<String> {
    let mut wrong = Vec::new();
    let runs = match &found.system {
        RunningSystem::NixOs { closure } => closure.clone(),
        other => return Err(unproven(job, &[format!("it runs {other:?}, not NixOS")])),
    };
    if let Some(closure) = closure
        && runs != closure
    {
        wrong.push(format!("it runs {runs}, installed was {closure}"));
    }
    running.doing("wait for its units");
    wrong.extend(units(job, admin).await);
    running.doing("try the logins");
    wrong.extend(admin_rights(job, admin).await);
    wrong.extend(root_is_kept_out(job, admin).await);
    if wrong.is_empty() {
        Ok(runs)
    } else {
        Err(unproven(job, &wrong))
    }
}

fn unproven(job: &Job, wrong: &[String]) -> Failure {
    Failure::new(
        Exit::Unproven,
        format!("{}: it runs, and is not what was installed", job.name),
        wrong.join("\n"),
    )
    .mend(format!(
        "provision ssh {}{} to look at it",
        job.host.name,
        job.context.flags()
    ))
}

/// Waits until all units have started or failed, and names those that failed.
async fn units(job: &Job, admin: &Target) -> Vec<String> {
    let deadlines = job.context.deadlines;
    let settled = until(
        "its units to start",
        Deadline::after(deadlines.settle()),
        &Backoff::new(Duration::from_millis(250), Duration::from_secs(5)),
        &job.context.cancel,
        async || Ok::<_, Infallible>(state(admin, deadlines.command()).await),
    )
    .await;
    match settled {
        Ok(true) => Vec::new(),
        Ok(false) => failed_units(job, admin).await,
        Err(error) => vec![error.to_string()],
    }
}

/// `true` when all is well, `false` when something failed.
async fn state(admin: &Target, deadline: Duration) -> Attempt<bool> {
    match admin
        .run("systemctl is-system-running", None, deadline)
        .await
    {
        Ok(printed) => match printed.stdout.trim() {
            "running" => Attempt::Ready(true),
            "degraded" => Attempt::Ready(false),
            other => Attempt::NotYet(format!("its state is {other:?}")),
        },
        Err(error) => Attempt::NotYet(error.to_string()),
    }
}

async fn failed_units(job: &Job, admin: &Target) -> Vec<String> {
    let list = "systemctl list-units --failed --plain --no-legend";
    let deadline = job.context.deadlines.command();
    match admin.run(list, None, deadline).await {
        Ok(printed) => {
            let names: Vec<&str> = printed
                .stdout
                .lines()
                .filter_map(|line| line.split_whitespace().next())
                .collect();
            vec![format!("failed units: {}", names.join(", "))]
        }
        Err(error) => vec![format!(
            "some units failed, and which cannot be told: {error}"
        )],
    }
}

async fn admin_rights(job: &Job, admin: &Target) -> Vec<String> {
    let deadline = job.context.deadlines.command();
    match admin.run("sudo -n id -u", None, deadline).await {
        Ok(printed) if printed.stdout.trim() == "0" => Vec::new(),
        Ok(printed) => vec![format!(
            "{} cannot become root: {}",
            admin.user,
            printed.stderr.trim()
        )],
        Err(error) => vec![format!("{} cannot log in: {error}", admin.user)],
    }
}

async fn root_is_kept_out(job: &Job, admin: &Target) -> Vec<String> {
    let root = admin.with("root", admin.pins.clone());
    match root
        .run("true", None, job.context.deadlines.command())
        .await
    {
        Err(SshError::Refused(_)) => Vec::new(),
        Ok(_) => vec!["root can log in".to_owned()],
        Err(error) => vec![format!("whether root is kept out cannot be told: {error}")],
    }
}
