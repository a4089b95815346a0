//! A machine's SSH port: open while something is up that answers.

use super::inner::Inner;
use super::ssh;
use crate::machine::{MachineError, SshFault};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How often a port that is taken is tried, and how long between two tries.
const BIND_TRIES: u32 = 20;
const BIND_PACE: Duration = Duration::from_millis(25);

/// What lives while the machine is on.
#[derive(Debug, Default)]
pub(crate) struct Live {
    /// Ends with the power.
    pub(super) life: CancellationToken,
    pub(super) port: Option<Port>,
}

/// An open SSH port.
#[derive(Debug)]
pub(super) struct Port {
    closing: CancellationToken,
    task: JoinHandle<()>,
}

impl Inner {
    /// Whether something is up that answers on it.
    pub(super) fn wants_port(&self) -> bool {
        let state = self.state();
        self.has_port
            && state.faults.ssh != Some(SshFault::Refuse)
            && state
                .running
                .as_ref()
                .is_some_and(|r| r.up && r.host_key.is_some())
    }

    /// Opens it, unless it is open.
    pub(super) async fn open(self: &Arc<Self>, live: &mut Live) -> Result<(), MachineError> {
        if live.port.is_some() {
            return Ok(());
        }
        let listener = self.bind().await?;
        let closing = live.life.child_token();
        let serving = ssh::serve(
            Arc::clone(self),
            listener,
            closing.clone(),
            live.life.clone(),
        );
        live.port = Some(Port {
            task: tokio::spawn(serving),
            closing,
        });
        Ok(())
    }

    /// Takes the port, within moments: who had it may be going just now.
    pub(super) async fn bind(&self) -> Result<TcpListener, MachineError> {
        let address = SocketAddr::from((self.spec.ipv4, self.spec.ssh_port));
        let mut tries = 0;
        loop {
            match TcpListener::bind(address).await {
                Ok(listener) => return Ok(listener),
                Err(error) if error.kind() == ErrorKind::AddrInUse && tries < BIND_TRIES => {
                    tries += 1;
                    tokio::time::sleep(BIND_PACE).await;
                }
                Err(error) => {
                    return Err(self.error(format!(
                        "its SSH port {address} cannot be had ({error}): end what listens there"
                    )));
                }
            }
        }
    }
}

/// Closes it, and waits until it is free again.
pub(super) async fn close(live: &mut Live) {
    if let Some(port) = live.port.take() {
        port.closing.cancel();
        // a port's task that failed has closed its port too
        drop(port.task.await);
    }
}
