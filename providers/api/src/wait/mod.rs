//! The one waiter, for everything that has to be waited for.
//!
//! [`until`] asks again and again until something is ready; [`TaskWaiter`] waits for what a
//! vendor does in the background, for many servers at once, with one poll for all of them. Both
//! end by a deadline, and at once when they are cancelled.

mod deadline;
mod rounds;
mod tasks;
mod until;

#[cfg(test)]
mod tests;

pub use deadline::Deadline;
pub use tasks::TaskWaiter;
pub use until::{Attempt, WaitError, until};
