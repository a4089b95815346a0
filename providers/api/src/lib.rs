//! What every cloud must offer, in the project's own words.
//!
//! The trait ([`Provider`]), the domain types it speaks, errors lifted by meaning, one HTTP core
//! under all adapters, one waiter for everything that has to be waited for, and the conformance
//! suite that every adapter passes.

mod backoff;
mod catalog;
#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
mod fingerprint;
pub mod http;
pub mod labels;
mod marks;
mod names;
pub mod numbers;
mod provider;
mod server;
mod task;
pub mod wait;

pub use backoff::{Backoff, Pauses};
pub use catalog::{Arch, Catalog, Offer, ServerType};
pub use error::{Error, ErrorKind, Result};
pub use fingerprint::{Fingerprint, FingerprintError};
pub use marks::{Lease, Marks, Phase, Role};
pub use names::{HostName, KeyId, NameError, Owner, RunId, ServerId, TaskId};
pub use provider::{
    Capabilities, Console, Intent, LoginKey, Order, Ordered, Provider, RebuildKey, Rescue,
};
pub use server::{Leftover, LeftoverKind, Looks, NotOurs, OwnedServer, Server, ServerStatus};
pub use task::{Accepted, Progress, Stage, Task};
