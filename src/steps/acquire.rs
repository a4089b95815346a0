//! A server is made, or one that is rented is taken over.
//!
//! Marked before it is used: whose, which run, for what, how far, until when, and the
//! fingerprint of the host key that it must show.

use crate::event::{Running, Step};
use crate::failure::{Exit, Failure, Outcome};
use crate::identity::{self, KeyFile};
use crate::job::Job;
use crate::journal::{self, Record};
use crate::orders;
use crate::plan::{Choice, HostPlan};
use crate::ssh::pins;
use crate::steps::marks;
use provision_api::{
    ErrorKind, Fingerprint, KeyId, Order, Ordered, OwnedServer, RunId, Server, Task,
};
use std::sync::Arc;

use crate::clouds::Cloud;

/// How a line begins that tells of a server which may not exist.
pub(crate) const PERHAPS: &str = "perhaps";

/// A machine that boots a fresh image, and whom to expect there.
#[derive(Debug)]
pub struct Acquired {
    /// The server.
    pub server: OwnedServer,
    /// What the vendor still does.
    pub tasks: Vec<Task>,
    /// Whose host key answers.
    pub first_key: FirstKey,
}

/// Whether the host key of a machine's first boot is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FirstKey {
    /// It was given to the machine, and is pinned.
    Given,
    /// It is pinned, and the system from before has it too: what answers before the vendor has
    /// finished is that one.
    Same,
    /// Nobody knows it; it is none of these, which answered before.
    Unknown {
        /// What is booted (`the fresh image`).
        what: &'static str,
        /// Keys of the system from before.
        not: Vec<Fingerprint>,
    },
}

/// Creates a server: the first of the choices that can be had. The choices after it are
/// answered as well, for a vendor that notices later that it has none left.
pub async fn create<'a>(
    job: &Job,
    running: &Running,
    cloud: &Arc<Cloud>,
    plan: &HostPlan,
    run: &RunId,
    choices: &'a [Choice],
) -> Outcome<(Acquired, &'a [Choice])> {
    orders::none(&job.context, cloud, &job.name)?;
    let (host_key, login) = keys(job, cloud).await?;
    let mut sold_out = Vec::new();
    for (at, choice) in choices.iter().enumerate() {
        running.doing(format!("create {choice}"));
        let order = order(job, cloud, plan, run, choice, &host_key, login.clone())?;
        let ordering = job.must_end(
            job.context.deadlines.busy(),
            format!(
                "unknown: {} has not answered the order; a server named {} may come to exist \
                 and cost money",
                cloud.provider, job.name
            ),
        );
        // on the disk before it is sent: a run that is killed now may have ordered it
        let noted = noted(cloud, plan, choice).await;
        job.write(Record::Order {
            order: noted.clone(),
        })?;
        let ordered = cloud.provider.create(&order).await;
        drop(ordering);
        came_to_nothing(job, &ordered);
        match ordered {
            Ok(ordered) if ordered.adopted => {
                return Err(someone_was_faster(job, &ordered));
            }
            Ok(ordered) => {
                job.made(Some(ordered.server.id().clone()));
                job.lease.hold(&ordered.server).await;
                let acquired = created(job, ordered, &host_key)?;
                return Ok((acquired, &choices[at + 1..]));
            }
            Err(error) if error.kind == ErrorKind::SoldOut && !error.in_doubt => {
                job.context
                    .teller
                    .note(format!("{}: {choice} is sold out", job.name));
                sold_out.push(choice.to_string());
            }
            Err(error) => {
                let what = format!("{}: {choice} cannot be created", job.name);
                let mut failure = Failure::provider(what, &error);
                if error.in_doubt {
                    failure.remains.push(perhaps(&noted, &plan.name));
                }
                return Err(failure);
            }
        }
    }
    Err(Failure::new(
        Exit::SoldOut,
        format!("{}: sold out everywhere", job.name),
        format!("tried {}", sold_out.join(", ")),
    )
    .mend("name more types or locations in host.toml, or try again later"))
}

