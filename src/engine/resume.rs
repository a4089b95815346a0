//! Where a server stopped, found out from its marks and from the machine itself.

use crate::clouds::Cloud;
use crate::engine::{Entry, Proven, deliver, fresh, prove, rebuilt};
use crate::event::Step;
use crate::failure::{Exit, Failure, Outcome};
use crate::found::Found;
use crate::identity::KeyFile;
use crate::job::Job;
use crate::plan::HostPlan;
use crate::ssh::{Target, pins};
use crate::steps::acquire::{self, Acquired};
use crate::steps::{boot, build, drive, gate, reach};
use crate::trust;
use provision_api::{Fingerprint, Intent, OwnedServer, Phase, RunId, ServerStatus};
use secrecy::SecretString;
use std::sync::Arc;

/// Where the server is, and what has to be done to go on from there.
pub(crate) async fn entry(
    job: &Job,
    cloud: &Arc<Cloud>,
    plan: &HostPlan,
    run: &RunId,
    server: &OwnedServer,
) -> Outcome<Entry> {
    let begun = if server.marks().phase == Phase::Installed {
        installed(job, server).await
    } else {
        unfinished(job, server).await
    };
    match begun {
        Ok(entry) => Ok(entry),
        // whoever answers there is not whom we know: that is never mended by wiping
        Err(failure) if matches!(failure.exit, Exit::Unreachable | Exit::Denied) => {
            job.context.teller.note(format!(
                "{}: it does not answer as it should ({}), and was never proven: it is set back to a fresh image",
                job.name, failure.what
            ));
            rebuilt(job, cloud, plan, run, server.clone()).await
        }
        Err(failure) => Err(failure),
    }
}

/// Nothing of worth is on the disk: whatever answers is where the installation goes on.
async fn unfinished(job: &Job, server: &OwnedServer) -> Outcome<Entry> {
    let running = job.begin(Step::Acquire, "go on with the server that exists")?;
    let tasks = if server.server().status == ServerStatus::Off {
        drive::begin(job, &running, Step::Acquire, server, &Intent::FromDisk).await?
    } else {
        Vec::new()
    };
    let what = format!("server {}, {}", server.id(), server.marks().phase);
    job.done(running, Step::Acquire, what)?;
    let target = job.target(&acquire::address(server.server())?, "root", "first-boot");
    let wait = job.context.deadlines.first_boot();
    trust::pin(&job.context, server, &target, wait).await?;
    fresh(
        job,
        Acquired {
            server: server.clone(),
            target,
            tasks,
        },
    )
    .await
}

/// The system is on the disk: the installer, if it still runs, is rebooted; what does not
/// answer is booted from its disk.
async fn installed(job: &Job, server: &OwnedServer) -> Outcome<Entry> {
    let running = job.begin(Step::Boot, "go on with the system that is on its disk")?;
    let address = acquire::address(server.server())?;
    let port = job.context.ssh_port();
    let shown = pins::shown_by(&address, port, job.context.deadlines.command()).await?;
    let first_boot = KeyFile::read(&job.kept.first_boot()).ok();
    match (shown.map(|key| Fingerprint::of_key(&key)), &first_boot) {
        (Some(shown), Some(first)) if shown == first.fingerprint() => {
            let installer = job.target(&address, "root", "first-boot");
            boot::reboot(job, &running, &installer).await;
        }
        (Some(_), _) => {}
        (None, _) => {
            drive::fulfil(job, &running, Step::Boot, server, &Intent::FromDisk).await?;
        }
    }
    let wait = job.context.deadlines.boot();
    let admin = trust::admin(&job.context, &job.host, server, wait).await?;
    let found = boot::from_disk(job, &running, &admin, None).await?;
    job.done(running, Step::Boot, "the installed system answers")?;
    Ok(Entry::Installed {
        server: server.clone(),
        admin,
        found: Box::new(found),
    })
}

/// Proves a system that an earlier run has installed.
pub(crate) async fn proven(
    job: &Job,
    cloud: &Cloud,
    plan: &HostPlan,
    run: &RunId,
    server: OwnedServer,
    admin: Target,
    found: Found,
) -> Outcome<Proven> {
    let closure = match job.kept.installed() {
        Some(installed) => installed.closure,
        None => expected(job, &server, &found).await?,
    };
    deliver::check(job, &admin, &found, Some(&closure)).await?;
    prove(job, cloud, plan, run, server, admin, found).await
}

/// What the flake comes to now, where nobody wrote down what was installed.
async fn expected(job: &Job, server: &OwnedServer, found: &Found) -> Outcome<String> {
    let running = job.begin(Step::Build, "find out what should run on it")?;
    let ipv6 = server.server().ipv6;
    let passed = gate::pass(job, &running, server.id(), ipv6, found).await?;
    let built = build::build(job, &running, &passed).await?;
    job.done(running, Step::Build, built.closure.clone())?;
    Ok(built.closure)
}

/// Before a proven host is wiped: its identity is brought here if it is not, so that it keeps it.
pub(crate) async fn keep_identity(job: &Job, server: &OwnedServer) -> Outcome {
    let expected = server.marks().host_key;
    if let Ok(own) = KeyFile::read(&job.kept.identity())
        && Some(own.fingerprint()) == expected
    {
        return Ok(());
    }
    let running = job.begin(
        Step::Reach,
        "fetch the host's identity, so that it keeps it",
    )?;
    let deadline = job.context.deadlines.answer();
    let admin = trust::admin(&job.context, &job.host, server, deadline).await?;
    reach::reach(job, &admin, deadline, &reach::anything).await?;
    let printed = admin
        .run(
            "sudo -n cat /etc/ssh/ssh_host_ed25519_key",
            None,
            job.context.deadlines.command(),
        )
        .await
        .map_err(|e| e.failure(&job.name))?;
    let key = KeyFile::adopt(&job.kept.identity(), &SecretString::from(printed.stdout))?;
    if Some(key.fingerprint()) != expected {
        return Err(Failure::new(
            Exit::Trust,
            format!(
                "{}: the identity on it is not the one that it shows",
                job.name
            ),
            format!("{} instead of {expected:?}", key.fingerprint()),
        ));
    }
    job.done(running, Step::Reach, "its identity is kept")
}
