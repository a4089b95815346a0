//! The machine answers, with the host key that it must have, and tells what it is.

use crate::event::Running;
use crate::failure::{Exit, Failure, Outcome};
use crate::found::Found;
use crate::job::Job;
use crate::ssh::{SshError, Target};
use crate::steps::{drive, probe};
use crate::trust;
use provision_api::wait::{Attempt, Deadline, WaitError, until};
use provision_api::{Backoff, OwnedServer, Task};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

/// What has to be true of the machine before it counts as reached.
pub type Accept<'a> = &'a (dyn Fn(&Found) -> Result<(), String> + Send + Sync);

/// Any machine with the right host key.
pub fn anything(_: &Found) -> Result<(), String> {
    Ok(())
}

/// Waits until the machine answers and is accepted.
///
/// Another host key than the pinned one ends the wait at once; a refused login after a while,
/// because cloud-init may not have put the key in yet.
pub async fn reach(
    job: &Job,
    target: &Target,
    deadline: Duration,
    accept: Accept<'_>,
) -> Outcome<Found> {
    let user = target.user.as_str();
    let (_, found) = reach_as(job, target, &[user], deadline, accept).await?;
    Ok(found)
}

/// The same as the first of several users that is let in.
async fn reach_as(
    job: &Job,
    target: &Target,
    users: &[&str],
    deadline: Duration,
    accept: Accept<'_>,
) -> Outcome<(Target, Found)> {
    let deadlines = job.context.deadlines;
    let began = Instant::now();
    let pause = Backoff::new(Duration::from_millis(100), Duration::from_secs(1));
    let found = until(
        "the machine to answer",
        Deadline::after(deadline),
        &pause,
        &job.context.cancel,
        async || match ask_as(target, users, deadlines.command()).await {
            Ok((target, found)) => Ok(match accept(&found) {
                Ok(()) => Attempt::Ready((target, found)),
                Err(not_yet) => Attempt::NotYet(not_yet),
            }),
            Err(error @ (SshError::HostKey(_) | SshError::NoProgram(_))) => Err(error),
            Err(error @ SshError::Refused(_)) if began.elapsed() > deadlines.refusal() => {
                Err(error)
            }
            Err(error) => Ok(Attempt::NotYet(error.to_string())),
        },
    )
    .await;
    let (target, found) = match found {
        Ok(reached) => reached,
        Err(WaitError::Failed(SshError::HostKey(_)))
            if trust::is_in_rescue(&job.context, target).await =>
        {
            return Err(in_rescue(job));
        }
        Err(error) => return Err(unreached(job, target, error)),
    };
    job.found(&found)?;
    Ok((target, found))
}

/// The same, while the vendor still works on what it accepted: the machine's own answer needs no
/// request, and the vendor's error ends the wait early.
pub async fn reach_while(
    job: &Job,
    running: &Running,
    target: &Target,
    users: &[&str],
    tasks: &[Task],
) -> Outcome<(Target, Found)> {
    let deadline = job.first_boot_within();
    let machine = reach_as(job, target, users, deadline, &anything);
    tokio::pin!(machine);
    tokio::select! {
        found = &mut machine => return found,
        vendor = drive::wait(job, running, tasks) => vendor?,
    }
    machine.await
}

/// Asks once, as the first of the users that is let in.
async fn ask_as(
    target: &Target,
    users: &[&str],
    deadline: Duration,
) -> Result<(Target, Found), SshError> {
    let mut refusal = SshError::Refused("no user to log in as".to_owned());
    for user in users {
        let target = target.with(user, target.pins.clone());
        match ask(&target, deadline).await {
            Ok(found) => return Ok((target, found)),
            Err(error @ SshError::Refused(_)) => refusal = error,
            Err(error) => return Err(error),
        }
    }
    Err(refusal)
}

/// Asks once.
pub async fn ask(target: &Target, deadline: Duration) -> Result<Found, SshError> {
    listens(target).await?;
    let printed = target.run(&probe::script(), None, deadline).await?;
    probe::read(&printed.stdout).map_err(SshError::Silent)
}

/// A connection that is refused costs less to find out without starting ssh.
async fn listens(target: &Target) -> Result<(), SshError> {
    let connect = TcpStream::connect((target.host.as_str(), target.port));
    match tokio::time::timeout(Duration::from_secs(5), connect).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(SshError::Silent(format!(
            "{}:{}: {error}",
            target.host, target.port
        ))),
        Err(_) => Err(SshError::Silent(format!(
            "{}:{}: no answer",
            target.host, target.port
        ))),
    }
}

/// Another key answers, and the vendor says that the rescue system is on: it is no impostor.
pub fn or_in_rescue(job: &Job, server: &OwnedServer, failure: Failure) -> Failure {
    if failure.exit == Exit::Trust && server.server().rescue_armed {
        return in_rescue(job);
    }
    failure
}

/// The rescue system that was booted on purpose: nothing is done to it.
pub fn in_rescue(job: &Job) -> Failure {
    let test = if job.name == job.host.name.as_str() {
        ""
    } else {
        " --test"
    };
    Failure::new(
        Exit::Refused,
        format!("{}: it is in rescue", job.name),
        "the rescue system answers, not the one that was installed",
    )
    .mend(format!(
        "provision rescue {}{test} --off{}",
        job.host.name,
        job.context.flags()
    ))
}

fn unreached(job: &Job, target: &Target, error: WaitError<SshError>) -> Failure {
    match error {
        WaitError::Failed(error) => error.failure(&job.name),
        WaitError::Cancelled { .. } => Failure::interrupted(job.name.clone()),
        late @ WaitError::TimedOut { .. } => Failure::new(
            Exit::Unreachable,
            format!("{}: no answer at {}:{}", job.name, target.host, target.port),
            late,
        )
        .mend("look at its console at the vendor; a firewall may keep SSH out"),
    }
}
