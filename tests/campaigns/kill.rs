//! Killed anywhere: by `SIGKILL` at every line of the journal and at random moments between them.
//!
//! The cloud lives on in a process of its own, and so do the children of the run, as they do after
//! a real crash.

#[path = "kill/after.rs"]
mod after;
#[path = "kill/boundaries.rs"]
mod boundaries;
#[path = "kill/lots.rs"]
mod lots;
#[path = "kill/moments.rs"]
mod moments;
#[path = "kill/orders.rs"]
mod orders;
#[path = "kill/place.rs"]
mod place;
#[path = "kill/product.rs"]
mod product;
#[path = "kill/reference.rs"]
mod reference;
#[path = "kill/tally.rs"]
mod tally;
#[path = "kill/truth.rs"]
mod truth;
#[path = "kill/twins.rs"]
mod twins;
