//! The vendors' clouds emulated on loopback: their HTTP, and machines that answer SSH.
//!
//! It shares no code with the adapters: it speaks the vendors' HTTP as their schemas say, so
//! that two independent readings of each API check each other.

mod control;
mod error;
mod exchange;
mod face;
pub mod faults;
mod files;
mod hetzner;
pub mod images;
mod journal;
mod latency;
mod lock;
pub mod machine;
mod options;
mod ovh;
mod process;
mod public_key;
mod record;
mod sandbox;
mod server;
pub mod settings;
mod slow;
pub mod small;
pub mod stand_in;
mod stop;
#[cfg(test)]
mod tests;
mod world;

pub use error::SandboxError;
pub use latency::Latency;
pub use options::{Access, MachineKind, Options};
pub use sandbox::Sandbox;
pub use settings::Settings;
pub use stop::stop;
