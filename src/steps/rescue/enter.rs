//! Into the rescue system.

use super::boot_id_now;
use crate::clouds::Cloud;
use crate::event::{Running, Step};
use crate::failure::{Exit, Failure, Outcome};
use crate::found::{Found, RunningSystem};
use crate::job::Job;
use crate::ssh::{Target, password, pins};
use crate::steps::{acquire, drive, first_key, reach};
use crate::trust;
use provision_api::{Fingerprint, Intent, OwnedServer, Rescue};
use secrecy::SecretString;

/// Boots it, and proves that it is there.
pub async fn on(job: &Job, cloud: &Cloud, server: &OwnedServer) -> Outcome<(Target, Found)> {
    let running = job.begin(Step::Rescue, "arm the rescue system")?;
    let before = boot_id_now(job, server).await;
    let target = trust::target(&job.context, server, "root", job.kept.pins("rescue"))?;
    // a rescue system that runs already may well show the same key once more
    let pinned = pins::read(&target.pins);
    let is_pinned = |key: &Fingerprint| pinned.iter().any(|p| Fingerprint::of_key(p) == *key);
    let known = first_key::before(job, &target).await?;
    let known = known.filter(|key| !is_pinned(key)).into_iter();
    let known: Vec<_> = known.chain(server.marks().host_key).collect();
    let keys = vec![acquire::login(job, cloud).await?];
    let intent = Intent::InRescue { keys };
    drive::fulfil(job, &running, Step::Rescue, server, &intent).await?;
    let password = password_of(job, cloud, server).await?;
    first_key::pinned(job, &running, &target, "the rescue system", &known).await?;
    if let Some(password) = &password {
        bring_key(job, &running, &target, password).await?;
    }
    let is_rescue = move |found: &Found| match &found.system {
        RunningSystem::Rescue if before.as_ref() != Some(&found.boot_id) => Ok(()),
        RunningSystem::Rescue => Err("it has not rebooted yet".to_owned()),
        other => Err(format!("it still runs {other:?}")),
    };
    let deadline = job.first_boot_within();
    let found = reach::reach(job, &target, deadline, &is_rescue).await?;
    job.done(running, Step::Rescue, "the rescue system answers")?;
    Ok((target, found))
}

/// The password, where it takes one; where nobody tells us, that is the end of what can be done.
async fn password_of(
    job: &Job,
    cloud: &Cloud,
    server: &OwnedServer,
) -> Outcome<Option<SecretString>> {
    let elsewhere = match cloud.provider.capabilities().rescue {
        Rescue::Keys => return Ok(None),
        Rescue::Elsewhere(place) => place,
        Rescue::Password(place) => {
            let asked = cloud.provider.rescue_password(server).await;
            let answered = asked.map_err(|e| {
                Failure::provider(format!("{}: its password cannot be read", job.name), &e)
            })?;
            if answered.is_some() {
                return Ok(answered);
            }
            place
        }
    };
    Err(Failure::new(
        Exit::Unproven,
        format!("{}: its rescue system is armed, unproven", job.name),
        format!(
            "the vendor does not tell its password by API: it stands {elsewhere}; nobody has looked inside"
        ),
    )
    .mend(format!(
        "log in with it: ssh -p {} root@{}; back to the disk: provision rescue {} --off{}",
        job.context.ssh_port(),
        trust::address(server.server())?,
        job.host.name,
        job.context.flags()
    )))
}

/// Puts our login key in, so that the password is used once.
async fn bring_key(
    job: &Job,
    running: &Running,
    target: &Target,
    password: &SecretString,
) -> Outcome {
    running.doing("bring the login key");
    let script = "mkdir -p /root/.ssh && chmod 700 /root/.ssh && cat >> /root/.ssh/authorized_keys && chmod 600 /root/.ssh/authorized_keys";
    let line = format!("{}\n", job.login.public_line());
    let deadline = job.context.deadlines.command();
    let printed = password::run(
        target,
        password,
        script,
        line.as_bytes(),
        &job.dir,
        deadline,
    )
    .await;
    let printed = printed.map_err(|e| e.failure(&job.name))?;
    if printed.code == 0 {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Unproven,
        format!(
            "{}: the login key cannot be brought into its rescue system",
            job.name
        ),
        printed.stderr.trim(),
    ))
}
