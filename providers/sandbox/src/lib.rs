//! The vendors' clouds emulated on loopback: their HTTP, and machines that answer SSH.
//!
//! It shares no code with the adapters: it speaks the vendors' HTTP as their schemas say, so
//! that two independent readings of each API check each other.

pub mod machine;
pub mod stand_in;
