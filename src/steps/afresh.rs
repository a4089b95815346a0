//! A server that exists is made to boot something that an installation can begin from: the
//! vendor's image anew, or its rescue system. What is on its disk is given up.

use crate::clouds::Cloud;
use crate::event::{Running, Step};
use crate::failure::{Exit, Failure, Outcome};
use crate::identity;
use crate::job::Job;
use crate::plan::HostPlan;
use crate::ssh::Target;
use crate::steps::acquire::{self, Acquired, FirstKey, login};
use crate::steps::marks::{mark, moved};
use crate::steps::{drive, first_key};
use crate::trust;
use provision_api::{Accepted, Intent, Ordered, OwnedServer, Phase, RebuildKey, Rescue, Task};
use secrecy::SecretString;
use std::sync::Arc;

/// Boots the vendor's image anew, or its rescue system where there is no such thing.
pub async fn begin(
    job: &Job,
    running: &Running,
    cloud: &Arc<Cloud>,
    plan: &HostPlan,
    server: OwnedServer,
) -> Outcome<Acquired> {
    let able = cloud.provider.capabilities();
    if able.rebuild && able.rebuild_key == RebuildKey::Given {
        running.doing("set it back to a fresh image");
        return with_given_key(job, running, cloud, plan, server).await;
    }
    let is_unspent = server.marks().phase == Phase::Created && server.marks().host_key.is_some();
    if able.rebuild && able.rebuild_key == RebuildKey::Kept && is_unspent {
        running.doing("set it back to a fresh image");
        return with_same_key(job, running, cloud, plan, server).await;
    }
    let login = login(job, cloud).await?;
    let (what, intent) = if able.rebuild {
        let intent = Intent::Rebuilt {
            image: plan.image.clone(),
            user_data: SecretString::default(),
            keys: vec![login],
        };
        ("the fresh image", intent)
    } else if able.rescue == Rescue::Keys {
        let keys = vec![login];
        ("the rescue system", Intent::InRescue { keys })
    } else {
        return Err(Failure::new(
            Exit::Refused,
            format!("{}: cannot be begun afresh", job.name),
            format!(
                "{} has neither a fresh image for it nor a rescue system that takes a key",
                cloud.name()
            ),
        ));
    };
    running.doing(format!("boot {what}"));
    with_unknown_key(job, running, cloud, plan, server, what, &intent).await
}

/// The new image comes up with a host key that it is given now.
async fn with_given_key(
    job: &Job,
    running: &Running,
    cloud: &Arc<Cloud>,
    plan: &HostPlan,
    server: OwnedServer,
) -> Outcome<Acquired> {
    let (host_key, login) = acquire::keys(job, cloud).await?;
    let intent = Intent::Rebuilt {
        image: plan.image.clone(),
        user_data: identity::user_data(&host_key, &job.login)?,
        keys: vec![login],
    };
    let fingerprint = Some(host_key.fingerprint());
    let marks = moved(cloud, &server, plan, Phase::Created, fingerprint)?;
    let (server, tasks) = driven(job, running, cloud, server, &marks, &intent).await?;
    let ordered = Ordered {
        server,
        accepted: Accepted { tasks, next: None },
        adopted: false,
    };
    acquire::created(job, ordered, &host_key)
}

/// The image comes up with the user data of the server's creation, and so with that key.
async fn with_same_key(
    job: &Job,
    running: &Running,
    cloud: &Arc<Cloud>,
    plan: &HostPlan,
    server: OwnedServer,
) -> Outcome<Acquired> {
    let target = first_boot(job, cloud, &server)?;
    let wait = job.first_boot_within();
    trust::pin(&job.context, &server, &target, wait).await?;
    let intent = Intent::Rebuilt {
        image: plan.image.clone(),
        user_data: SecretString::default(),
        keys: vec![login(job, cloud).await?],
    };
    let marks = moved(
        cloud,
        &server,
        plan,
        Phase::Created,
        server.marks().host_key,
    )?;
    let (server, tasks) = driven(job, running, cloud, server, &marks, &intent).await?;
    Ok(Acquired {
        server,
        tasks,
        first_key: FirstKey::Same,
    })
}

/// The system that a server boots first, as its likeliest user.
pub fn first_boot(job: &Job, cloud: &Cloud, server: &OwnedServer) -> Outcome<Target> {
    let address = trust::address(server.server())?;
    Ok(job.target(&address, cloud.first_user(), "first-boot"))
}

/// What comes up makes a host key of its own, or has one that is spent.
async fn with_unknown_key(
    job: &Job,
    running: &Running,
    cloud: &Arc<Cloud>,
    plan: &HostPlan,
    server: OwnedServer,
    what: &'static str,
    intent: &Intent,
) -> Outcome<Acquired> {
    let target = first_boot(job, cloud, &server)?;
    let marked = server.marks().host_key;
    let before = if cloud.provider.capabilities().rebuild_key == RebuildKey::Kept {
        // the key of its creation comes up again and again, and may be what answers already, where
        // a run was killed on its way: it is waited until the vendor has finished, and then nothing
        // from before is left
        None
    } else {
        first_key::before(job, &target).await?
    };
    let not = before.into_iter().chain(marked).collect();
    // a key that nobody has seen yet cannot be expected: whoever goes on from here begins anew
    let marks = moved(cloud, &server, plan, Phase::Created, None)?;
    let (server, tasks) = driven(job, running, cloud, server, &marks, intent).await?;
    Ok(Acquired {
        server,
        tasks,
        first_key: FirstKey::Unknown { what, not },
    })
}

/// Marked first; what is then plainly refused has changed nothing, and the server is what it was.
/// Whatever else goes wrong, its disk may be on its way to being wiped: then it is not proven.
async fn driven(
    job: &Job,
    running: &Running,
    cloud: &Cloud,
    server: OwnedServer,
    marks: &provision_api::Marks,
    intent: &Intent,
) -> Outcome<(OwnedServer, Vec<Task>)> {
    let before = server.marks().clone();
    let server = mark(job, cloud, &server, marks).await?;
    match drive::begin(job, running, Step::Acquire, &server, intent).await {
        Ok(tasks) => Ok((server, tasks)),
        Err(failure) if failure.is_refusal() => {
            if let Err(unmarked) = mark(job, cloud, &server, &before).await {
                job.context.teller.warn(unmarked.to_string());
            }
            Err(failure)
        }
        Err(failure) => Err(failure),
    }
}
