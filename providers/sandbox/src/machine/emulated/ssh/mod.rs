//! The SSH server of one machine.

mod handler;
mod link;
mod prompt;
mod session;
mod spoiled;

use super::inner::Inner;
use super::keys;
use crate::machine::SshFault;
use handler::Login;
use link::{Ends, Link};
use russh::MethodKind;
use russh::server::Config;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, copy_bidirectional, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// What the server calls itself.
const VERSION: &str = "SSH-2.0-provision_sandbox";

/// So much may be under way between the socket and the server.
const BUFFER: usize = 64 * 1024;

/// Takes connections until the port closes. Logins live on when only the port does, and end with
/// the machine's life.
pub(crate) async fn serve(
    inner: Arc<Inner>,
    listener: TcpListener,
    closing: CancellationToken,
    life: CancellationToken,
) {
    loop {
        let accepted = tokio::select! {
            () = closing.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let (inner, life) = (Arc::clone(&inner), life.clone());
                tokio::spawn(async move {
                    tokio::select! {
                        () = life.cancelled() => {}
                        () = connection(inner, stream) => {}
                    }
                });
            }
            // out of descriptors, most likely: others may go in a moment
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// Serves one connection, as the faults say.
async fn connection(inner: Arc<Inner>, mut stream: TcpStream) {
    // without it, every answer waits for the other side's delayed acknowledgement
    drop(stream.set_nodelay(true));
    let fault = inner.state().faults.ssh;
    match fault {
        Some(SshFault::Hang) => drain(&mut stream).await,
        Some(SshFault::Close) => {
            let line = format!("{VERSION}\r\n");
            drop(stream.write_all(line.as_bytes()).await);
            drop(stream.shutdown().await);
            // an end with unread bytes would be a reset instead
            drain(&mut stream).await;
        }
        Some(SshFault::TurnedAway) => {
            drop(stream.write_all(b"Not allowed at this time\r\n").await);
            drop(stream.shutdown().await);
            drain(&mut stream).await;
        }
        Some(SshFault::Impostor) => {
            let other = inner.impostor();
            talk(stream, other, Login::Anyone).await;
        }
        Some(SshFault::Password) => talk(stream, inner, Login::Password).await,
        Some(SshFault::NoKey) => talk(stream, inner, Login::Nobody).await,
        // the port of one that refuses is closed; the others are for who has logged in
        _ => talk(stream, inner, Login::Keys).await,
    }
}

/// Reads until the other side ends.
async fn drain(stream: &mut TcpStream) {
    let mut nothing = [0; 256];
    while stream.read(&mut nothing).await.is_ok_and(|n| n > 0) {}
}

/// Speaks SSH on a connection. The server sees a pipe instead of the socket, so that dropping
/// this future cuts the connection at once.
async fn talk(mut stream: TcpStream, inner: Arc<Inner>, login: Login) {
    let Some(config) = config(&inner, login) else {
        return;
    };
    let (server_side, mut client_side) = duplex(BUFFER);
    let link = Link::default();
    let server = speak(config, server_side, inner, login, link.clone());
    let copy = copy_bidirectional(&mut stream, &mut client_side);
    let ends = tokio::select! {
        ends = link.ends() => ends,
        // both ends are gone, or one broke: nothing is left to say
        _ = async { tokio::join!(server, copy) } => return,
    };
    if ends == Ends::Silent {
        drain(&mut stream).await;
    }
}

async fn speak(config: Config, pipe: DuplexStream, inner: Arc<Inner>, login: Login, link: Link) {
    let handler = handler::Handler::new(inner, login, link);
    if let Ok(session) = russh::server::run_stream(Arc::new(config), pipe, handler).await {
        drop(session.await);
    }
}

fn config(inner: &Inner, login: Login) -> Option<Config> {
    let state = inner.state();
    let running = state.running.as_ref()?;
    let key = keys::host_key(running.host_key.as_ref()?.0.as_bytes())?;
    let passwords = running.accounts.iter().any(|a| a.password.is_some());
    let methods: &[MethodKind] = match login {
        Login::Password => &[MethodKind::Password],
        Login::Anyone => &[MethodKind::PublicKey, MethodKind::Password],
        Login::Keys if passwords => &[MethodKind::PublicKey, MethodKind::Password],
        Login::Keys | Login::Nobody => &[MethodKind::PublicKey],
    };
    Some(Config {
        server_id: russh::SshId::Standard(VERSION.into()),
        methods: methods.into(),
        auth_rejection_time: Duration::ZERO,
        auth_rejection_time_initial: Some(Duration::ZERO),
        keys: vec![key],
        max_auth_attempts: 6,
        inactivity_timeout: None,
        ..Config::default()
    })
}
