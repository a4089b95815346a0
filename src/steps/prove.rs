//! Whether it is what was installed. Only then is it "up".

use crate::event::Running;
use crate::failure::{Exit, Failure, Outcome};
use crate::found::{Found, RunningSystem};
use crate::job::Job;
use crate::ssh::{Printed, SshError, Target};
use provision_api::Backoff;
use provision_api::wait::{Attempt, Deadline, WaitError, until};
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
    let mut is_another = false;
    let runs = match &found.system {
        RunningSystem::NixOs { closure } => closure.clone(),
        other => return Err(unproven(job, &[format!("it runs {other:?}, not NixOS")])),
    };
    if let Some(closure) = closure
        && runs != closure
    {
        wrong.push(format!("it runs {runs}, installed was {closure}"));
        is_another = true;
    }
    running.doing("wait for its units");
    wrong.extend(settled(job, admin).await?);
    running.doing("try root's login");
    wrong.extend(root_is_kept_out(job, admin).await?);
    if wrong.is_empty() {
        return Ok(runs);
    }
    let failure = unproven(job, &wrong);
    Err(if is_another {
        failure.or_mend(format!(
            "or boot it again, and go on: provision ssh {}{} -- sudo systemctl reboot",
            job.host.name,
            job.context.flags()
        ))
    } else {
        failure
    })
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

/// What the admin is asked for in one connection.
const LOOK: &str = "systemctl is-system-running
echo '== failed'
systemctl list-units --failed --plain --no-legend
echo '== root'
sudo -n id -u
true";

/// Waits until all units have started or failed, and tells what is wrong then. Another host key
/// ends it: whoever shows it is not asked anything.
async fn settled(job: &Job, admin: &Target) -> Outcome<Vec<String>> {
    let deadlines = job.context.deadlines;
    let looked = until(
        "its units to start",
        Deadline::after(deadlines.settle()),
        &Backoff::new(Duration::from_millis(250), Duration::from_secs(5)),
        &job.context.cancel,
        async || match admin.run(LOOK, None, deadlines.command()).await {
            Ok(printed) => Ok(read(&printed, &admin.user)),
            Err(error @ SshError::HostKey(_)) => Err(error),
            Err(error) => Ok(Attempt::NotYet(error.to_string())),
        },
    )
    .await;
    looked.or_else(|error| trusted(job, error, ""))
}

/// What a wait that has failed tells, unless it was by another host key.
fn trusted(job: &Job, error: WaitError<SshError>, what: &str) -> Outcome<Vec<String>> {
    match error {
        WaitError::Failed(error @ SshError::HostKey(_)) => Err(error.failure(&job.name)),
        other => Ok(vec![format!("{what}{other}")]),
    }
}

/// What is wrong, once the units have settled.
fn read(printed: &Printed, user: &str) -> Attempt<Vec<String>> {
    let (state, rest) = printed.stdout.split_once("== failed").unwrap_or_default();
    let (failed, root) = rest.split_once("== root").unwrap_or_default();
    let mut wrong = Vec::new();
    match state.trim() {
        "running" => {}
        "degraded" => {
            let names = failed
                .lines()
                .filter_map(|line| line.split_whitespace().next());
            let names: Vec<&str> = names.collect();
            wrong.push(format!("failed units: {}", names.join(", ")));
        }
        other => return Attempt::NotYet(format!("its state is {other:?}")),
    }
    if root.trim() != "0" {
        let why = printed.stderr.trim();
        wrong.push(format!(
            "{user} cannot become root without a password: {why}"
        ));
    }
    Attempt::Ready(wrong)
}

/// Tries to log in as root until it is let in or refused: a login that fails has a price
/// (`PerSourcePenalties`), and sshd may turn us away for a while.
async fn root_is_kept_out(job: &Job, admin: &Target) -> Outcome<Vec<String>> {
    let root = admin.with("root", admin.pins.clone());
    let deadlines = job.context.deadlines;
    let tried = until(
        "root's login to be let in or refused",
        Deadline::after(deadlines.answer()),
        &Backoff::new(Duration::from_millis(250), Duration::from_secs(5)),
        &job.context.cancel,
        async || match root.run("true", None, deadlines.command()).await {
            Err(SshError::Refused(_)) => Ok(Attempt::Ready(Vec::new())),
            Ok(_) => Ok(Attempt::Ready(vec!["root can log in".to_owned()])),
            Err(error @ (SshError::HostKey(_) | SshError::NoProgram(_))) => Err(error),
            Err(error) => Ok(Attempt::NotYet(error.to_string())),
        },
    )
    .await;
    let what = "whether root is kept out cannot be told: ";
    tried.or_else(|error| trusted(job, error, what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_admin_sees_is_read() {
        let look = |stdout: &str| {
            let printed = Printed {
                stdout: stdout.to_owned(),
                stderr: "sudo: a password is required".to_owned(),
                code: 0,
            };
            read(&printed, "hbohlen")
        };
        let well = "running\n== failed\n== root\n0\n";
        assert_eq!(look(well), Attempt::Ready(Vec::new()));
        let failed = "degraded\n== failed\nnginx.service loaded failed failed x\n== root\n0\n";
        assert_eq!(
            look(failed),
            Attempt::Ready(vec!["failed units: nginx.service".to_owned()])
        );
        let Attempt::Ready(wrong) = look("running\n== failed\n== root\n") else {
            unreachable!("it has settled");
        };
        assert!(wrong[0].contains("a password is required"), "{wrong:?}");
        for early in ["starting\n== failed\n== root\n0\n", ""] {
            assert!(matches!(look(early), Attempt::NotYet(_)), "{early:?}");
        }
    }
}
