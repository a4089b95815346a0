//! A machine that does not answer, looked at through the vendor's rescue system, and left as it
//! was: booting its disk.

use super::script::{self, Answer, Question};
use super::{Part, dead, gather};
use crate::clouds::Cloud;
use crate::event::Running;
use crate::failure::Failure;
use crate::found::{DiskRole, Firmware, Found};
use crate::job::Job;
use crate::report::quote;
use crate::ssh::Target;
use crate::steps::rescue;
use provision_api::wait::{Attempt, Deadline, WaitError, until};
use provision_api::{Backoff, ErrorKind, Intent, OwnedServer, Rescue, Stage};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// What was seen through it.
#[derive(Debug)]
pub(super) struct Looked {
    pub(super) firmware: Firmware,
    pub(super) parts: Vec<Part>,
}

/// Boots the rescue system, looks, and boots the disk again. An error says why nothing was seen.
pub(super) async fn rescue(
    job: &Job,
    running: &Running,
    cloud: &Cloud,
    server: &OwnedServer,
) -> Result<Looked, String> {
    match cloud.provider.capabilities().rescue {
        Rescue::Keys => {}
        Rescue::Password(_) | Rescue::Elsewhere(_) => {
            return Err(format!(
                "{}'s rescue system takes no login key, only a password",
                cloud.name()
            ));
        }
    }
    running.doing("look at it through the rescue system");
    // whoever stops the run now waits until the machine boots its disk again
    job.ordering.send_replace(true);
    let within = job.context.deadlines.post_mortem().max(job.boot_within());
    let looking = tokio::time::timeout(within, look(job, cloud, server, Instant::now() + within));
    let looked = tokio::select! {
        biased;
        () = job.context.cancel.cancelled() => Err("it was stopped".to_owned()),
        looked = looking => looked.unwrap_or_else(|_| Err("its rescue system was too slow".to_owned())),
    };
    running.doing("boot its disk again");
    let back = to_disk(job, cloud, server).await;
    job.ordering.send_replace(false);
    let _ = std::fs::remove_file(job.kept.pins("rescue"));
    if let Err(why) = back {
        job.context.teller.warn(format!(
            "{}: it may still be in rescue: {why}; back to the disk: provision rescue {} --off{}",
            job.name,
            job.host.name,
            job.context.flags()
        ));
    }
    looked
}

async fn look(
    job: &Job,
    cloud: &Cloud,
    server: &OwnedServer,
    end: Instant,
) -> Result<Looked, String> {
    let entered = rescue::on(job, cloud, server).await;
    let (target, found) = entered
        .map_err(|failure: Failure| format!("its rescue system was not reached: {failure}"))?;
    let mut questions = of_disks(&found);
    questions.push(Question::new(dead::LIST, dead::LSBLK));
    let answers = script::ask(&target, &questions, gather::patience(job)).await?;
    let (listed, shown): (Vec<&Answer>, Vec<&Answer>) =
        answers.iter().partition(|a| a.name == dead::LIST);
    let mut parts: Vec<Part> = shown.into_iter().map(Answer::part).collect();
    let disks = own_disks(&found);
    let listed = listed.first().map(|a| a.printed.as_str());
    parts.extend(of_the_dead(job, &target, listed.unwrap_or_default(), &disks, end).await);
    Ok(Looked {
        firmware: found.firmware,
        parts,
    })
}

/// What is on the disks; what was seen until now is kept when that takes too long.
async fn of_the_dead(
    job: &Job,
    target: &Target,
    listed: &str,
    disks: &[String],
    end: Instant,
) -> Vec<Part> {
    // the caller's own deadline must not end it first, or all that was seen is lost
    let left = end.saturating_duration_since(Instant::now()).mul_f64(0.9);
    let looking = dead::look(target, listed, disks, gather::patience(job));
    match tokio::time::timeout(left, looking).await {
        Ok(parts) => parts,
        Err(_) => vec![Part::missing("the dead system", "there was no time left")],
    }
}

/// All of the machine's disks but the rescue system's own, by the names that they have now.
fn own_disks(found: &Found) -> Vec<String> {
    let own = found
        .disks
        .iter()
        .filter(|disk| matches!(disk.role, DiskRole::Boot | DiskRole::Unknown));
    own.map(|disk| disk.path.clone()).collect()
}

/// What any Linux with root tells of the disks and of what boots from them.
pub(super) fn of_disks(found: &Found) -> Vec<Question> {
    let mut questions = vec![
        Question::new("firmware", format!("echo {}", found.firmware)),
        Question::new(
            "disks",
            "lsblk -o NAME,SIZE,TYPE,FSTYPE,PARTTYPE,MOUNTPOINTS 2>&1",
        ),
    ];
    for disk in own_disks(found) {
        let path = quote(&disk);
        questions.push(Question::new(
            format!("partitions of {disk}"),
            format!("sgdisk -p {path} 2>/dev/null || sfdisk -d {path} 2>&1"),
        ));
    }
    questions.push(Question::new("file systems", "blkid 2>&1"));
    questions.push(match found.firmware {
        Firmware::Uefi => Question::new("boot entries", "efibootmgr -v 2>&1"),
        Firmware::Bios => Question::new(
            "boot entries",
            "echo 'a BIOS keeps none: it starts the first disk that has boot code'",
        ),
    });
    questions
}

/// The disk, booted again: to be done whatever became of the look, so nothing cancels it, and it
/// ends by its own deadline.
async fn to_disk(job: &Job, cloud: &Cloud, server: &OwnedServer) -> Result<(), String> {
    let never = CancellationToken::new();
    // of real hardware as many times slower as its boot is
    let within = job.boot_within() / 5;
    let mut stage = Stage(0);
    let way = async {
        loop {
            let backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(10));
            let accepted = until(
                "the vendor to be free for it",
                Deadline::after(within),
                &backoff,
                &never,
                async || match cloud.provider.drive(server, &Intent::FromDisk, stage).await {
                    Ok(accepted) => Ok(Attempt::Ready(accepted)),
                    Err(error) if error.kind == ErrorKind::Conflict => {
                        Ok(Attempt::NotYet(error.to_string()))
                    }
                    Err(error) => Err(error),
                },
            )
            .await
            .map_err(|error| match error {
                WaitError::Failed(error) => error.to_string(),
                late => late.to_string(),
            })?;
            let (deadline, tasks) = (Deadline::after(within), &accepted.tasks);
            let waited = cloud.waiter.wait(tasks, deadline, &never, |_, _| {}).await;
            waited.map_err(|error| error.to_string())?;
            match accepted.next {
                None => return Ok(()),
                Some(next) => stage = next,
            }
        }
    };
    let ended = tokio::time::timeout(within, way).await;
    ended.unwrap_or_else(|_| Err("the vendor is not done with it".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::tests::found;
    use crate::found::Disk;

    #[test]
    fn volumes_and_the_rescue_systems_disk_are_left_alone() {
        let mut machine = found();
        let disk = |path: &str, role| Disk {
            path: path.into(),
            by_path: Vec::new(),
            by_id: Vec::new(),
            size: 1 << 30,
            serial: None,
            role,
        };
        machine.disks = vec![
            disk("/dev/sda", DiskRole::Rescue),
            disk("/dev/sdb", DiskRole::Boot),
            disk("/dev/sdc", DiskRole::Volume),
            disk("/dev/sdd", DiskRole::Unknown),
        ];
        assert_eq!(own_disks(&machine), ["/dev/sdb", "/dev/sdd"]);
    }
}
