//! The machine boots from its disk: another boot than before, with the host's own key.

use crate::event::Running;
use crate::failure::{Exit, Failure, Outcome};
use crate::found::{Found, RunningSystem};
use crate::job::Job;
use crate::ssh::{SshError, Target, pins, pins::Shown};
use crate::steps::reach;
use provision_api::wait::{Attempt, Deadline, WaitError, until};
use provision_api::{Backoff, Fingerprint};
use ssh_key::PublicKey;
use std::time::Duration;

const TURNS_AWAY: &str = "it turns connections away";

/// Asks the installer to reboot, and answers with the boot that ends. That the connection breaks
/// is what is expected; that it lets nobody in is not, and nothing reboots by that.
pub async fn reboot(job: &Job, running: &Running, installer: &Target) -> Outcome<Option<String>> {
    running.doing("reboot");
    let ask = "cat /proc/sys/kernel/random/boot_id; systemctl --no-block reboot || reboot";
    let deadline = job.context.deadlines.command();
    match installer.run(ask, None, deadline).await {
        Ok(printed) => match printed.stdout.trim() {
            "" => Ok(None),
            id if printed.code == 0 || is_boot_id(id) => Ok(Some(id.to_owned())),
            said => Err(Failure::new(
                Exit::Unreachable,
                format!("{}: it does not take the order to reboot", job.name),
                said,
            )
            .mend("look at its console at the vendor")),
        },
        Err(error @ (SshError::HostKey(_) | SshError::Refused(_))) => Err(error.failure(&job.name)),
        Err(error) => {
            running.output(format!("reboot: {error}"));
            Ok(None)
        }
    }
}

/// 32 hexadecimal digits in five groups, as the kernel writes them.
fn is_boot_id(text: &str) -> bool {
    text.len() == 36 && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
}

/// Waits until the system with these host keys has gone down: as long as it answers, another key
/// would be taken for an impostor's. Another boot with the same keys than the one that was told to
/// end is the system from before, booted again.
///
/// Where the next system keeps the key, there is nothing to mistake: its boot id tells.
pub async fn gone(
    job: &Job,
    running: &Running,
    before: &Target,
    next: Option<Fingerprint>,
    ended: Option<&str>,
) -> Outcome {
    running.doing("wait for it to go down");
    let stale = pins::read(&before.pins);
    if stale
        .iter()
        .any(|key| Some(Fingerprint::of_key(key)) == next)
    {
        return Ok(());
    }
    let each = job.context.deadlines.command();
    until(
        "the machine to go down",
        Deadline::after(job.boot_within()),
        &Backoff::new(Duration::from_millis(100), Duration::from_secs(2)),
        &job.context.cancel,
        async || {
            let same = |key: &PublicKey| stale.iter().any(|s| s.key_data() == key.key_data());
            Ok(match pins::look(&before.host, before.port, each).await? {
                Shown::Key(key) if same(&key) && !is_another_boot(job, before, ended).await => {
                    Attempt::NotYet("it still runs".to_owned())
                }
                Shown::TurnedAway => Attempt::NotYet(TURNS_AWAY.to_owned()),
                Shown::Key(_) | Shown::Nobody => Attempt::Ready(()),
            })
        },
    )
    .await
    .map_err(|error| match error {
        WaitError::Failed(failure) => failure,
        WaitError::Cancelled { .. } => Failure::interrupted(job.name.clone()),
        late @ WaitError::TimedOut { .. } => Failure::new(
            Exit::Unreachable,
            format!("{}: {}", job.name, not_seen_to_go(&late)),
            late,
        )
        .mend("look at its console at the vendor"),
    })
}

/// Who lets nobody in may be the next system as well.
fn not_seen_to_go(late: &WaitError<Failure>) -> &'static str {
    match late {
        WaitError::TimedOut {
            last: Some(last), ..
        } if last == TURNS_AWAY => "whether it reboots cannot be told: it lets nobody in",
        _ => "it does not reboot",
    }
}

/// The system from before lets in whom it was made for, who need not be the installer's user.
async fn is_another_boot(job: &Job, before: &Target, ended: Option<&str>) -> bool {
    let Some(ended) = ended else {
        return false;
    };
    let cloud = job.cloud.as_ref();
    let first = cloud.map_or(&[][..], |cloud| cloud.provider.capabilities().first_users);
    let ask = "cat /proc/sys/kernel/random/boot_id";
    for user in [before.user.as_str()].iter().chain(first) {
        let target = before.with(user, before.pins.clone());
        match target.run(ask, None, job.context.deadlines.command()).await {
            Ok(printed) if printed.code == 0 => {
                let runs = printed.stdout.trim();
                return !runs.is_empty() && runs != ended;
            }
            // root is told by an image which user to log in as
            Ok(_) | Err(SshError::Refused(_)) => {}
            Err(_) => return false,
        }
    }
    false
}

/// Another key after our own reboot may be the system of another disk: the one that was there
/// before the installation, if it is that one's key.
async fn other_disk(job: &Job, at: &Target, mut failure: Failure) -> Failure {
    if failure.exit != Exit::Trust {
        return failure;
    }
    let before = pins::read(&job.kept.pins("first-boot"));
    let each = job.context.deadlines.command();
    let shown = pins::shown_by(&at.host, at.port, each).await.ok().flatten();
    let is_old = shown.is_some_and(|shown| before.iter().any(|b| b.key_data() == shown.key_data()));
    if is_old {
        failure.why = format!(
            "the system from before the installation answers again: the firmware has booted it from another disk ({})",
            failure.why
        );
    }
    let off = format!(
        "where it is a system from before that answers, boot the disk once more: provision rescue {} --off{}",
        job.host.name,
        job.context.flags()
    );
    failure = failure.or_mend(off);
    if !is_old && job.host.spec.disk.is_none() {
        return failure;
    }
    failure.or_mend(
        "of its several disks it may have booted another one, whose old system answers: take the \
         first that its firmware boots (disk in host.toml), or empty the others' boot sectors",
    )
}

/// Waits until a NixOS answers that is not the boot of before.
pub async fn from_disk(
    job: &Job,
    running: &Running,
    admin: &Target,
    before: Option<&str>,
) -> Outcome<Found> {
    running.doing("wait for the machine to boot from its disk");
    let before = before.map(str::to_owned);
    let booted = move |found: &Found| {
        if before.as_ref() == Some(&found.boot_id) {
            return Err("it has not rebooted yet".to_owned());
        }
        match &found.system {
            RunningSystem::NixOs { .. } => Ok(()),
            other => Err(format!("it runs {other:?} instead of the installed system")),
        }
    };
    let deadline = job.boot_within();
    match reach::reach(job, admin, deadline, &booted).await {
        Ok(found) => Ok(found),
        Err(failure) => Err(other_disk(job, admin, failure).await.mend(
            "look at its console at the vendor: a machine that stops before its boot loader has \
             a layout that does not fit its firmware; provision rescue boots it for a look",
        )),
    }
}
