//! Into the vendor's rescue system, and back to the disk; both proven.

mod enter;
mod leave;

pub use enter::on;
pub use leave::off;

use crate::job::Job;
use crate::steps::reach;
use crate::trust;
use provision_api::{OwnedServer, Role};
use std::time::Duration;

/// The boot that runs now, if anything that we know answers.
async fn boot_id_now(job: &Job, server: &OwnedServer) -> Option<String> {
    let quick = job.context.deadlines.command();
    let rescue = trust::target(&job.context, server, "root", job.kept.pins("rescue")).ok();
    if let Some(rescue) = rescue.filter(|t| t.pins.exists())
        && let Ok(found) = reach::ask(&rescue, quick).await
    {
        return Some(found.boot_id);
    }
    let admin = trust::admin(&job.context, &job.host, server, Duration::from_secs(2)).await;
    Some(reach::ask(&admin.ok()?, quick).await.ok()?.boot_id)
}

/// The command that boots the disk again.
pub(crate) fn way_back(job: &Job, role: Role) -> String {
    let flags = job.context.flags();
    format!(
        "provision rescue {}{} --off{flags}",
        job.host.name,
        test(role)
    )
}

/// The host and the flags that a command shown to the user names it with.
fn naming(job: &Job, role: Role) -> String {
    format!("{}{}{}", job.host.name, test(role), job.context.flags())
}

fn test(role: Role) -> &'static str {
    if role == Role::Test { " --test" } else { "" }
}
