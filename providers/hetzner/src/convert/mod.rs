//! From the vendor's words to the project's.

mod action;
mod catalog;
pub(crate) mod labels;
mod server;

pub(crate) use action::{progress, tasks};
pub(crate) use catalog::catalog;
pub(crate) use server::{server, time};
