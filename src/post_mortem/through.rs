//! A machine that does not answer, looked at through the vendor's rescue system, and left as it
//! was: booting its disk.

mod way_back;

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
use provision_api::OwnedServer;
use std::time::Instant;

/// The name of the part that says why the machine may still be in rescue.
pub(super) const WAY_BACK: &str = "way back";

/// What was seen through it.
#[derive(Debug)]
pub(super) struct Looked {
    pub(super) firmware: Firmware,
    pub(super) parts: Vec<Part>,
}

/// What came of going there and back.
#[derive(Debug)]
pub(super) struct Visit {
    /// What was seen, or why nothing was.
    pub(super) looked: Result<Looked, String>,
    /// Why it may not be back, if it may not.
    pub(super) stuck: Option<Part>,
}

/// Boots the rescue system, looks, and boots the disk again; all of it by that end.
pub(super) async fn rescue(
    job: &Job,
    running: &Running,
    cloud: &Cloud,
    server: &OwnedServer,
    end: Instant,
) -> Visit {
    let to_look = end.checked_sub(way_back::within(job));
    let to_look = to_look.filter(|at| Instant::now() + job.first_boot_within() / 2 < *at);
    let Some(to_look) = to_look else {
        return Visit {
            looked: Err("there was no time left to boot its rescue system".to_owned()),
            stuck: None,
        };
    };
    running.doing("look at it through the rescue system");
    let back = rescue::way_back(job, server.marks().role);
    // whoever stops the run now waits until the machine boots its disk again
    let _under_way = job.must_end(
        way_back::within(job) + job.context.deadlines.command(),
        format!("{} may be in rescue; back to the disk: {back}", job.name),
    );
    let looking = look(job, cloud, server, to_look);
    let looking = tokio::time::timeout_at(to_look.into(), looking);
    let looked = tokio::select! {
        biased;
        () = job.context.cancel.cancelled() => Err("it was stopped".to_owned()),
        looked = looking => looked.unwrap_or_else(|_| Err("its rescue system was too slow".to_owned())),
    };
    running.doing("boot its disk again");
    let stuck = match way_back::to_disk(job, cloud, server).await {
        Ok(()) => {
            // the key of a rescue system that is gone is never to be accepted again
            let _ = std::fs::remove_file(job.kept.pins("rescue"));
            None
        }
        // its key stays pinned: the next run tells by it that it is in rescue
        Err(why) => {
            let why = format!("it may still be in rescue ({why}); back to the disk: {back}");
            job.context.teller.warn(format!("{}: {why}", job.name));
            Some(Part::missing(WAY_BACK, why))
        }
    };
    Visit { looked, stuck }
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
