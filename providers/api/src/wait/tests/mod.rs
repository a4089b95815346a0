//! The waiter against a provider that does what a script says, in paused time.

mod fake;
mod tasks;
mod until;