/// An order as it is written down before it is sent.
async fn noted(cloud: &Cloud, plan: &HostPlan, choice: &Choice) -> journal::orders::Order {
    // the plan was made of it, so it is read already
    let catalog = cloud.provider.catalog().await.ok();
    journal::orders::Order {
        host: plan.host.name.clone(),
        role: plan.role,
        provider: cloud.name().to_owned(),
        server_type: choice.server_type.clone(),
        location: choice.location.clone(),
        price_hourly: choice.hourly.map(|price| price.normalize()),
        currency: catalog.map(|catalog| catalog.currency),
    }
}

/// Writes down that nothing will come of an order, where that is known: one whose answer was lost
/// stays open.
fn came_to_nothing(job: &Job, ordered: &provision_api::Result<Ordered>) {
    let error = match ordered {
        Ok(ordered) if ordered.adopted => "another run has ordered it before".to_owned(),
        Err(error) if !error.in_doubt => error.to_string(),
        _ => return,
    };
    let record = Record::Failed {
        step: Step::Acquire,
        error,
    };
    // where it cannot be written, it is told of as what may exist, and that only for a while
    let _ = job.write(record);
}

/// What an order may have made whose answer was lost, although no list shows it (yet).
fn perhaps(order: &journal::orders::Order, name: &str) -> String {
    format!(
        "{PERHAPS} {}: an order's answer was lost, and the vendor's list does not show one; look \
         again with `provision list`",
        order.described(name)
    )
}

/// Takes over a server that the user rents: from now on it bears our marks.
pub async fn adopt(
    job: &Job,
    cloud: &Cloud,
    plan: &HostPlan,
    run: &RunId,
    server: &Server,
) -> Outcome<OwnedServer> {
    let adopted = cloud
        .provider
        .adopt(server, &marks::new(job, cloud, plan, run, None)?)
        .await;
    let adopted = adopted.map_err(|e| {
        Failure::provider(
            format!("{}: server {} cannot be taken over", job.name, server.id),
            &e,
        )
    })?;
    job.lease.hold(&adopted).await;
    job.write(Record::Server {
        id: adopted.id().clone(),
        adopted: true,
    })?;
    Ok(adopted)
}

/// The login key's id at the vendor.
pub async fn login(job: &Job, cloud: &Cloud) -> Outcome<KeyId> {
    let login = cloud.login(&job.context.owner, &job.login).await;
    login.map_err(|e| Failure::provider(format!("{}: the login key is not taken", job.name), &e))
}

/// The login key, and a host key for the first boot only.
pub(super) async fn keys(job: &Job, cloud: &Cloud) -> Outcome<(KeyFile, KeyId)> {
    let login = login(job, cloud).await?;
    let host_key = KeyFile::make(&job.kept.first_boot(), "")?;
    Ok((host_key, login))
}

fn order(
    job: &Job,
    cloud: &Cloud,
    plan: &HostPlan,
    run: &RunId,
    choice: &Choice,
    host_key: &KeyFile,
    login: KeyId,
) -> Outcome<Order> {
    Ok(Order {
        name: plan.name.clone(),
        server_type: choice.server_type.clone(),
        location: choice.location.clone(),
        image: plan.image.clone(),
        keys: vec![login],
        user_data: identity::user_data(host_key, &job.login)?,
        marks: marks::new(job, cloud, plan, run, Some(host_key.fingerprint()))?,
        powered_off: false,
    })
}

/// What was ordered, with its host key pinned.
pub(super) fn created(job: &Job, ordered: Ordered, host_key: &KeyFile) -> Outcome<Acquired> {
    let server = ordered.server;
    job.write(Record::Server {
        id: server.id().clone(),
        adopted: ordered.adopted,
    })?;
    job.accepted(Step::Acquire, &ordered.accepted)?;
    let pinned = std::slice::from_ref(&host_key.public);
    pins::write(&job.kept.pins("first-boot"), &job.name, pinned)?;
    Ok(Acquired {
        server,
        tasks: ordered.accepted.tasks,
        first_key: FirstKey::Given,
    })
}

fn someone_was_faster(job: &Job, ordered: &Ordered) -> Failure {
    Failure::new(
        Exit::Busy,
        format!("{}: another run has just created it", job.name),
        format!(
            "server {} bears the marks of run {}",
            ordered.server.id(),
            ordered.server.marks().run
        ),
    )
    .mend("wait until that run has ended; running the command again then goes on with its server")
}
