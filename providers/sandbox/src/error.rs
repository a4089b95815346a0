//! Why a sandbox cannot be opened or kept.

use crate::options::MachineKind;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a sandbox cannot be opened or kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// The address would let others in: machines and tokens are for this host alone.
    #[error(
        "the sandbox listens on loopback only, not on {0}: give an address in 127.0.0.0/8 or ::1"
    )]
    NotLoopback(SocketAddr),
    /// A file or folder of the world cannot be used.
    #[error("{action} {path}: {source}", path = path.display())]
    File {
        /// What was tried ("cannot write", …).
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The listener cannot be had.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// No SSH port is free for the machines.
    #[error("no free port for the machines' SSH between {0} and {1}: end other sandboxes")]
    NoPort(u16, u16),
    /// Another command uses the world and did not finish in time.
    #[error(
        "the sandbox in {path} is in use by {holder} and was not released within {seconds} s: \
         wait for it, end it, or use another state folder",
        path = path.display()
    )]
    InUse {
        /// The state folder.
        path: PathBuf,
        /// Its process, as far as known.
        holder: String,
        /// How long was waited.
        seconds: u64,
    },
    /// A kept world or a settings file cannot be understood.
    #[error("{path} cannot be understood: {message}", path = path.display())]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// Why, and the mend.
        message: String,
    },
    /// The world has machines of another kind than was asked for.
    #[error(
        "the sandbox in {path} has {there} machines, not {wanted} ones: tear them down first, \
         leave --machines out, or use another state folder",
        path = path.display(), there = there.as_str(), wanted = wanted.as_str()
    )]
    OtherKind {
        /// The state folder.
        path: PathBuf,
        /// What it has.
        there: MachineKind,
        /// What was asked for.
        wanted: MachineKind,
    },
    /// The settings contradict themselves.
    #[error("the world's settings are wrong: {0}")]
    Settings(String),
}

impl SandboxError {
    pub(crate) fn file(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File {
            action,
            path,
            source,
        }
    }
}
