//! The sandbox as its users open and close it.

use crate::error::SandboxError;
use crate::exchange::Desk;
use crate::lock::{self, Held, Lock};
use crate::machine::Maker;
use crate::options::{Access, Options};
use crate::record::Record;
use crate::world::World;
use crate::{control, files, hetzner, ovh, server};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// An open sandbox: the world itself, or a way to the process that has it.
///
/// Dropping it leaves the world as it was last kept, which is after every answer; closing it
/// also keeps what the machines did since.
#[derive(Debug)]
pub struct Sandbox {
    access: Access,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    world: Arc<World>,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
    // last, so that the world is let go when nothing uses it any more
    _lock: Lock,
}

impl Sandbox {
    /// Opens the world of the folder with machines of its kind, or joins the process that serves
    /// it; waits up to a minute for one that uses it without serving.
    ///
    /// The machines belong to the tokio runtime that this is called in.
    pub async fn open(options: Options) -> Result<Self, SandboxError> {
        Self::open_made(options, None).await
    }

    /// The same with machines of another kind: opens the world, or joins the process that
    /// serves it; waits up to a minute for one that uses it without serving.
    pub async fn open_with(options: Options, maker: Arc<dyn Maker>) -> Result<Self, SandboxError> {
        Self::open_made(options, Some(maker)).await
    }

    async fn open_made(
        options: Options,
        maker: Option<Arc<dyn Maker>>,
    ) -> Result<Self, SandboxError> {
        let address = server::address(options.listen)?;
        files::private_folder(&options.state_dir)?;
        let lock = match lock::take(&options.state_dir, lock::PATIENCE).await? {
            Held::Here(lock) => lock,
            Held::Elsewhere(access) => {
                refuse_other_kind(&options, &access)?;
                warn_of_what_is_not_heard(&options);
                return Ok(Self {
                    access: *access,
                    running: None,
                });
            }
        };
        // not before: the one that is joined may listen there
        let listener = server::listen(address).await?;
        let record = options.record.as_deref().map(Record::open).transpose()?;
        let world = Arc::new(World::open(&options, maker).await?);
        let address = listener
            .local_addr()
            .map_err(SandboxError::file("cannot listen for", &options.state_dir))?;
        let access = access(&world, address).await?;
        let stop = CancellationToken::new();
        let desk = Arc::new(Desk::new(Arc::clone(&world), record));
        let serving = tokio::spawn(server::serve(listener, desk, stop.clone()));
        let living = tokio::spawn({
            let (world, stop) = (Arc::clone(&world), stop.clone());
            async move { world.live(stop).await }
        });
        lock.announce(&access, options.serve)?;
        Ok(Self {
            access,
            running: Some(Running {
                world,
                stop,
                tasks: vec![serving, living],
                _lock: lock,
            }),
        })
    }

    /// How to reach it.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// Answers what is under way, keeps the world and lets it go; a joined one is only left.
    pub async fn close(mut self) -> Result<(), SandboxError> {
        let Some(mut running) = self.running.take() else {
            return Ok(());
        };
        running.stop.cancel();
        for task in std::mem::take(&mut running.tasks) {
            if let Err(error) = task.await {
                tracing::error!(%error, "a part of the sandbox ended badly");
            }
        }
        running.world.hold().await?.keep().await
    }
}

async fn access(world: &World, address: SocketAddr) -> Result<Access, SandboxError> {
    let held = world.hold().await?;
    let at = |base: &str| format!("http://{address}{base}");
    let ovh::Credentials {
        application_key,
        application_secret,
        consumer_key,
        client_id,
        client_secret,
    } = held.ovh.credentials.clone();
    Ok(Access {
        endpoint_hetzner: at(hetzner::BASE),
        token_hetzner: held.token.clone(),
        endpoint_ovh: at(ovh::V1),
        ovh_token_url: at(ovh::TOKEN),
        ovh_application_key: application_key,
        ovh_application_secret: application_secret,
        ovh_consumer_key: consumer_key,
        ovh_client_id: client_id,
        ovh_client_secret: client_secret,
        ovh_project: held.ovh.cloud.id.clone(),
        ssh_port: held.ssh_port,
        machines: held.kind,
        joined: false,
        has_latency: held.settings.latency != crate::Latency::OFF,
        control: at(control::BASE),
    })
}

/// The process that has the world has its machines too.
fn refuse_other_kind(options: &Options, access: &Access) -> Result<(), SandboxError> {
    match options.machines {
        Some(wanted) if wanted != access.machines => Err(SandboxError::OtherKind {
            path: options.state_dir.clone(),
            there: access.machines,
            wanted,
        }),
        _ => Ok(()),
    }
}

/// The process that has the world was told its own settings.
fn warn_of_what_is_not_heard(options: &Options) {
    for (name, given) in [
        ("world settings", options.world.is_some()),
        ("latencies", options.latency.is_some()),
        ("record", options.record.is_some()),
    ] {
        if given {
            tracing::warn!(
                "the sandbox runs already in another process: its {name} are not changed"
            );
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
        self.world.seal();
    }
}
