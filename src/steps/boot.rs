//! The machine boots from its disk: another boot than before, with the host's own key.

use crate::event::Running;
use crate::failure::Outcome;
use crate::found::{Found, RunningSystem};
use crate::job::Job;
use crate::ssh::Target;
use crate::steps::reach;

/// Asks the installer to reboot. That the connection breaks is what is expected.
pub async fn reboot(job: &Job, running: &Running, installer: &Target) {
    running.doing("reboot");
    let asked = installer
        .run(
            "systemctl --no-block reboot || reboot",
            None,
            job.context.deadlines.command(),
        )
        .await;
    if let Err(error) = asked {
        running.output(format!("reboot: {error}"));
    }
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
    let deadline = job.context.deadlines.boot();
    reach::reach(job, admin, deadline, &booted)
        .await
        .map_err(|failure| {
            failure.mend(
            "look at its console at the vendor: a machine that stops before its boot loader has \
             a layout that does not fit its firmware; provision rescue boots it for a look",
        )
        })
}
