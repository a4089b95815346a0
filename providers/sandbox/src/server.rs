//! The listener: connections on loopback, each request answered whole or not at all.

use crate::error::SandboxError;
use crate::exchange::{Cut, Desk};
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustix::net::sockopt::set_socket_linger;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// What requests under way get when the sandbox closes.
const GRACE: Duration = Duration::from_secs(5);
/// After the system had no more sockets, for instance.
const BREATH: Duration = Duration::from_millis(50);

/// Where it will listen: on loopback alone.
pub(crate) fn address(wanted: Option<SocketAddr>) -> Result<SocketAddr, SandboxError> {
    let address = wanted.unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err(SandboxError::NotLoopback(address))
    }
}

/// Listens.
pub(crate) async fn listen(address: SocketAddr) -> Result<TcpListener, SandboxError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| SandboxError::Listen { address, source })
}

/// Serves until it is told to stop; requests under way are answered first.
pub(crate) async fn serve(listener: TcpListener, desk: Arc<Desk>, stop: CancellationToken) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(converse(stream, Arc::clone(&desk), stop.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "the sandbox could not accept a connection");
                    tokio::time::sleep(BREATH).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    let ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, ended).await.is_err() {
        connections.abort_all();
    }
}

async fn converse(stream: TcpStream, desk: Arc<Desk>, stop: CancellationToken) {
    // hyper owns the stream; the last of the two to let go of the socket ends the connection
    let kept = stream.as_fd().try_clone_to_owned();
    let is_reset = Arc::new(AtomicBool::new(false));
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let (desk, is_reset) = (Arc::clone(&desk), Arc::clone(&is_reset));
        async move {
            let answered = answer(desk, request.map(Body::new)).await;
            answered.map_err(|cut| {
                is_reset.store(cut == Cut::Reset, Ordering::Release);
                io::Error::other("the connection is ended by a fault")
            })
        }
    });
    {
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        tokio::pin!(connection);
        let mut stopping = false;
        loop {
            tokio::select! {
                // an error is a client that went, or a connection that was ended on purpose
                _ = connection.as_mut() => break,
                () = stop.cancelled(), if !stopping => {
                    stopping = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }
    if let (Ok(socket), true) = (kept, is_reset.load(Ordering::Acquire)) {
        // closed without lingering, a connection is reset
        if let Err(error) = set_socket_linger(&socket, Some(Duration::ZERO)) {
            tracing::error!(%error, "a connection is closed that should be reset");
        }
    }
}

/// In a task of its own: a client that goes away does not leave its request half done.
async fn answer(desk: Arc<Desk>, request: Request) -> Result<Response, Cut> {
    match tokio::spawn(async move { desk.exchange(request).await }).await {
        Ok(answered) => answered,
        Err(error) => {
            tracing::error!(%error, "a request could not be answered");
            Ok(axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response())
        }
    }
}
